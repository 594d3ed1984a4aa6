// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/internal/progress"
)

// newProgress returns the progress of a command, on its standard error.
func newProgress(command *cobra.Command) *progress.Line {
	line := progress.NewLog(command.ErrOrStderr())
	if file, ok := command.ErrOrStderr().(*os.File); ok {
		line = progress.New(file)
	}
	return line.Fold(command.CommandPath(), os.Getenv)
}
