// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/dialects"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

const dialectsLong = `Dialects are the server versions that the mock behaves like. Each is derived
from its neighbour by a list of changes with their sources. Without a name all
are listed; with one, that dialect is explained: every deviation from its
neighbour, whether it is established (recorded, or read in sources, changelog or
documentation) or inferred, what servers of that version do and the mock does
not, and the sum of it all.

Wherever a dialect is named, NAME@VERSION is the same one reporting another
version: vault-1.16@1.16.7.`

const dialectsExample = `  plugproof dialects
  plugproof dialects vault-1.16
  plugproof dialects openbao-2.6 --format json

  # what it means for requests
  plugproof diff mock:vault-1.15 mock:vault-1.16`

// dialectsCommand is 'plugproof dialects'.
func dialectsCommand() *cobra.Command {
	var out document
	command := &cobra.Command{
		Use:   "dialects [NAME]",
		Short: "List the server versions the mock behaves like, or explain one with sources",
		Long:  dialectsLong, Example: dialectsExample,
		Args:      takes(0, 1),
		ValidArgs: dialect.Names(),
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) == 0 {
				return out.write(command, func(w io.Writer) error { return dialects.List(w, out.format) })
			}
			d, err := dialect.Lookup(args[0])
			if err != nil {
				return usage.Wrap(err)
			}
			return out.write(command, func(w io.Writer) error { return dialects.Explain(w, d, out.format) })
		},
	}
	out.addFlags(command.Flags(), "text", "json", "markdown")
	return command
}
