// SPDX-License-Identifier: MPL-2.0

package sys_test

import (
	"context"
	"testing"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

const runtimes = "plugins/runtimes/catalog"

// unversioned answers for plugins instead of starting them.
type unversioned struct{ catalog.Prober }

func (unversioned) Probe(context.Context, *catalog.Entry) (string, error) { return "", nil }

func TestRuntimes(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vault-1.21")
	if resp := s.must(list, runtimes, nil); len(resp.Data["runtimes"].([]map[string]any)) != 0 {
		t.Errorf("none: %+v", resp.Data)
	}
	s.must(update, runtimes+"/container/b.c", data{"oci_runtime": "runc", "cgroup_parent": "/x", "cpu_nanos": "1000", "memory_bytes": 4096.0, "rootless": "1"})
	s.must(update, runtimes+"/container/a", nil)
	resp := s.must(read, runtimes+"/container/b.c", nil)
	for key, want := range map[string]any{
		"name": "b.c", "type": "container", "oci_runtime": "runc", "cgroup_parent": "/x",
		"cpu_nanos": int64(1000), "memory_bytes": int64(4096), "rootless": true,
	} {
		if got := resp.Data[key]; got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
	for _, op := range []logical.Operation{list, read} {
		for _, query := range []map[string]any{nil, {"type": "container"}} {
			all := s.must(op, runtimes, query).Data["runtimes"].([]map[string]any)
			if len(all) != 2 || all[0]["name"] != "a" || all[1]["name"] != "b.c" {
				t.Errorf("%s %v: %+v", op, query, all)
			}
		}
		if none := s.must(op, runtimes, data{"type": "unsupported"}).Data["runtimes"].([]map[string]any); len(none) != 0 {
			t.Errorf("%s of a type without runtimes: %+v", op, none)
		}
		s.refused(op, runtimes, data{"type": "bogus"}, 400, `"bogus" is not a supported plugin runtime type`)
	}
	s.must(update, runtimes+"/container/b.c", nil) // the whole runtime is exchanged
	if got := s.must(read, runtimes+"/container/b.c", nil).Data; got["oci_runtime"] != "" || got["cpu_nanos"] != int64(0) || got["rootless"] != false {
		t.Errorf("exchanged: %+v", got)
	}
	s.must(remove, runtimes+"/container/b.c", nil)
	s.refused(read, runtimes+"/container/b.c", nil, 404, "")
}

func TestRuntimesAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vault-1.21")
	const path = runtimes + "/container/rt"
	s.refused(update, path, data{"cpu_nanos": -1}, 400, "runtime cpu in nanos cannot be negative")
	s.refused(update, path, data{"memory_bytes": "-1"}, 400, "runtime memory in bytes cannot be negative")
	s.refused(update, path, data{"memory_bytes": "much"}, 400, `memory_bytes`)
	s.refused(update, path, data{"rootless": "maybe"}, 400, `rootless`)
	s.refused(read, path, nil, 404, "")
	s.refused(remove, path, nil, 500, "plugin runtime not found")
	s.refused(logical.PatchOperation, path, nil, 405, "unsupported operation")
	for _, path := range []string{runtimes + "/bogus/rt", runtimes + "/container", runtimes + "/container/a/b", runtimes + "/container/-"} {
		s.refused(update, path, nil, 404, "unsupported path")
	}
	s.refused(update, "plugins/catalog/secret/p", data{"oci_image": "i", "sha256": "ab", "runtime": "rt"}, 400,
		`specified plugin runtime "rt", but failed to retrieve config: %!w(*fmt.wrapError=&{failed to retrieve container plugin runtime "rt": plugin runtime not found 0x`)
}

func TestARuntimeThatPluginsReferToStays(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vault-1.15")
	const path = runtimes + "/container/rt"
	s.must(update, path, nil)
	keys := []catalog.Key{
		{Type: consts.PluginTypeCredential, Name: "c"}, {Type: consts.PluginTypeSecrets, Name: "a", Version: "v1.0.0"},
		{Type: consts.PluginTypeSecrets, Name: "b", Version: "v1.1.0"}, {Type: consts.PluginTypeSecrets, Name: "b", Version: "v1.0.0"},
		{Type: consts.PluginTypeSecrets, Name: "b"},
	}
	for _, key := range keys {
		if err := s.core.Catalog().Set(t.Context(), &catalog.Entry{Key: key, Image: "i", Runtime: "rt"}, unversioned{}); err != nil {
			t.Fatal(err)
		}
	}
	s.refused(remove, path, nil, 400, `unable to delete "rt" runtime. Registered plugins=[b b b a c] are referencing it.`)
	s.must(read, path, nil)
	for _, key := range keys {
		s.must(remove, "plugins/catalog/"+key.Type.String()+"/"+key.Name, data{"version": key.Version})
	}
	s.must(remove, path, nil)
}
