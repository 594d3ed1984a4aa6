// SPDX-License-Identifier: MPL-2.0

package sys_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestPathsOfDialects: an endpoint is there from the version on that brought it.
func TestPathsOfDialects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		op    logical.Operation
		path  string
		there map[string]bool
	}{
		{read, "plugins/pins", map[string]bool{"vault-1.15": false, "vault-1.16": true, "openbao-2.6": false}},
		{list, "plugins/runtimes/catalog", map[string]bool{"vault-1.14": false, "vault-1.16": true, "openbao-2.6": false}},
		{list, "namespaces", map[string]bool{"openbao-2.2": false}},
		{read, "capabilities", map[string]bool{"vault-1.21": false}},
	} {
		for name, there := range test.there {
			_, status, text := newServer(t, name).ask(test.op, test.path, nil)
			if missing := strings.Contains(text, "unsupported"); missing == there {
				t.Errorf("%s: %s %s: %d %s, there: %v", name, test.op, test.path, status, text, there)
			}
		}
	}
	s := newServer(t, "vault-1.21")
	s.refused(read, "host-info", nil, 501, "is not emulated by plugproof's mock server")
	for path, op := range map[string]logical.Operation{
		"namespaces": list, "namespaces/a/b": update, "namespaces/api-lock/lock": update, "license/status": read,
		"replication/dr/primary/enable": update, "policies/egp/x": read, "plugins/reload/backend/status": read, "config/control-group": read,
	} {
		s.refused(op, path, nil, 404, "enterprise-only feature")
		_, status, text := newServer(t, "openbao-2.2").ask(op, path, nil)
		if status != 404 || !strings.Contains(text, "unsupported path") {
			t.Errorf("OpenBao: %s %s: %d %s", op, path, status, text)
		}
	}
	if got := s.must(read, "replication/status", nil).Data["mode"]; got != "disabled" {
		t.Errorf("the replication's mode is %v", got)
	}
	modes := newServer(t, "vault-2.0+ent").must(read, "replication/status", nil).Data
	for _, kind := range []string{"dr", "performance"} {
		if got, _ := modes[kind].(map[string]any); got["mode"] != "disabled" {
			t.Errorf("Enterprise's replication %s is %v", kind, got)
		}
	}
}

// TestVersionHistory: the server's version is installed since its first start, without
// what follows the plus sign.
func TestVersionHistory(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ version, built string }{
		"vault-1.14": {"1.14.3", "build_date"}, "openbao-2.6": {"2.6.2", "commit_date"}, "vault-2.0+ent": {"2.0.0", "build_date"},
	} {
		history := newServer(t, name).must(list, "version-history", nil).Data
		info, _ := history["key_info"].(map[string]any)[want.version].(map[string]any)
		_, built := info[want.built]
		if keys, _ := history["keys"].([]string); !slices.Equal(keys, []string{want.version}) || !built || info["previous_version"] != nil || info["timestamp_installed"] == "" {
			t.Errorf("%s: %v", name, history)
		}
	}
}

