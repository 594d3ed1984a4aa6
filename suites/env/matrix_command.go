// SPDX-License-Identifier: MPL-2.0

package env

import "github.com/spf13/cobra"

func matrixCommand() *cobra.Command {
	return &cobra.Command{Use: "env"}
}
