// SPDX-License-Identifier: MPL-2.0

// Package dialects is the command that lists the server versions the mock
// behaves like, and explains what each differs in and how that is known.
package dialects

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

const long = `Dialects are the server versions that the mock behaves like. Each is derived
from its neighbour by a list of changes with their sources. Without a name all
are listed; with one, that dialect is explained: every deviation from its
neighbour, whether it is established (recorded, or read in sources, changelog or
documentation) or inferred, what servers of that version do and the mock does
not, and the sum of it all.

Wherever a dialect is named, NAME@VERSION is the same one reporting another
version: vault-1.16@1.16.7.`

const example = `  plugproof dialects
  plugproof dialects vault-1.16
  plugproof dialects openbao-2.6 --format json

  # what it means for requests
  plugproof diff mock:vault-1.15 mock:vault-1.16`

// usageError is wrong use of the command.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *usageError) Unwrap() error { return e.err }

// ExitCode is what the program ends with.
func (e *usageError) ExitCode() int { return 2 }

// Command is `plugproof dialects`.
func Command() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "dialects [NAME]",
		Short: "List the server versions the mock behaves like, or explain one with sources",
		Long:  long, Example: example,
		SilenceUsage: true, SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{fmt.Errorf("dialects takes one name at most, got %d", len(args))}
			}
			return nil
		},
		ValidArgs: dialect.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.OutOrStdout(), args, format)
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table, json or markdown")
	return cmd
}

func run(out io.Writer, args []string, format string) error {
	if formats := []string{"table", "json", "markdown"}; !slices.Contains(formats, format) {
		return &usageError{fmt.Errorf("--format %q: known are %s", format, strings.Join(formats, ", "))}
	}
	if len(args) == 0 {
		return list(out, format)
	}
	d, err := dialect.Lookup(args[0])
	if err != nil {
		return &usageError{err}
	}
	return explain(out, describe(d), format)
}

func list(out io.Writer, format string) error {
	var all []summary
	for _, d := range dialect.All() {
		all = append(all, summarize(d))
	}
	switch format {
	case "json":
		return writeJSON(out, all)
	case "markdown":
		return listMarkdown(out, all)
	}
	return listTable(out, all)
}

func explain(out io.Writer, e explanation, format string) error {
	switch format {
	case "json":
		return writeJSON(out, e)
	case "markdown":
		return explainMarkdown(out, e)
	}
	return explainTable(out, e)
}
