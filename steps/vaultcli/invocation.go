// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
)

// invocation is one command line under way. It belongs to one goroutine.
type invocation struct {
	ctx            context.Context
	env            map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer

	format   string
	detailed bool
	field    string

	connection connection
	set        *flagSet
	transport  *http.Transport
	err        error
}

// say prints a line on stdout.
func (inv *invocation) say(message string) { _, _ = fmt.Fprintln(inv.stdout, message) }

// sayf prints a formatted line on stdout.
func (inv *invocation) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(inv.stdout, format+"\n", args...)
}

// complain prints a line on stderr; Vault's warnings and errors both go there.
func (inv *invocation) complain(message string) { _, _ = fmt.Fprintln(inv.stderr, message) }

// exactly checks the number of positional arguments.
func exactly(n int, args []string) error { return between(n, n, fmt.Sprint(n), args) }

// between checks the number of positional arguments; expected is how the
// message describes what is right.
func between(least, most int, expected string, args []string) error {
	switch {
	case len(args) < least:
		return misuse("Not enough arguments (expected %s, got %d)", expected, len(args))
	case len(args) > most:
		return misuse("Too many arguments (expected %s, got %d)", expected, len(args))
	}
	return nil
}

// input is stdin, or nothing when asking the user is forbidden.
func (inv *invocation) input() io.Reader {
	if inv.connection.nonInteractive {
		return strings.NewReader("")
	}
	return inv.stdin
}

// terminal tells whether a person reads stdout: single fields get a newline then.
func (inv *invocation) terminal() bool {
	file, ok := inv.stdout.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// close frees the connections of this run.
func (inv *invocation) close() {
	if inv.transport != nil {
		inv.transport.CloseIdleConnections()
	}
}

// printInstead prints what stands for the request that was not made: a curl
// command or a policy. code is how the command ended, held what it said.
func (inv *invocation) printInstead(code int, stderr io.Writer, held *bytes.Buffer) int {
	var curl *api.OutputStringError
	var policy *api.OutputPolicyError
	var text string
	var err error
	switch {
	case errors.As(inv.err, &curl):
		text, err = curl.CurlString()
	case errors.As(inv.err, &policy):
		text, err = policy.HCLString()
	case code == exitOK:
		_, _ = io.WriteString(stderr, "Could not generate cURL command")
		return exitUsage
	default:
		_, _ = held.WriteTo(stderr)
		if code != exitUnknown {
			_, _ = io.WriteString(stderr, "Unable to generate cURL string from command\n")
		}
		return code
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "Error creating request string: %s\n", err)
		return exitUsage
	}
	inv.say(text)
	return exitOK
}
