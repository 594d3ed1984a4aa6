// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"context"
	"io"
	"strings"

	"github.com/hashicorp/vault/api"
)

func dataCommands() []command {
	readOutputs := fieldAndFormat()
	readOutputs.raw = true
	listOutputs := formatOnly()
	listOutputs.detailed = true
	return []command{
		{
			name: "read", synopsis: "Read data and retrieves secrets",
			help: `Usage: vault read [options] PATH

  Reads data from Vault at the given path. This can be used to read secrets,
  generate dynamic credentials, get configuration details, and more.

  Read details of your own token:

      $ vault read auth/token/lookup-self

  Read one variable of a plugin's process, if the plugin shows it:

      $ vault read -field=value my-secrets/env/REGION`,
			outputs: readOutputs,
			action:  func() action { return new(dataRead) },
		},
		{
			name: "write", synopsis: "Write data, configuration, and secrets",
			help: `Usage: vault write [options] PATH [DATA K=V...]

  Writes data to Vault at the given path. The data can be credentials, secrets,
  configuration, or arbitrary data. The specific behavior of this command is
  determined at the thing mounted at the path.

  Data is specified as "key=value" pairs. If the value begins with an "@", then
  it is loaded from a file. If the value is "-", Vault will read the value from
  stdin. A lone "-" reads a JSON object from stdin, "@FILE" one from a file.

  Store data in the cubbyhole secrets engine:

      $ vault write cubbyhole/git-credentials username="student01" password="p@$$w0rd"

  Create a new encryption key in the transit secrets engine:

      $ vault write -force transit/keys/my-key`,
			outputs: fieldAndFormat(),
			action:  func() action { return &dataChange{send: (*api.Logical).WriteWithContext} },
		},
		{
			name: "list", synopsis: "List data or secrets",
			help: `Usage: vault list [options] PATH

  Lists data from Vault at the given path. This can be used to list keys in a
  given secret engine.

  List values under the "my-app" folder of the generic secret engine:

      $ vault list secret/my-app/`,
			outputs: listOutputs,
			action:  func() action { return new(dataList) },
		},
		{
			name: "delete", synopsis: "Delete secrets and configuration",
			help: `Usage: vault delete [options] PATH

  Deletes secrets and configuration from Vault at the given path. The behavior
  of "delete" is delegated to the backend corresponding to the given path.

  Remove data in the cubbyhole:

      $ vault delete cubbyhole/my-secret`,
			outputs: fieldAndFormat(),
			action:  func() action { return new(dataDelete) },
		},
		{
			name: "unwrap", synopsis: "Unwrap a wrapped secret",
			help: `Usage: vault unwrap [options] [TOKEN]

  Unwraps a wrapped secret from Vault by the given token. The result is the
  same as the "vault read" operation on the non-wrapped secret. If no token
  is given, the data in the currently authenticated token is unwrapped.

  Unwrap the data in the cubbyhole secrets engine for a token:

      $ vault unwrap 3de9ece1-b347-e143-29b0-dc2dc31caafd`,
			outputs: fieldAndFormat(),
			action:  func() action { return new(dataUnwrap) },
		},
	}
}

// dataRead is GET; K=V arguments become query parameters. 404 without warnings is
// "No value found", whatever the reason.
type dataRead struct{}

func (*dataRead) flags(*flagSet) {}

