// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/api"
)

// kvGet reads a key's newest or a named version. A deleted version is printed with
// its metadata and without data, with exit code 0, as Vault does.
type kvGet struct {
	kvTarget
	version int
}

func (a *kvGet) flags(f *flagSet) {
	a.kvTarget.flags(f)
	f.integer(&a.version, "version", "If passed, the value at the version number will be returned.")
}

func (a *kvGet) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	key, err := a.resolve(inv, client, strings.TrimPrefix(args[0], "/"))
	if err != nil {
		return err
	}
	var parameters map[string][]string
	if key.v2 && a.version > 0 {
		parameters = map[string][]string{"version": {strconv.Itoa(a.version)}}
	}
	place := key.api("data")
	secret, err := kvRead(inv, client, place, parameters)
	switch {
	case errors.Is(err, errNoValue) || err == nil && secret == nil:
		return refused("No value found at %s", place)
	case err != nil:
		return refused("Error reading %s: %w", place, err)
	case inv.field != "":
		return a.printField(inv, key, place, secret)
	case secret.WrapInfo != nil || !inv.isTable():
		return inv.printSecret(secret)
	}
	inv.printWarnings(secret)
	data := secret.Data
	if key.v2 {
		inv.printKVPath("Secret Path", place)
		if metadata, ok := data["metadata"].(map[string]any); ok {
			inv.say(kvMapTitle("Metadata", metadata))
			inv.printMapTable(metadata)
			inv.say("")
		}
		data, _ = data["data"].(map[string]any)
	}
	if data != nil {
		inv.say(kvMapTitle("Data", data))
		inv.printMapTable(data)
	}
	return nil
}

// printField finds the field in the data of the key; "data" may be a key in it
// or all of it.
func (a *kvGet) printField(inv *invocation, key kvKey, place string, secret *api.Secret) error {
	if !key.v2 {
		return inv.printField(fieldOf(secret, inv.field))
	}
	data, ok := secret.Data["data"].(map[string]any)
	if !ok {
		return refused("No data found at %s", place)
	}
	if _, nested := data["data"]; inv.field == "data" && !nested {
		return inv.printField(data)
	}
	return inv.printField(data[inv.field])
}

// kvPut writes all of a key's data, in version 2 as a new version.
type kvPut struct {
	kvTarget
	cas int
}

func (a *kvPut) flags(f *flagSet) {
	a.kvTarget.flags(f)
	a.cas = -1
	f.integer(&a.cas, "cas", "Specifies to use a Check-And-Set operation. If not set the write will be allowed. If set to 0 "+
		"a write will only be allowed if the key doesn't exist. If the index is non-zero the write will only be allowed if "+
		"the key's current version matches the version specified in the cas parameter.")
}