func TestTools(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vault-1.21")
	for _, test := range []struct {
		path string
		body data
		want string // the sum, the number of characters, or the error
	}{
		{"tools/hash", data{"input": "YQ=="}, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
		{"tools/hash/sha2-224", data{"input": "YQ==", "format": "base64"}, "q9N1NMfZou+5Rl3pMc1wVf/biHlWOumAeNbW1Q=="},
		{"tools/hash", data{"input": "YQ==", "algorithm": "md5"}, "unsupported algorithm md5"},
		{"tools/hash", data{"input": "YQ==", "format": "x"}, `unsupported encoding format x; must be "hex" or "base64"`},
		{"tools/hash", data{"input": "?"}, "unable to decode input as base64: illegal base64 data at input byte 0"},
		{"tools/random", nil, "44"},
		{"tools/random/3", data{"format": "hex"}, "6"},
		{"tools/random/all/3", data{"format": "hex"}, "6"},
		{"tools/random/platform", data{"format": "hex", "bytes": 5}, "10"},
		{"tools/random/odd", nil, `error parsing url-set byte count: strconv.Atoi: parsing "odd": invalid syntax`},
		{"tools/random/odd/3", nil, `unsupported entropy source "odd"; must be "platform" or "seal", or "all"`},
		{"tools/random/0", nil, `"bytes" cannot be less than 1`},
		{"tools/random/131073", nil, `"bytes" should be less than 131072`},
	} {
		resp, _, got := s.ask(update, test.path, test.body)
		if got == "" {
			if sum, ok := resp.Data["sum"].(string); ok {
				got = sum
			} else {
				got = strconv.Itoa(len(resp.Data["random_bytes"].(string)))
			}
		}
		if got != test.want {
			t.Errorf("%s %v: %q, want %q", test.path, test.body, got, test.want)
		}
	}
}

func TestPolicyExpiration(t *testing.T) {
	t.Parallel()
	const path, text = "policies/acl/p", `path "a" { capabilities = ["read"] }`
	s := newServer(t, "openbao-2.3")
	s.refused(update, path, data{"policy": text, "ttl": 5, "expiration": "2099-01-01T00:00:00Z"}, 400, "cannot supply both 'expiration' and 'ttl' for policies")
	s.refused(update, path, data{"policy": text, "ttl": 0}, 400, "refusing to update policy as expiration time has already elapsed")
	s.must(update, path, data{"policy": text, "ttl": 60})
	if got := s.must(read, path, nil).Data["expiration"]; got == nil {
		t.Error("the expiration is not shown")
	}
	s.must(update, path, data{"policy": text})
	if got, there := s.must(read, path, nil).Data["expiration"]; there {
		t.Errorf("the expiration is still %v", got)
	}
}

func TestDetailedPolicies(t *testing.T) {
	t.Parallel()
	s := newServer(t, "openbao-2.6")
	s.must(update, "policies/acl/team/a", data{"policy": `path "a" { capabilities = ["read"] }`})
	got := s.must(list, "policies/detailed/acl", nil).Data
	infos := got["key_info"].(data)
	if !slices.Equal(got["keys"].([]string), []string{"default", "team/a", "root"}) || infos["team/a"].(data)["policy"] != `path "a" { capabilities = ["read"] }` || infos["root"] == nil {
		t.Errorf("%v", got)
	}
	s.must(list, "policies/detailed/acl", data{"list": "true"})
	s.refused(list, "policies/detailed/acl", data{"list": "x"}, 400, `error converting input for field "list"`)
	newServer(t, "openbao-2.2").refused(list, "policies/detailed/acl", nil, 404, "unsupported path")
}

// TestKeys: what makes new keys and root tokens is not emulated where servers serve it.
func TestKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t, "openbao-2.6")
	for _, path := range []string{"rekey/init", "rekey/update", "rekey/verify", "generate-root", "generate-root/attempt", "generate-root/update"} {
		s.refused(read, path, nil, 405, "unsupported operation")
		s.refused(update, path, nil, 405, "unsupported operation")
	}
	s.refused(read, "rekey/nonsense", nil, 404, "unsupported path")
	s.refused(read, "rekey/backup", nil, 501, "is not emulated")
	newServer(t, "openbao-2.4").refused(read, "rekey/init", nil, 501, "is not emulated")
	newServer(t, "vault-2.0").refused(read, "generate-root/attempt", nil, 501, "is not emulated")
}

func TestPatchPolicy(t *testing.T) {
	t.Parallel()
	const path, text = "policies/acl/p", `path "a" { capabilities = ["read"] }`
	s := newServer(t, "openbao-2.6")
	const patch logical.Operation = logical.PatchOperation
	s.refused(patch, path, data{"cas_required": true}, 400, "policy not found") // the response hides the 404
	s.must(update, path, data{"policy": text, "allow_slashes_in_identity_templates": true})
	s.must(patch, path, data{"cas_required": true})
	s.refused(patch, path, data{"cas": 1}, 400, "check-and-set parameter did not match the current version")
	s.refused(patch, path, data{"policy": "path {"}, 400, "failed to parse policy")
	s.refused(patch, path, data{"policy": ""}, 400, "'policy' parameter not supplied or empty")
	got := s.must(read, path, nil).Data
	if got["policy"] != text || got["version"] != 2 || got["cas_required"] != true || got["allow_slashes_in_identity_templates"] != true {
		t.Errorf("%v", got)
	}
	newServer(t, "openbao-2.5").refused(patch, path, nil, 405, "unsupported operation")
}

// TestOwnTypesHaveNoVersions: the types of the server's own mounts, in namespaces too,
// cannot be had in a version.
func TestOwnTypesHaveNoVersions(t *testing.T) {
	t.Parallel()
	s := newServer(t, "openbao-2.6")
	for path, types := range map[string][]string{"auth/n": {"token", "ns_token"}, "mounts/n": {"system", "ns_system", "ns_cubbyhole", "ns_identity"}} {
		for _, name := range types {
			s.refused(update, path, data{"type": name, "config": data{"plugin_version": "v1.0.0"}}, 400, "plugin "+name)
		}
	}
	newServer(t, "vault-1.21").refused(update, "auth/n", data{"type": "ns_token", "config": data{"plugin_version": "v1.0.0"}}, 400, "plugin not found in the catalog")
}
