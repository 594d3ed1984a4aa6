// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// send makes a request of exactly that text and returns status and body.
func send(t *testing.T, address, method, path, body string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Vault-Token", "root")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// TestBadInput sends what no client should and asks for the documented error.
// After all of it the catalog and the mounts are as they were.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s, client, sha := start(t, mockserver.WithDialect("vault-1.16"))
	dir := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	before, err := client.Sys().ListMountsWithContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const register = "sys/plugins/catalog/secret/probe"
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		text                     string
	}{
		{"no body", "PUT", register, "", 400, "missing SHA-256 value"},
		{"broken JSON", "PUT", register, `{"sha256": `, 400, "error parsing JSON"},
		{"a list", "PUT", register, `[1]`, 400, "error parsing JSON"},
		{"wrong type", "PUT", register, `{"command": {"a": 1}, "sha256": "00"}`, 400, "expected type 'string'"},
		{"no hash", "PUT", register, `{"command": "probe"}`, 400, "missing SHA-256 value"},
		{"bad hex", "PUT", register, `{"command": "probe", "sha256": "xyz"}`, 400, "Could not decode SHA256 value from Hex"},
		{"no command", "PUT", register, `{"sha256": "` + sha + `"}`, 400, "must provide at least one of command or oci_image"},
		{"parent in command", "PUT", register, `{"command": "../probe", "sha256": "` + sha + `"}`, 500, "path cannot contain parent references"},
		{"absolute command", "PUT", register, `{"command": "/bin/sh", "sha256": "` + sha + `"}`, 500, "error while validating the command path"},
		{"no such file", "PUT", register, `{"command": "nope", "sha256": "` + sha + `"}`, 500, "error while validating the command path"},
		{"bad version", "PUT", register, `{"command": "probe", "version": "banana", "sha256": "` + sha + `"}`, 400, "not a valid semantic version"},
		{"builtin version", "PUT", register, `{"command": "probe", "version": "v1.0.0+builtin", "sha256": "` + sha + `"}`, 400, "reserved metadata identifier"},
		{"NUL in name", "PUT", "sys/plugins/catalog/secret/a%00b", `{"command": "probe"}`, 400, ""},
		{"bad type of plugin", "PUT", "sys/plugins/catalog/bogus/", `{}`, 400, ""},
		{"body too large", "PUT", register, `{"command": "` + strings.Repeat("x", 33<<20) + `"}`, 413, "error parsing JSON"},
		{"deep JSON", "PUT", register, strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), 400, "error parsing JSON"},
		{"mount of nothing", "POST", "sys/mounts/x", `{"type": "nope"}`, 400, "plugin not found in the catalog: nope"},
		{"mount without type", "POST", "sys/mounts/x", `{}`, 400, "backend type must be specified as a string"},
		{"mount at sys", "POST", "sys/mounts/sys/x", `{"type": "kv"}`, 400, `cannot mount "sys/x/"`},
		{"bad TTL", "POST", "sys/mounts/x", `{"type": "kv", "config": {"default_lease_ttl": "soon"}}`, 400, "unable to parse default TTL"},
		{"config of a wrong type", "POST", "sys/mounts/x", `{"type": "kv", "config": 5}`, 400, "expected a map"},
		{"tune of nothing", "POST", "sys/mounts/none/tune", `{"max_lease_ttl": "1h"}`, 400, "no mount entry found"},
		{"reload of nothing", "PUT", "sys/plugins/reload/backend", `{}`, 400, "plugin or mounts must be provided"},
		{"remount of nothing", "POST", "sys/remount", `{"from": "none", "to": "b"}`, 400, `no matching mount at "none/"`},
		{"bad policy", "PUT", "sys/policies/acl/p", `{"policy": "path {{{"}`, 400, "failed to parse policy"},
		{"no route", "GET", "nowhere/x", "", 404, "no handler for route"},
		{"odd method", "BREW", "sys/mounts", "", 405, ""},
		{"not emulated", "GET", "sys/monitor", "", 501, "sys/monitor (read) is not emulated by plugproof's mock server"},
		{"nothing in sys", "GET", "sys/no-such-thing", "", 404, "unsupported path"},
		{"a long path", "GET", strings.Repeat("x", 8000), "", 404, "no handler for route"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, body := send(t, s.Address(), test.method, test.path, test.body)
			if status != test.status || !strings.Contains(body, strings.ReplaceAll(test.text, `"`, `\"`)) {
				t.Errorf("%d %.300s, want %d %s", status, body, test.status, test.text)
			}
		})
	}
	after, err := client.Sys().ListMountsWithContext(t.Context())
	if err != nil || len(after) != len(before) {
		t.Errorf("mounts before %d, after %d (%v)", len(before), len(after), err)
	}
	if got := s.Processes(); len(got) != 0 {
		t.Errorf("plugin processes are left: %+v", got)
	}
}

