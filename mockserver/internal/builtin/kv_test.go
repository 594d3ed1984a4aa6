// SPDX-License-Identifier: MPL-2.0

package builtin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/builtin"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

const (
	read   = logical.ReadOperation
	update = logical.UpdateOperation
	patch  = logical.PatchOperation
	list   = logical.ListOperation
)

type data = map[string]any

// kv is the dialect's key-value engine.
type kv struct {
	t       *testing.T
	backend logical.Backend
	storage logical.Storage
}

// newKV returns version 2.
func newKV(t *testing.T, name string) *kv {
	t.Helper()
	return newKVOf(t, name, "2")
}

func newKVOf(t *testing.T, name, version string) *kv {
	t.Helper()
	d, err := dialect.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	storage := &logical.InmemStorage{}
	b, err := builtin.Factories(d)[catalog.Key{Type: consts.PluginTypeSecrets, Name: "kv"}](t.Context(), &logical.BackendConfig{
		StorageView: storage, BackendUUID: "uuid", Config: map[string]string{"version": version}, Logger: hclog.NewNullLogger(),
		System: &logical.StaticSystemView{},
	})
	if err == nil {
		err = b.Initialize(t.Context(), &logical.InitializationRequest{Storage: storage})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Cleanup(context.Background()) })
	k := &kv{t, b, storage}
	// A new engine takes no requests until it knows that there is nothing to upgrade.
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, text := k.ask(read, "config", nil); !strings.Contains(text, "Upgrading") {
			return k
		}
		if time.Now().After(deadline) {
			t.Fatal("the engine is not ready")
		}
	}
}

// ask sends a request. The text is that of an error, or the warnings.
func (k *kv) ask(op logical.Operation, path string, body data) (*logical.Response, string) {
	k.t.Helper()
	resp, err := k.backend.HandleRequest(k.t.Context(), &logical.Request{Operation: op, Path: path, Data: body, Storage: k.storage})
	switch {
	case resp != nil && resp.IsError():
		return resp, resp.Error().Error()
	case err != nil:
		return resp, err.Error()
	case resp != nil:
		return resp, strings.Join(resp.Warnings, ", ")
	}
	return nil, ""
}

func (k *kv) must(op logical.Operation, path string, body data) data {
	k.t.Helper()
	resp, text := k.ask(op, path, body)
	if text != "" {
		k.t.Fatalf("%s %s: %s", op, path, text)
	}
	if resp == nil {
		return nil
	}
	return resp.Data
}

func (k *kv) write(keys ...string) {
	k.t.Helper()
	for _, key := range keys {
		k.must(logical.CreateOperation, "data/"+key, data{"data": data{"a": "b"}})
	}
}

// TestMetadataOfDialects: what is shown is what the server's own kv has.
func TestMetadataOfDialects(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"vault-1.15": {}, "vault-1.21": {"created_by", "deleted_by", "last_updated_by"}, "openbao-2.3": {},
		"openbao-2.4": {"current_metadata_version", "metadata_cas_required"}, "openbao-2.6": {"current_metadata_version", "metadata_cas_required"},
	} {
		k := newKV(t, name)
		k.write("k")
		metadata := k.must(read, "metadata/k", nil)
		version := metadata["versions"].(data)["1"].(data)
		for _, field := range []string{"created_by", "deleted_by", "last_updated_by", "current_metadata_version", "metadata_cas_required"} {
			_, there := metadata[field]
			_, inVersion := version[field]
			if (there || inVersion) != slices.Contains(want, field) {
				t.Errorf("%s: %s is there: %v %v", name, field, there, inVersion)
			}
		}
	}
}

// TestDataThatEndsInSlash: OpenBao's kv looks for it, and can't find what can't be written.
func TestDataThatEndsInSlash(t *testing.T) {
	t.Parallel()
	k := newKV(t, "openbao-2.6")
	k.write("a")
	for _, path := range []string{"data/", "data/a/"} {
		for _, op := range []logical.Operation{read, logical.DeleteOperation} {
			if resp, text := k.ask(op, path, data{"version": 1}); resp != nil || text != "" {
				t.Errorf("%s %s: %+v %s", op, path, resp, text)
			}
		}
		if _, text := k.ask(read, path, data{"version": "x"}); !strings.Contains(text, "version") {
			t.Errorf("a wrong version of %s: %q", path, text)
		}
	}
	if got := k.must(read, "data/a", nil); got["data"] == nil {
		t.Errorf("a is %v", got)
	}
	if resp, _ := newKV(t, "vault-1.21").ask(read, "data/", nil); resp.Data[logical.HTTPStatusCode] != 404 {
		t.Errorf("data/ of Vault: %+v", resp)
	}
}

