// SPDX-License-Identifier: MPL-2.0

// Command plugproof-serve is `plugproof serve` alone: the same server with the
// same flags, without the rest of plugproof, whose libraries (godog runs the go
// command, testcontainers-go reads the process table before main) are half of
// the time that `plugproof serve` takes to start.
//
//	go install github.com/plugproof/plugproof/mockserver/cmd/plugproof-serve@latest
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/plugproof/plugproof/mockserver/serve"
)

func main() {
	cmd := serve.Standalone()
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.ExecuteContext(context.Background())
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "plugproof-serve: "+err.Error())
	failed := new(serve.Error)
	if errors.As(err, &failed) {
		os.Exit(failed.ExitCode())
	}
	os.Exit(2) // what cobra itself refuses is wrong usage
}
