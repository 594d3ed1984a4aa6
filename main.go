// SPDX-License-Identifier: MPL-2.0

// Command plugproof checks that plugins and servers keep the contract of
// Vault-compatible plugin management.
package main

import (
	"context"
	"os"

	"github.com/plugproof/plugproof/suites/cli"
	"github.com/plugproof/plugproof/suites/startup"
)

func main() {
	startup.End()
	os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
