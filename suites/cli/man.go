// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/plugproof/plugproof/suites/internal/usage"
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
				return usage.Errorf("write the manual pages: %w", err)
			}
			root := command.Root()
			root.DisableAutoGenTag = true
			header := doc.GenManHeader{Section: "1", Source: "plugproof " + root.Version, Manual: "Plugproof"}
			err := doc.GenManTree(root, &header, args[0])
			switch {
			case errors.Is(err, fs.ErrPermission):
				return usage.Errorf("write the manual pages: %w", err)
			case err != nil:
				return fmt.Errorf("write the manual pages: %w", err)
			}
			return nil
		},
	}
}