// TestWrongVersions: lists of numbers are described in the dialect's words.
func TestWrongVersions(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"openbao-2.6": "decoding failed due to the following error(s):\n\n'[0]' cannot parse value as 'int': strconv.ParseInt: invalid syntax",
		"openbao-2.3": "decoding failed due to the following error(s):\n\n'[0]' cannot parse value as 'int': strconv.ParseInt: parsing \"x\": invalid syntax",
	} {
		if _, text := newKV(t, name).ask(update, "delete/a", data{"versions": []any{"x", 1}}); text != `Field validation failed: error converting input for field "versions": `+want {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestIgnoredOfVersion1: OpenBao's kv warns of what it does not know, Vault's takes anything.
func TestIgnoredOfVersion1(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"openbao-2.0": "Endpoint ignored these unrecognized parameters: [after limit]", "vault-1.21": ""} {
		k := newKVOf(t, name, "1")
		k.must(logical.CreateOperation, "a/b", data{"value": "v", "after": "x"})
		for op, path := range map[logical.Operation]string{read: "a/b", list: "a/"} {
			if resp, text := k.ask(op, path, data{"limit": "1", "after": "a"}); text != want || resp == nil {
				t.Errorf("%s: %s %s: %q, want %q", name, op, path, text, want)
			}
		}
	}
}

func TestListsOfDialects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect string
		op      logical.Operation
		path    string
		body    data
		want    string // the keys, with how many versions the details have, or what is wrong
	}{
		{"openbao-2.6", list, "metadata/", nil, "[a b c/]"},
		{"openbao-2.6", list, "metadata/", data{"after": "a", "limit": "1"}, "[b]"},
		{"openbao-2.6", list, "metadata/", data{"after": "aa"}, "[b c/]"},
		{"openbao-2.6", list, "metadata/", data{"limit": -1}, "[a b c/]"},
		{"openbao-2.6", list, "metadata/", data{"limit": "x"}, `Field validation failed: error converting input for field "limit"`},
		{"openbao-2.6", list, "detailed-metadata/", nil, "[a:1 b:1 c/:0]"},
		{"openbao-2.6", list, "detailed-metadata/c/", data{"limit": 1}, "[d:1]"},
		{"openbao-2.6", policy.ScanOperation, "metadata/", nil, "[a b c/d c/e]"},
		{"openbao-2.6", policy.ScanOperation, "detailed-metadata/c/", nil, "[d:1 e:1]"},
		{"openbao-2.6", read, "detailed-metadata/a", nil, "unsupported operation"},
		{"openbao-2.6", list, "data/a/", nil, "unsupported operation"},
		{"openbao-2.6", policy.ScanOperation, "data/a/", nil, "unsupported operation"},
		{"openbao-2.1", list, "metadata/", data{"limit": 1}, "[a]"},
		{"vault-1.21", list, "metadata/", data{"limit": 1}, "Endpoint ignored these unrecognized parameters: [limit]"},
		{"openbao-2.6", policy.ScanOperation, "metadata/", data{"x": "1", "limit": 1}, "Endpoint ignored these unrecognized parameters: [x]"},
		{"vault-1.21", list, "metadata/", data{"exclude_deleted": true}, "[b c/]"},
		{"vault-1.20", list, "metadata/", data{"exclude_deleted": true}, "Endpoint ignored these unrecognized parameters: [exclude_deleted]"},
		{"vault-1.20", policy.ScanOperation, "metadata/", data{"exclude_deleted": "x"}, "Endpoint ignored these unrecognized parameters: [exclude_deleted]"},
		{"openbao-2.6", list, "metadata/", data{"exclude_deleted": true}, "Endpoint ignored these unrecognized parameters: [exclude_deleted]"},
	} {
		k := newKV(t, test.dialect)
		k.write("a", "b", "c/d", "c/e")
		k.must(logical.DeleteOperation, "data/a", nil)
		resp, got := k.ask(test.op, test.path, test.body)
		if got == "" {
			keys := slices.Clone(resp.Data["keys"].([]string))
			slices.Sort(keys)
			if infos, ok := resp.Data["key_info"].(data); ok {
				for i, key := range keys {
					versions, _ := infos[key].(data)["versions"].(data)
					keys[i] = fmt.Sprintf("%s:%d", key, len(versions))
				}
			}
			got = fmt.Sprint(keys)
		}
		if !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %s %s %v: %s, want %s", test.dialect, test.op, test.path, test.body, got, test.want)
		}
	}
	if resp, _ := newKV(t, "openbao-2.1").ask(list, "detailed-metadata/", nil); resp.Data[logical.HTTPStatusCode] != 404 {
		t.Errorf("detailed-metadata of OpenBao 2.1: %+v", resp)
	}
}

