// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"encoding/json"

	"github.com/hashicorp/vault/api"
)

func pathCommands() []command {
	return []command{
		{
			name: "patch", synopsis: "Patch data, configuration, and secrets",
			help: `Usage: vault patch [options] PATH [DATA K=V...]

  Patches data in Vault at the given path. The data can be credentials, secrets,
  configuration, or arbitrary data. The specific behavior of this command is
  determined at the thing mounted at the path. Data is specified as for
  "vault write".

  Change one field of a secret and keep the others:

      $ vault patch secret/data/my-secret data=@fields.json`,
			outputs: fieldAndFormat(),
			action:  func() action { return &dataChange{send: (*api.Logical).JSONMergePatch} },
		},
		{
			name: "path-help", synopsis: "Retrieve API help for paths",
			help: `Usage: vault path-help [options] PATH

  Retrieves API help for paths. All endpoints in Vault provide built-in help in
  markdown format. This includes system paths, secret engines, and auth methods.

  Get help for the thing mounted at my-secrets/:

      $ vault path-help my-secrets/`,
			outputs: formatOnly(),
			action:  func() action { return new(pathHelp) },
		},
	}
}

// pathHelp prints what a plugin's framework says about a path.
type pathHelp struct{}

func (*pathHelp) flags(*flagSet) {}

func (*pathHelp) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	help, err := client.HelpWithContext(inv.ctx, cleanPath(args[0]))
	switch {
	case isSealed(err):
		return refused("Error: Vault is sealed.\n\n" +
			"The \"path-help\" command requires the Vault to be unsealed so that the mount\n" +
			"points of the secret engines are known.")
	case err != nil:
		return refused("Error retrieving help: %w", err)
	case inv.format != formatJSON:
		inv.say(help.Help)
		return nil
	}
	// Programs get the OpenAPI document, in one line.
	document, err := json.Marshal(help.OpenAPI)
	if err != nil {
		return refused("Error marshaling OpenAPI: %w", err)
	}
	inv.say(string(document))
	return nil
}
