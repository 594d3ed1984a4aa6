// SPDX-License-Identifier: MPL-2.0

// Command plugproof-inside looks at processes and changes files in the container of
// a server for `plugproof --target container:IMAGE`, which copies it there and talks
// with it. It is of no use to people.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/plugproof/plugproof/steps/host"
)

func main() {
	if err := host.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "plugproof-inside:", err)
		os.Exit(1)
	}
}