func (a *kvPut) run(inv *invocation, args []string) error {
	switch len(args) {
	case 0:
		return between(1, 1, ">1", args)
	case 1:
		return misuse("Must supply data")
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	data, err := parseData(inv.input(), args[1:])
	if err != nil {
		return misuse("Failed to parse K=V data: %w", err)
	}
	key, err := a.resolve(inv, client, cleanPath(args[0]))
	if err != nil {
		return err
	}
	if key.v2 {
		options := map[string]any{}
		if a.cas > -1 {
			options["cas"] = a.cas
		}
		data = map[string]any{"data": data, "options": options}
	}
	place := key.api("data")
	secret, err := client.Logical().WriteWithContext(inv.ctx, place, data)
	switch {
	case err != nil:
		return inv.afterError(secret, refused("Error writing data to %s: %w", place, err))
	case secret == nil:
		inv.sayInTable("Success! Data written to: " + place)
		return nil
	case inv.field != "" || !inv.isTable() || secret.WrapInfo != nil && secret.WrapInfo.TTL != 0:
		return inv.printFieldOrSecret(secret)
	}
	inv.printKVPath("Secret Path", place)
	inv.say(kvMapTitle("Metadata", secret.Data))
	inv.printMapTable(secret.Data)
	return nil
}

// kvList lists keys below a path; with -mount alone, all of the mount.
type kvList struct{ kvTarget }

func (a *kvList) run(inv *invocation, args []string) error {
	if len(args) == 0 && a.mount != "" {
		args = []string{""}
	}
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	key, err := a.resolve(inv, client, cleanPath(args[0]))
	if err != nil {
		return err
	}
	place := key.api("metadata")
	secret, err := client.Logical().ListWithContext(inv.ctx, place)
	if err != nil {
		return refused("Error listing %s: %w", place, err)
	}
	return inv.printListing(secret, place)
}

// kvVersions is delete, undelete and destroy.
type kvVersions struct {
	kvTarget
	verb     string
	versions []string
}

func (a *kvVersions) flags(f *flagSet) {
	a.kvTarget.flags(f)
	f.list(&a.versions, "versions", "Specifies the version numbers to "+a.verb+".")
}

func (a *kvVersions) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	if len(a.versions) == 0 && a.verb != "delete" {
		return misuse("No versions provided, use the \"-versions\" flag to specify the version to %s.", a.verb)
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	key, err := a.resolve(inv, client, cleanPath(args[0]))
	if err != nil {
		return err
	}
	if !key.v2 && a.verb != "delete" {
		return misuse("%s not supported on KV Version 1", strings.ToUpper(a.verb[:1])+a.verb[1:])
	}
	// What is named is what is written to, but for delete the data.
	shown := key.api(a.verb)
	if a.verb == "delete" {
		shown = key.api("data")
	}
	var secret *api.Secret
	if key.v2 && len(a.versions) > 0 {
		data := map[string]any{"versions": splitVersions(a.versions)}
		secret, err = client.Logical().WriteWithContext(inv.ctx, key.api(a.verb), data)
	} else {
		secret, err = client.Logical().DeleteWithContext(inv.ctx, shown)
	}
	switch {
	case err != nil && a.verb == "delete":
		return inv.afterError(secret, refused("Error deleting %s: %w", shown, err))
	case err != nil:
		return inv.afterError(secret, refused("Error writing data to %s: %w", shown, err))
	case secret == nil && a.verb == "delete":
		inv.sayInTable("Success! Data deleted (if it existed) at: " + shown)
		return nil
	case secret == nil:
		inv.sayInTable("Success! Data written to: " + shown)
		return nil
	}
	return inv.printFieldOrSecret(secret)
}

// splitVersions takes -versions=1,2 and -versions=1 -versions=2.
func splitVersions(given []string) []string {
	var versions []string
	for _, text := range given {
		for version := range strings.SplitSeq(text, ",") {
			if version = strings.TrimSpace(version); version != "" {
				versions = append(versions, version)
			}
		}
	}
	return versions
}

// kvMetadataGet prints a key's metadata and then that of each version in turn.
type kvMetadataGet struct{ kvTarget }

func (a *kvMetadataGet) run(inv *invocation, args []string) error {
	client, key, err := a.key(inv, args)
	if err != nil {
		return err
	}
	place := key.api("metadata")
	secret, err := client.Logical().ReadWithContext(inv.ctx, place)
	switch {
	case err != nil:
		return refused("Error reading %s: %w", place, err)
	case secret == nil:
		return refused("No value found at %s", place)
	case inv.field != "" || secret.WrapInfo != nil || !inv.isTable():
		return inv.printFieldOrSecret(secret)
	}
	versions, ok := secret.Data["versions"].(map[string]any)
	if !ok {
		return inv.afterError(secret, refused("No value found at %s", place))
	}
	delete(secret.Data, "versions")
	inv.printKVPath("Metadata Path", place)
	inv.say(kvMapTitle("Metadata", secret.Data))
	inv.printSecretTable(secret)
	numbers := make([]int, 0, len(versions))
	for text := range versions {
		n, err := strconv.Atoi(text)
		if err != nil {
			return refused("Error parsing version %s", text)
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		data, _ := versions[strconv.Itoa(n)].(map[string]any)
		inv.say("\n" + kvMapTitle(fmt.Sprintf("Version %d", n), data))
		inv.printMapTable(data)
	}
	return nil
}

// key resolves the only argument of a metadata command, which needs version 2.
func (t *kvTarget) key(inv *invocation, args []string) (*api.Client, kvKey, error) {
	if err := exactly(1, args); err != nil {
		return nil, kvKey{}, err
	}
	client, err := inv.client()
	if err != nil {
		return nil, kvKey{}, err
	}
	key, err := t.resolve(inv, client, cleanPath(args[0]))
	if err == nil && !key.v2 {
		err = misuse("Metadata not supported on KV Version 1")
	}
	return client, key, err
}

// kvMetadataDelete removes a key with all its versions, for good.
type kvMetadataDelete struct{ kvTarget }

func (a *kvMetadataDelete) run(inv *invocation, args []string) error {
	client, key, err := a.key(inv, args)
	if err != nil {
		return err
	}
	place := key.api("metadata")
	secret, err := client.Logical().DeleteWithContext(inv.ctx, place)
	if err != nil {
		return inv.afterError(secret, refused("Error deleting %s: %w", place, err))
	}
	inv.say("Success! Data deleted (if it existed) at: " + place)
	return nil
}
