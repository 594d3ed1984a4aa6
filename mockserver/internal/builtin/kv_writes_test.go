// SPDX-License-Identifier: MPL-2.0

package builtin_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// TestPatchWithNull: from OpenBao 2.6 on it replaces the data, if it could be patched; before,
// and in Vault, it is an error that nobody expects.
func TestPatchWithNull(t *testing.T) {
	t.Parallel()
	k := newKV(t, "openbao-2.6")
	k.write("k")
	null := data{"data": nil, "options": data{"cas": 1}}
	if got := k.must(patch, "data/k", null); got["version"] != uint64(2) {
		t.Errorf("the answer to a patch with null: %v", got)
	}
	if got := k.must(read, "data/k", nil); len(got["data"].(data)) != 0 {
		t.Errorf("after a patch with null: %v", got["data"])
	}
	if _, text := k.ask(patch, "data/k", null); text != "check-and-set parameter did not match the current version" {
		t.Errorf("another version: %q", text)
	}
	if resp, _ := k.ask(patch, "data/none", data{"data": nil}); resp == nil || resp.Data[logical.HTTPStatusCode] != 404 {
		t.Errorf("nothing to patch: %+v", resp)
	}
	if got := k.must(read, "metadata/k", nil); len(got["versions"].(data)) != 2 {
		t.Errorf("refused patches left versions: %v", got["versions"])
	}
	for _, name := range []string{"openbao-2.5", "vault-1.21"} {
		k := newKV(t, name)
		k.write("k")
		if _, text := k.ask(patch, "data/k", data{"data": nil}); text != "Invalid JSON Patch" {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// TestWrongMetadataCAS: the existence check, which comes first, looks at the fields too.
func TestWrongMetadataCAS(t *testing.T) {
	t.Parallel()
	k := newKV(t, "openbao-2.6")
	check := func(path string) error {
		_, _, err := k.backend.HandleExistenceCheck(t.Context(), &logical.Request{Operation: update, Path: path, Data: data{"metadata_cas": "x"}, Storage: k.storage})
		return err
	}
	const want = `error converting input for field "metadata_cas": '' cannot parse value as 'int': strconv.ParseInt: invalid syntax`
	if err := check("metadata/k"); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := check("data/k"); err != nil {
		t.Errorf("data/ has no such field: %v", err)
	}
	if k = newKV(t, "openbao-2.3"); check("metadata/k") != nil {
		t.Error("OpenBao 2.3 has no such field")
	}
}

// TestWrongFieldsOfNoKey: fields are looked at before the key is.
func TestWrongFieldsOfNoKey(t *testing.T) {
	t.Parallel()
	k := newKV(t, "openbao-2.6")
	for name, value := range map[string]any{"max_versions": "x", "cas_required": "x", "delete_version_after": []any{}, "custom_metadata": "x", "metadata_cas": "x"} {
		if _, text := k.ask(patch, "metadata/none", data{name: value}); !strings.HasPrefix(text, `Field validation failed: error converting input for field "`+name) {
			t.Errorf("%s = %v: %q", name, value, text)
		}
	}
}

// TestScanOrder is the order of ScanView in the SDK.
func TestScanOrder(t *testing.T) {
	t.Parallel()
	want := []string{"a", "z", "d/e", "d/f/g", "b/c"}
	two := newKV(t, "openbao-2.6")
	two.write(want...)
	one := newKVOf(t, "openbao-2.6", "1")
	for _, key := range want {
		one.must(logical.CreateOperation, key, data{"value": "v"})
	}
	for path, k := range map[string]*kv{"metadata/": two, "": one} {
		if got := k.must(policy.ScanOperation, path, nil)["keys"]; !slices.Equal(got.([]string), want) {
			t.Errorf("scan of %q: %v, want %v", path, got, want)
		}
	}
	if got := one.must(policy.ScanOperation, "d", nil)["keys"]; !slices.Equal(got.([]string), []string{"e", "f/g"}) {
		t.Errorf("scan of d: %v", got)
	}
}
