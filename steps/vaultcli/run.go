// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes of Vault's command line.
const (
	exitOK      = 0
	exitUsage   = 1
	exitServer  = 2
	exitUnknown = 127
)

// Run carries out one command line, args being what follows `vault`, and returns
// its exit code. env holds the variables that count (VAULT_ADDR, VAULT_TOKEN,
// VAULT_CACERT, VAULT_NAMESPACE, VAULT_FORMAT, HOME …; see [Environ]); nil is an
// empty environment. Relative paths of files are relative to the process's
// working directory. When ctx ends, requests under way fail and Run returns.
//
// Run may be called by many goroutines at once. Two limits come from vault/api:
// it looks at the process's own VAULT_… variables when it makes a client and
// fails if one of them can't be parsed, though their values are not used; and
// -output-curl-string and -output-policy go through a variable of its package, so
// runs with these flags must not overlap.
func Run(ctx context.Context, args []string, env map[string]string, stdin io.Reader, stdout, stderr io.Writer) int {
	global := scanGlobals(args, env)
	if !knownFormat(global.format) {
		_, _ = fmt.Fprintf(stderr, "Invalid output format: %s\n", global.format)
		return exitUsage
	}
	if stdin == nil {
		stdin = strings.NewReader("")
	}
	inv := &invocation{
		ctx:      ctx,
		env:      env,
		stdin:    stdin,
		stdout:   stdout,
		stderr:   stderr,
		format:   global.format,
		detailed: global.detailed,
	}
	if !global.instead {
		return dispatch(inv, args)
	}
	// -output-curl-string and -output-policy: only what replaces the request
	// is wanted, warnings on the way to it are not.
	var held bytes.Buffer
	inv.stderr = &held
	code := dispatch(inv, args)
	return inv.printInstead(code, stderr, &held)
}

// Environ turns the form of os.Environ into the map that Run takes. The last of
// several entries of one name wins, entries without `=` are left out.
func Environ(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

// ExitError is what Command returns when the command line ended with another
// code than 0. Everything there is to say has been printed by then.
type ExitError struct {
	// Code is the exit code, never 0.
	Code int
}

// Error names the code; it is meant for a log, users have the real message.
func (e *ExitError) Error() string { return fmt.Sprintf("vault command exited with code %d", e.Code) }

// ExitCode is the code that the process should end with.
func (e *ExitError) ExitCode() int { return e.Code }

// Command is `plugproof vault`: Run with the process's environment and the cobra
// command's streams. Its errors are *ExitError and print nothing themselves.
func Command() *cobra.Command {
	return &cobra.Command{
		Use:   "vault COMMAND [ARGS]",
		Short: "Vault-compatible command line for plugins, mounts and data",
		Long:  "A Vault-compatible command line: the part of `vault` that managing plugins needs.",
		Example: `  plugproof vault plugin register -sha256=d3f0a8b... -env REGION=eu secret my-plugin
  plugproof vault secrets enable -path=my-secrets my-plugin
  plugproof vault secrets list -detailed
  plugproof vault plugin register --help`,
		// Vault's flags are its own, and so is its help.
		DisableFlagParsing: true,
		SilenceErrors:      true,
		SilenceUsage:       true,
		RunE: func(cmd *cobra.Command, args []string) error {
			code := Run(cmd.Context(), args, Environ(os.Environ()), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			if code != exitOK {
				return &ExitError{Code: code}
			}
			return nil
		},
	}
}
