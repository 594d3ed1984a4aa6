// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand is 'plugproof man'.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages",
		Long: `Man writes a manual page of each command to a directory, which it makes if there
is none: plugproof.1, plugproof-run.1 … Archives of releases hold them in man/.

Their date is SOURCE_DATE_EPOCH, if it is set, and today otherwise.`,
		Example: "  plugproof man ./man && man ./man/plugproof-run.1\n  plugproof man ~/.local/share/man/man1",
		Args:    takes(1, 1),
		RunE: func(command *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fmt.Errorf("write the manual pages: %w", err)
			}
			root := command.Root()
			root.DisableAutoGenTag = true
			header := doc.GenManHeader{Section: "1", Source: "plugproof " + root.Version, Manual: "Plugproof"}
			if err := doc.GenManTree(root, &header, args[0]); err != nil {
				return fmt.Errorf("write the manual pages: %w", err)
			}
			return nil
		},
	}
}
