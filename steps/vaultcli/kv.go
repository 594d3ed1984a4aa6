// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/hashicorp/vault/api"
)

func kvCommands() []command {
	return []command{
		{
			name: "kv", synopsis: "Interact with Vault's Key-Value storage",
			help: `Usage: vault kv <subcommand> [options] [args]

  This command has subcommands for interacting with Vault's key-value
  store, version 1 and 2.

  Create or update the key named "foo" in the "secret" mount with the value
  "bar=baz":

      $ vault kv put -mount=secret foo bar=baz

  Read this value back:

      $ vault kv get -mount=secret foo

  The deprecated path-like syntax can also be used, but this should be avoided
  for KV v2, as it is not the full API path to the secret (secret/data/foo):

      $ vault kv get secret/foo

  Please see the individual subcommand help for detailed usage information.`,
		},
		{
			name: "kv get", synopsis: "Retrieves data from the KV store",
			help: `Usage: vault kv get [options] KEY

  Retrieves the value from Vault's key-value store at the given key name. If no
  key exists with that name, an error is returned.

      $ vault kv get -mount=secret foo

  To view the given key name at a specific version in time:

      $ vault kv get -mount=secret -version=1 foo`,
			outputs: fieldAndFormat(),
			action:  func() action { return new(kvGet) },
		},
		{
			name: "kv put", synopsis: "Sets or updates data in the KV store",
			help: `Usage: vault kv put [options] KEY [DATA]

  Writes the data to the given path in the key-value store. The data can be of
  any type.

      $ vault kv put -mount=secret foo bar=baz

  To perform a Check-And-Set operation, specify the -cas flag with the
  appropriate version number corresponding to the key you want to perform
  the CAS operation on:

      $ vault kv put -mount=secret -cas=1 foo bar=baz`,
			outputs: fieldAndFormat(),
			action:  func() action { return new(kvPut) },
		},
		{
			name: "kv list", synopsis: "List data or secrets",
			help: `Usage: vault kv list [options] PATH

  Lists data from Vault's key-value store at the given path.

  List values under the "my-app" folder of the key-value store:

      $ vault kv list secret/my-app/`,
			outputs: formatOnly(),
			action:  func() action { return new(kvList) },
		},
		{
			name: "kv delete", synopsis: "Deletes versions in the KV store",
			help: `Usage: vault kv delete [options] PATH

  Deletes the data for the provided version and path in the key-value store.
  The versioned data will not be fully removed, but marked as deleted and will
  no longer be returned in normal get requests.

  To delete the latest version of the key "foo":

      $ vault kv delete -mount=secret foo

  To delete version 3 of key foo:

      $ vault kv delete -mount=secret -versions=3 foo`,
			outputs: fieldAndFormat(),
			action:  func() action { return &kvVersions{verb: "delete"} },
		},
		{
			name: "kv undelete", synopsis: "Undeletes versions in the KV store",
			help: `Usage: vault kv undelete [options] KEY

  Undeletes the data for the provided version and path in the key-value store.
  This restores the data, allowing it to be returned on get requests.

  To undelete version 3 of key "foo":

      $ vault kv undelete -mount=secret -versions=3 foo`,
			outputs: fieldAndFormat(),
			action:  func() action { return &kvVersions{verb: "undelete"} },
		},
		{
			name: "kv destroy", synopsis: "Permanently removes one or more versions in the KV store",
			help: `Usage: vault kv destroy [options] KEY

  Permanently removes the specified versions' data from the key-value store. If
  no key exists at the path, no action is taken.

  To destroy version 3 of key foo:

      $ vault kv destroy -mount=secret -versions=3 foo`,
			outputs: fieldAndFormat(),
			action:  func() action { return &kvVersions{verb: "destroy"} },
		},
		{
			name: "kv metadata", synopsis: "Interact with Vault's Key-Value storage",
			help: `Usage: vault kv metadata <subcommand> [options] [args]

  This command has subcommands for interacting with the metadata endpoint in
  Vault's key-value store.

  Get the metadata for a key, this provides information about each existing
  version:

      $ vault kv metadata get -mount=secret foo

  Please see the individual subcommand help for detailed usage information.`,
		},
		{
			name: "kv metadata get", synopsis: "Retrieves key metadata from the KV store",
			help: `Usage: vault kv metadata get [options] KEY

  Retrieves the metadata from Vault's key-value store at the given key name. If
  no key exists with that name, an error is returned.

      $ vault kv metadata get -mount=secret foo`,
			outputs: fieldAndFormat(),
			action:  func() action { return new(kvMetadataGet) },
		},
		{
			name: "kv metadata delete", synopsis: "Deletes all versions and metadata for a key in the KV store",
			help: `Usage: vault kv metadata delete [options] PATH

  Deletes all versions and metadata for the provided key.

      $ vault kv metadata delete -mount=secret foo`,
			action: func() action { return new(kvMetadataDelete) },
		},
	}
}