// TestMetadataCAS follows builtin/logical/kv/path_metadata.go of OpenBao 2.4.
func TestMetadataCAS(t *testing.T) {
	t.Parallel()
	k := newKV(t, "openbao-2.6")
	state := func(version uint64, required bool) {
		t.Helper()
		got := k.must(read, "metadata/k", nil)
		if got["current_metadata_version"] != version || got["metadata_cas_required"] != required {
			t.Errorf("version %v, check-and-set required %v, want %d and %v", got["current_metadata_version"], got["metadata_cas_required"], version, required)
		}
	}
	refused := func(op logical.Operation, body data, want string) {
		t.Helper()
		if _, got := k.ask(op, "metadata/k", body); got != want {
			t.Errorf("%s %v: %q, want %q", op, body, got, want)
		}
	}
	const (
		missing  = "metadata check-and-set parameter required for this call"
		mismatch = "metadata check-and-set parameter does not match the current version"
	)
	refused(update, data{"metadata_cas": 1, "max_versions": 3}, "metadata_cas must be 0 when creating new metadata")
	if resp, _ := k.ask(patch, "metadata/k", data{"metadata_cas_required": true}); resp == nil || resp.Data[logical.HTTPStatusCode] != 404 {
		t.Errorf("a patch of nothing: %+v", resp)
	}
	k.must(logical.CreateOperation, "metadata/k", data{"metadata_cas_required": true, "metadata_cas": 0})
	state(1, true)
	refused(update, data{"max_versions": 3}, missing)
	refused(patch, data{"max_versions": 3}, missing)
	refused(update, data{"max_versions": 3, "metadata_cas": 2}, mismatch)
	refused(update, data{"metadata_cas": "x", "max_versions": 1}, `Field validation failed: error converting input for field "metadata_cas": '' cannot parse value as 'int': strconv.ParseInt: invalid syntax`)
	k.must(update, "metadata/k", data{"metadata_cas": 7}) // changes nothing, so nothing is checked
	state(1, true)
	k.must(update, "metadata/k", data{"max_versions": 3, "metadata_cas": "1"})
	state(2, true)
	before := k.must(read, "metadata/k", nil)["updated_time"].(string)
	k.must(patch, "metadata/k", data{"custom_metadata": data{"a": "b"}, "metadata_cas": 2})
	state(3, true)
	after := k.must(read, "metadata/k", nil)
	if after["updated_time"].(string) <= before || after["max_versions"] != uint32(3) {
		t.Errorf("after a patch: %v, before it at %s", after, before)
	}
	k.write("k") // a version of the data is none of the metadata
	state(3, true)
	k.must(patch, "metadata/k", data{"metadata_cas_required": false, "metadata_cas": 3})
	state(4, false)

	if got := k.must(read, "config", nil); got["metadata_cas_required"] != false {
		t.Errorf("config %v", got)
	}
	k.must(update, "config", data{"metadata_cas_required": true, "max_versions": 5})
	if got := k.must(read, "config", nil); got["metadata_cas_required"] != true || got["max_versions"] != uint32(5) {
		t.Errorf("config %v", got)
	}
	refused(update, data{"max_versions": 3}, missing)
	refused(update, data{"metadata_cas_required": false, "metadata_cas": 4}, `"metadata_cas_required" set to false, but is mandated by backend config. This value will be ignored.`)
	k.must(logical.DeleteOperation, "metadata/k", nil)
	k.must(update, "config", data{"metadata_cas_required": false})
	k.write("k")
	state(0, false)
}

// TestOlderMetadata: a server that has no versions of metadata ignores the fields.
func TestOlderMetadata(t *testing.T) {
	t.Parallel()
	k := newKV(t, "openbao-2.3")
	k.write("k")
	k.must(update, "metadata/k", data{"max_versions": 3, "metadata_cas": 9})
	k.must(update, "config", data{"metadata_cas_required": "x"})
	if _, there := k.must(read, "config", nil)["metadata_cas_required"]; there {
		t.Error("the configuration shows metadata_cas_required")
	}
}
