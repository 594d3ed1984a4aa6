// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/vaultcli"
)

// vaultCommand is 'plugproof vault': its flags, its help and its errors are
// those of Vault's command line.
func vaultCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "vault COMMAND [ARGS]",
		Short: "The part of Vault's command line that Plugproof itself runs",
		Long: "The part of Vault's command line that the requirements and recorded cases run.\n" +
			"The whole of it is the real vault or bao.",
		Example: `  plugproof vault plugin register -sha256=d3f0a8b... -env REGION=eu secret my-plugin
  plugproof vault secrets enable -path=my-secrets my-plugin
  plugproof vault secrets list -detailed
  plugproof vault plugin register --help`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			env := make(map[string]string)
			for _, entry := range os.Environ() {
				name, value, _ := strings.Cut(entry, "=")
				env[name] = value
			}
			code, err := vaultcli.CommandLine{}.Run(cmd.Context(), args, env, cmd.OutOrStdout(), cmd.ErrOrStderr())
			if err != nil || code == 0 {
				return err
			}
			return exitWith(code)
		},
	}
}
