// SPDX-License-Identifier: MPL-2.0

// Command plugproof-serve is `plugproof serve` alone: the same server with the
// same flags, without the rest of plugproof, whose libraries are three quarters of
// the time that `plugproof serve` takes to start. `plugproof serve` becomes this
// program where it is beside plugproof.
//
//	go install github.com/plugproof/plugproof/suites/cmd/plugproof-serve@latest
package main

import (
	"context"
	"os"

	"github.com/plugproof/plugproof/suites/cli/serve"
)

func main() { os.Exit(serve.Main(context.Background(), os.Args, os.Stdout, os.Stderr)) }