// kvTarget is the place of a key: given as one path that begins with the mount,
// or relative to -mount.
type kvTarget struct{ mount string }

func (t *kvTarget) flags(f *flagSet) {
	f.text(&t.mount, "mount", "Specifies the path where the KV backend is mounted. If specified, the next argument will be "+
		"interpreted as the secret path. If this flag is not specified, the next argument will be interpreted as the "+
		"combined mount path and secret path, with /data/ automatically appended between KV v2 secrets.")
}

// kvKey is a key whose mount and version of the store have been found out.
type kvKey struct {
	mount, path string
	v2          bool
}

// resolve asks the server which mount key is in and of what version it is.
func (t *kvTarget) resolve(inv *invocation, client *api.Client, key string) (kvKey, error) {
	if t.mount == "" {
		mount, v2, err := kvMount(inv, client, key)
		return kvKey{mount: mount, path: key, v2: v2}, err
	}
	mount, v2, err := kvMount(inv, client, cleanPath(t.mount))
	return kvKey{mount: mount, path: path.Join(mount, key), v2: v2}, err
}

// kvMount returns the mount of a path and whether it is a store of version 2.
func kvMount(inv *invocation, client *api.Client, key string) (string, bool, error) {
	// This request is neither wrapped nor printed instead of made.
	asked := client.CurrentWrappingLookupFunc()
	client.SetWrappingLookupFunc(nil)
	client.SetOutputCurlString(false)
	client.SetOutputPolicy(false)
	defer func() {
		client.SetWrappingLookupFunc(asked)
		client.SetOutputCurlString(inv.connection.outputCurl)
		client.SetOutputPolicy(inv.connection.outputPolicies)
	}()
	response, err := client.Logical().ReadRawWithContext(inv.ctx, "sys/internal/ui/mounts/"+key)
	if response != nil {
		defer func() { _ = response.Body.Close() }()
	}
	if err != nil {
		if response != nil && response.StatusCode == http.StatusNotFound {
			// An old server, which has only version 1.
			return "", false, nil
		}
		return "", false, refused("%w", err)
	}
	secret, err := api.ParseSecret(response.Body)
	if err != nil {
		return "", false, refused("%w", err)
	}
	if secret == nil {
		return "", false, refused("nil response from pre-flight request")
	}
	mount, _ := secret.Data["path"].(string)
	options, _ := secret.Data["options"].(map[string]any)
	version, _ := options["version"].(string)
	return mount, version == "2", nil
}

// api is the key's path in the API of version 2, below prefix (data, metadata …);
// in version 1 it is the path itself.
func (k kvKey) api(prefix string) string {
	if !k.v2 {
		return k.path
	}
	mount := k.mount
	if k.path == mount || k.path == strings.TrimSuffix(mount, "/") {
		return path.Join(mount, prefix)
	}
	rest := strings.TrimPrefix(k.path, mount)
	for rest == k.path {
		// The mount's path may begin with a namespace that the key's lacks.
		_, inner, ok := strings.Cut(mount, "/")
		if !ok || inner == "" {
			break
		}
		mount = strings.TrimSuffix(inner, "/")
		rest = strings.TrimPrefix(rest, mount)
	}
	return path.Join(mount, prefix, rest)
}

// kvRead reads a key; what is deleted answers 404 with data all the same. The
// answer is nil if there is nothing.
func kvRead(inv *invocation, client *api.Client, place string, parameters map[string][]string) (*api.Secret, error) {
	response, err := client.Logical().ReadRawWithDataWithContext(inv.ctx, place, parameters)
	if response != nil {
		defer func() { _ = response.Body.Close() }()
	}
	if response != nil && response.StatusCode == http.StatusNotFound {
		secret, parseErr := api.ParseSecret(response.Body)
		switch {
		case errors.Is(parseErr, io.EOF):
			return nil, errNoValue
		case parseErr != nil:
			return nil, err
		case secret != nil && (len(secret.Warnings) > 0 || len(secret.Data) > 0):
			return secret, nil
		}
		return nil, errNoValue
	}
	if err != nil {
		return nil, err
	}
	return api.ParseSecret(response.Body)
}

var errNoValue = errors.New("no value")

// kvTitle centers a title over something length wide.
func kvTitle(title string, length int) string {
	signs := length - (len(title) + 2)
	if signs <= 0 {
		signs = 4
	}
	if signs%2 != 0 {
		signs++
	}
	side := strings.Repeat("=", signs/2)
	return side + " " + title + " " + side
}

// kvMapTitle centers a title over the table of a map.
func kvMapTitle(title string, data map[string]any) string {
	longest := 0
	for key := range data {
		longest = max(longest, len(key))
	}
	return kvTitle(title, longest+len("    Value"))
}

func (inv *invocation) printKVPath(title, place string) {
	inv.say(kvTitle(title, len(place)) + "\n" + place + "\n")
}
