// SPDX-License-Identifier: MPL-2.0

// Command environ prints its environment, entries ended by NUL.
package main

import (
	"os"
	"strings"
)

func main() { _, _ = os.Stdout.WriteString(strings.Join(os.Environ(), "\x00")) }