// TestManyStrings: OpenBao counts the strings of a request.
func TestManyStrings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		dialect string
		strings int
		status  int
	}{
		{"openbao-2.5", 1000, 204}, {"openbao-2.5", 1001, 400}, {"openbao-2.3", 1001, 204}, {"vault-1.20", 1001, 204},
	} {
		s, _, _ := start(t, mockserver.WithDialect(test.dialect))
		body := `{"value": ["` + strings.Repeat(`x", "`, test.strings-2) + `x"]}`
		if status, answer := send(t, s.Address(), "POST", "cubbyhole/a", body); status != test.status {
			t.Errorf("%s, %d strings: %d %.200s, want %d", test.dialect, test.strings, status, answer, test.status)
		}
	}
}

// TestUnknownConfig: what a server doesn't know is ignored, of whatever type.
func TestUnknownConfig(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"openbao-2.5": 204, "vault-1.20": 400} {
		s, _, _ := start(t, mockserver.WithDialect(name))
		for _, field := range []string{"delegated_auth_accessors", "identity_token_key", "trim_request_trailing_slashes"} {
			body := `{"type": "kv", "config": {"` + field + `": {"a": 1}}}`
			if status, answer := send(t, s.Address(), "POST", "sys/mounts/"+field, body); status != want {
				t.Errorf("%s, %s: %d %s, want %d", name, field, status, answer, want)
			}
		}
	}
}

// TestIdentityTokenKeys: mounts name keys of identity/oidc/key, which cannot be deleted
// then (vault/identity_store_oidc.go, pathOIDCDeleteKey).
func TestIdentityTokenKeys(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, mockserver.WithDialect("vault-1.21"))
	for _, step := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"POST", "sys/mounts/m", `{"type": "kv", "config": {"identity_token_key": "k"}}`, 400, `key \"k\" does not exist`},
		{"GET", "identity/oidc/key/k", "", 404, ""},
		{"GET", "identity/oidc/key/default", "", 200, `"allowed_client_ids":["*"],"rotation_period":86400,"verification_ttl":86400`},
		{"POST", "identity/oidc/key/k", `{"algorithm": "none"}`, 400, `unknown signing algorithm \"none\"`},
		{"POST", "identity/oidc/key/k", `{"rotation_period": 59}`, 400, "rotation_period must be at least one minute"},
		{"POST", "identity/oidc/key/k", `{"rotation_period": 60, "verification_ttl": 601}`, 400, "verification_ttl cannot be longer than 10x rotation_period"},
		{"POST", "identity/oidc/key/k/rotate", "", 400, `no named key found at \"k\"`},
		{"POST", "identity/oidc/key/k", `{"algorithm": "EdDSA", "verification_ttl": "2h"}`, 204, ""},
		{"POST", "identity/oidc/key/k", `{"rotation_period": "1h"}`, 204, ""},
		{"GET", "identity/oidc/key/k", "", 200, `"algorithm":"EdDSA","allowed_client_ids":[],"rotation_period":3600,"verification_ttl":7200`},
		{"LIST", "identity/oidc/key", "", 200, `"keys":["default","k"]`},
		{"POST", "identity/oidc/key/k/rotate", "", 204, ""},
		{"POST", "sys/mounts/m", `{"type": "kv", "config": {"identity_token_key": "k"}}`, 204, ""},
		{"DELETE", "identity/oidc/key/k", "", 400, `unable to delete key \"k\" because it is currently referenced by these mounts: m/`},
		{"POST", "sys/mounts/m/tune", `{"identity_token_key": "l"}`, 400, `key \"l\" does not exist`},
		{"POST", "sys/mounts/m/tune", `{"identity_token_key": "default"}`, 204, ""},
		{"DELETE", "identity/oidc/key/k", "", 204, ""},
		{"DELETE", "identity/oidc/key/default", "", 400, `deletion of key \"default\" not allowed`},
	} {
		status, answer := send(t, s.Address(), step.method, step.path, step.body)
		if status != step.status || !strings.Contains(answer, step.answer) {
			t.Errorf("%s %s %s: %d %s, want %d %s", step.method, step.path, step.body, status, answer, step.status, step.answer)
		}
	}
}