func (*dataRead) run(inv *invocation, args []string) error {
	if len(args) < 1 {
		return exactly(1, args)
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	// The client library leaves the timeout of these calls to the caller.
	ctx, cancel := context.WithTimeout(inv.ctx, client.ClientTimeout())
	defer cancel()
	path := cleanPath(args[0])
	parameters, err := parseParameters(inv.input(), args[1:])
	if err != nil {
		return misuse("Failed to parse K=V data: %w", err)
	}
	if inv.format == formatRaw {
		return readRaw(ctx, inv, client, path, parameters)
	}
	secret, err := client.Logical().ReadWithDataWithContext(ctx, path, parameters)
	if err != nil {
		return refused("Error reading %s: %w", path, err)
	}
	if secret == nil {
		return refused("No value found at %s", path)
	}
	return inv.printFieldOrSecret(secret)
}

// readRaw prints the body as it came, also where it is no JSON.
func readRaw(ctx context.Context, inv *invocation, client *api.Client, path string, parameters map[string][]string) error {
	response, err := client.Logical().ReadRawWithDataWithContext(ctx, path, parameters)
	if err != nil {
		return refused("Error reading: %s: %w", path, err)
	}
	if response == nil || response.Body == nil {
		return refused("No value found at %s", path)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return refused("Error reading: %s: %w", path, err)
	}
	return inv.printData(content)
}

// dataChange sends data to a path: PUT for write, a JSON merge patch for patch.
// An answer without body is success in silence, but for tables.
type dataChange struct {
	send  func(*api.Logical, context.Context, string, map[string]any) (*api.Secret, error)
	force bool
}

func (a *dataChange) flags(f *flagSet) {
	f.boolean(&a.force, "force", "Allow the operation to continue with no key=value pairs. This allows writing to keys that "+
		"do not need or expect data.", alias("f"))
}

func (a *dataChange) run(inv *invocation, args []string) error {
	switch {
	case len(args) < 1:
		return exactly(1, args)
	case len(args) == 1 && !a.force:
		return misuse("Must supply data or use -force")
	}
	path := cleanPath(args[0])
	data, err := parseData(inv.input(), args[1:])
	if err != nil {
		return misuse("Failed to parse K=V data: %w", err)
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	secret, err := a.send(client.Logical(), inv.ctx, path, data)
	if err != nil {
		return inv.afterError(secret, refused("Error writing data to %s: %w", path, err))
	}
	return inv.printWritten(path, secret)
}

// printWritten prints the answer to a write, which may be none.
func (inv *invocation) printWritten(path string, secret *api.Secret) error {
	if secret == nil {
		inv.sayInTable("Success! Data written to: " + path)
		return nil
	}
	if secret.Auth != nil && secret.Auth.MFARequirement != nil {
		inv.complain(wrap("A login request was issued that is subject to MFA validation. Please make sure to validate the "+
			"login by sending another request to sys/mfa/validate endpoint.", 0) + "\n")
	}
	return inv.printFieldOrSecret(secret)
}

// sayInTable prints a line that programs reading json or yaml don't want.
func (inv *invocation) sayInTable(message string) {
	if inv.isTable() {
		inv.say(message)
	}
}

// afterError prints the error and then what the server answered all the same.
func (inv *invocation) afterError(secret *api.Secret, err error) error {
	if secret == nil {
		return err
	}
	inv.complain(err.Error())
	_ = inv.printSecret(secret)
	return silently(exitServer)
}

// dataList is LIST, sent as GET with list=true.
type dataList struct{}

func (*dataList) flags(*flagSet) {}

func (*dataList) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	path := cleanPath(args[0])
	secret, err := client.Logical().ListWithContext(inv.ctx, path)
	if err != nil {
		return refused("Error listing %s: %w", path, err)
	}
	return inv.printListing(secret, path)
}

// printListing prints the answer to a list of path, which may hold no keys.
func (inv *invocation) printListing(secret *api.Secret, path string) error {
	if secret != nil && secret.WrapInfo != nil && secret.WrapInfo.TTL != 0 {
		return inv.printSecret(secret)
	}
	var keys bool
	if secret != nil {
		_, keys = secret.Data["keys"].([]any)
	}
	switch {
	case !keys && !inv.isTable():
		// Programs get an empty object and the exit code.
		_ = inv.printData(map[string]any{})
		return silently(exitServer)
	case secret == nil:
		return refused("No value found at %s", path)
	case secret.Data == nil:
		// There are warnings at least.
		return inv.printSecret(secret)
	case !keys:
		return refused("No entries found at %s", path)
	}
	return inv.printList(secret)
}

// dataDelete is DELETE; K=V arguments become query parameters.
type dataDelete struct{}

func (*dataDelete) flags(*flagSet) {}

func (*dataDelete) run(inv *invocation, args []string) error {
	if len(args) < 1 {
		return between(1, 1, "at least 1", args)
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	path := cleanPath(args[0])
	parameters, err := parseParameters(inv.input(), args[1:])
	if err != nil {
		return misuse("Failed to parse string list data: %w", err)
	}
	secret, err := client.Logical().DeleteWithDataWithContext(inv.ctx, path, parameters)
	if err != nil {
		return inv.afterError(secret, refused("Error deleting %s: %w", path, err))
	}
	if secret == nil {
		inv.sayInTable("Success! Data deleted (if it existed) at: " + path)
		return nil
	}
	return inv.printFieldOrSecret(secret)
}

// dataUnwrap is PUT sys/wrapping/unwrap; a list comes out as a list.
type dataUnwrap struct{}

func (*dataUnwrap) flags(*flagSet) {}

func (*dataUnwrap) run(inv *invocation, args []string) error {
	if err := between(0, 1, "0-1", args); err != nil {
		return err
	}
	token := ""
	if len(args) == 1 {
		token = strings.TrimSpace(args[0])
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	secret, err := client.Logical().UnwrapWithContext(inv.ctx, token)
	if err != nil {
		return refused("Error unwrapping: %w", err)
	}
	if secret == nil {
		inv.sayInTable("Successfully unwrapped. There was no data in the wrapped secret.")
		return nil
	}
	if _, isList := secret.Data["keys"].([]any); isList && inv.field == "" {
		return inv.printList(secret)
	}
	return inv.printFieldOrSecret(secret)
}
