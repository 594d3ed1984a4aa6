// SPDX-License-Identifier: MPL-2.0

package passthrough_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/plugins/passthrough"
)

// mount is a mount of the engine in the process of the test.
type mount struct {
	logical.Backend
	storage logical.Storage
}

func newMount(t *testing.T) mount {
	t.Helper()
	conf := logical.TestBackendConfig()
	conf.StorageView = &logical.InmemStorage{}
	conf.System = logical.StaticSystemView{PluginEnvironment: &logical.PluginEnvironment{VaultVersion: "1.2.3"}}
	b, err := passthrough.Factory(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	return mount{Backend: b, storage: conf.StorageView}
}

func (m mount) do(t *testing.T, op logical.Operation, path string, data map[string]any) (*logical.Response, error) {
	t.Helper()
	return m.HandleRequest(t.Context(), &logical.Request{Operation: op, Path: path, Data: data, Storage: m.storage})
}

// must returns the data of a request that must succeed.
func (m mount) must(t *testing.T, op logical.Operation, path string, data map[string]any) map[string]any {
	t.Helper()
	resp, err := m.do(t, op, path, data)
	if err != nil {
		t.Fatalf("%s %s: %v", op, path, err)
	}
	if resp == nil {
		return nil
	}
	if resp.IsError() {
		t.Fatalf("%s %s: %v", op, path, resp.Error())
	}
	return resp.Data
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]map[string]any{
		"strings":           {"a": "1", "b": ""},
		"fields of its own": {"path": "mine", "name": "n", "value": "v", "ttl": "1h"},
		"nested":            {"m": map[string]any{"x": []any{"y", true, nil}}},
		"numbers":           {"n": json.Number("12345678901234567890")},
		"null":              {"n": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMount(t)
			m.must(t, logical.CreateOperation, "some/where deep", data)
			if got := m.must(t, logical.ReadOperation, "some/where deep", nil); !reflect.DeepEqual(got, data) {
				t.Errorf("got %#v, want %#v", got, data)
			}
		})
	}
}

func TestUpdateAndDelete(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.must(t, logical.CreateOperation, "a", map[string]any{"x": "1", "y": "2"})
	m.must(t, logical.UpdateOperation, "a", map[string]any{"y": "3"})
	if got := m.must(t, logical.ReadOperation, "a", nil); !reflect.DeepEqual(got, map[string]any{"y": "3"}) {
		t.Errorf("after the update: %v", got)
	}
	m.must(t, logical.DeleteOperation, "a", nil)
	if got := m.must(t, logical.ReadOperation, "a", nil); got != nil {
		t.Errorf("after the deletion: %v", got)
	}
	m.must(t, logical.DeleteOperation, "never/was", nil)
}

func TestExistenceCheck(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.must(t, logical.CreateOperation, "a", map[string]any{"x": "1"})
	for path, want := range map[string]bool{"a": true, "b": false} {
		found, exists, err := m.HandleExistenceCheck(t.Context(), &logical.Request{
			Operation: logical.CreateOperation, Path: path, Storage: m.storage,
		})
		if err != nil || !found || exists != want {
			t.Errorf("%s: found %v, exists %v, %v", path, found, exists, err)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for _, path := range []string{"a", "d/e", "d/f/g"} {
		m.must(t, logical.CreateOperation, path, map[string]any{"x": "1"})
	}
	for folder, want := range map[string][]string{"": {"a", "d/"}, "d/": {"e", "f/"}, "d": {"e", "f/"}} {
		if got := m.must(t, logical.ListOperation, folder, nil)["keys"]; !reflect.DeepEqual(got, want) {
			t.Errorf("list %q: got %v, want %v", folder, got, want)
		}
	}
	// A server answers a response without keys with 404.
	if got := m.must(t, logical.ListOperation, "none/", nil)["keys"]; got != nil {
		t.Errorf("list of nothing: %v", got)
	}
}

func TestEnv(t *testing.T) {
	t.Setenv("PLUGPROOF_SET", "x=y ✓")
	t.Setenv("PLUGPROOF_EMPTY", "")
	m := newMount(t)
	for name, want := range map[string]map[string]any{
		"PLUGPROOF_SET":   {"value": "x=y ✓", "set": true},
		"PLUGPROOF_EMPTY": {"value": "", "set": true},
		"PLUGPROOF_NONE":  {"value": "", "set": false},
	} {
		if got := m.must(t, logical.ReadOperation, "env/"+name, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if _, err := m.do(t, logical.UpdateOperation, "env/PLUGPROOF_SET", map[string]any{"value": "z"}); !errors.Is(err, logical.ErrUnsupportedOperation) {
		t.Errorf("write of a variable: %v", err)
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for _, c := range []struct {
		path, want string
		data       map[string]any
	}{
		{"a", "missing data fields", nil},
		{"", "missing path", map[string]any{"x": "1"}},
	} {
		resp, err := m.do(t, logical.CreateOperation, c.path, c.data)
		if err != nil || !resp.IsError() || resp.Error().Error() != c.want {
			t.Errorf("%q: %v, %v, want %s", c.path, resp, err, c.want)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for path, want := range map[string]string{"": "env/<NAME>", "env/X": "one variable", "any/path": "Store any fields"} {
		text, _ := m.must(t, logical.HelpOperation, path, nil)["help"].(string)
		if !strings.Contains(text, want) {
			t.Errorf("help of %q does not say %q: %s", path, want, text)
		}
	}
}