// TestOwnMountsAsMeasured: requests to the server's own mounts that a random test found
// answered in another way by OpenBao 2.5.5.
func TestOwnMountsAsMeasured(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, mockserver.WithDialect("openbao-2.5"))
	for _, step := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"DELETE", "cubbyhole/", "", 204, ""},
		{"GET", "cubbyhole/", "", 500, "missing path"},
		{"POST", "sys/namespaces/team", "{}", 200, ""},
		{"POST", "team/sys/auth/token/tune", `{"token_type": "batch"}`, 400, "'token_type' cannot be set for 'token' or 'ns_token' auth mounts"},
		{"LIST", "identity/oidc/role/a", "", 501, "is not emulated by plugproof's mock server"},
		{"SCAN", "identity/oidc/role/a", "", 405, "unsupported operation"},
		{"LIST", "identity/lookup/entity", "", 404, "unsupported path"},
	} {
		status, answer := send(t, s.Address(), step.method, step.path, step.body)
		if status != step.status || !strings.Contains(answer, step.answer) {
			t.Errorf("%s %s %s: %d %s, want %d %s", step.method, step.path, step.body, status, answer, step.status, step.answer)
		}
	}
}

// TestNamesOfOnePlugin: a plugin's name and its command are paths, and written
// in more than one way they mean the same (measured, OpenBao 2.5.5).
func TestNamesOfOnePlugin(t *testing.T) {
	t.Parallel()
	s, _, sha := start(t)
	const entry = "sys/plugins/catalog/secret/probe"
	for _, command := range []string{"probe", "./probe", "././probe", "probe/"} {
		if status, body := send(t, s.Address(), "PUT", entry, `{"command": "`+command+`", "sha256": "`+sha+`"}`); status != 204 {
			t.Fatalf("%s: %d %s", command, status, body)
		}
		if status, body := send(t, s.Address(), "GET", entry+"/", ""); status != 200 || !strings.Contains(body, `"command":"probe"`) {
			t.Errorf("%s: %d %s", command, status, body)
		}
	}
	if status, body := send(t, s.Address(), "POST", "sys/mounts/p", `{"type": "probe/"}`); status != 204 {
		t.Errorf("mount: %d %s", status, body)
	}
	if status, body := send(t, s.Address(), "DELETE", entry+"/", ""); status != 204 {
		t.Errorf("removal: %d %s", status, body)
	}
	if status, body := send(t, s.Address(), "GET", entry, ""); status != 404 {
		t.Errorf("after its removal: %d %s", status, body)
	}
}

// TestStatusInANamespace: what tells of the server is answered in namespaces
// that aren't there, or nowhere but at the root.
func TestStatusInANamespace(t *testing.T) {
	t.Parallel()
	s, _, _ := start(t, mockserver.WithDialect("openbao-2.5"))
	for path, want := range map[string]int{
		"sys/seal-status": 200, "sys/leader": 200, "sys/health": 400, "sys/init": 400, "sys/mounts": 404,
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.Address()+"/v1/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Vault-Token", "root")
		r.Header.Set("X-Vault-Namespace", "a")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
}

// TestPluginThatHangs: nothing takes longer than the start timeout, and what
// was tried is not half there.
func TestPluginThatHangs(t *testing.T) {
	t.Parallel()
	const limit = 2 * time.Second
	s, client, sha := start(t, mockserver.WithStartTimeout(limit))
	began := time.Now()
	register(t, client, api.PluginTypeSecrets, "hangs", sha, "PROBE_FAULT=hang-at-start")
	if err := client.Sys().MountWithContext(t.Context(), "h", &api.MountInput{Type: "hangs"}); err == nil {
		t.Error("a plugin that never starts was mounted")
	}
	// Registration and mount each start it; the rest is what a busy machine adds.
	if took := time.Since(began); took > 4*limit {
		t.Errorf("registration and mount took %s at a start timeout of %s", took, limit)
	}
	if got := s.Processes(); len(got) != 0 {
		t.Errorf("plugin processes are left: %+v", got)
	}
	register(t, client, api.PluginTypeSecrets, "probe", sha)
	mount(t, client, "h", "probe")
}
