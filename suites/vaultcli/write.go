// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	kvbuilder "github.com/hashicorp/go-secure-stdlib/kv-builder"
	"github.com/hashicorp/vault/api"
)

// writeCommand is PUT (command/write.go). An answer without a body is a success,
// of which programs that read JSON get nothing.
func writeCommand(s *session) *command {
	c := s.command(1, "Write data, configuration, and secrets", `Usage: vault write [options] PATH K=V...

  Writes data to Vault at the given path. The data can be credentials, secrets,
  configuration, or arbitrary data. The specific behavior of this command is
  determined at the thing mounted at the path.

  Data is specified as "key=value" pairs. If the value begins with an "@", then
  it is loaded from a file. "@FILE" alone is a JSON object from a file.

  Store data in the cubbyhole secrets engine:

      $ vault write cubbyhole/git-credentials username="student01" password="p@$$w0rd"`)
	c.most = anyNumber
	c.fieldFlag()
	c.formatFlag()
	data := &kvbuilder.Builder{}
	c.check = func(args []string) error {
		if len(args) == 1 {
			return usageError("Must supply data")
		}
		if err := data.Add(args[1:]...); err != nil {
			return usageError("Failed to parse K=V data: %w", err)
		}
		return nil
	}
	c.run = func(client *api.Client, args []string) error {
		path := cleanPath(args[0])
		secret, err := client.Logical().WriteWithContext(c.ctx, path, data.Map())
		switch {
		case err != nil:
			return serverError("Error writing data to %s: %w", path, err)
		case secret != nil:
			return c.printFieldOrSecret(secret)
		case c.format == formatTable:
			c.Output("Success! Data written to: " + path)
		}
		return nil
	}
	return c
}
