// SPDX-License-Identifier: MPL-2.0

package sys_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
	"github.com/plugproof/plugproof/mockserver/internal/sys"
)

const (
	read   = logical.ReadOperation
	update = logical.UpdateOperation
	remove = logical.DeleteOperation
	list   = logical.ListOperation
)

// server is a core with a secrets engine and an auth method of this process.
type server struct {
	t    *testing.T
	core *core.Core
}

func newServer(t *testing.T, name string) *server {
	t.Helper()
	d, err := dialect.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	empty := func(kind logical.BackendType) logical.Factory {
		return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
			b := &framework.Backend{BackendType: kind}
			return b, b.Setup(ctx, conf)
		}
	}
	c, err := core.New(t.Context(), core.Options{
		Dialect: d, Physical: storage.NewMemory(), APIAddr: func() string { return "" }, RootToken: "root",
		Environ: func() []string { return nil }, Logger: hclog.NewNullLogger(), PluginDir: t.TempDir(),
		Backends: map[catalog.Key]logical.Factory{
			{Type: consts.PluginTypeSecrets, Name: "engine"}:     empty(logical.TypeLogical),
			{Type: consts.PluginTypeCredential, Name: "userpas"}: empty(logical.TypeCredential),
		},
	}, sys.Factory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return &server{t, c}
}

type data = map[string]any

// ask sends a request with the root token; status is 200 for every success.
func (s *server) ask(op logical.Operation, path string, body data) (resp *logical.Response, status int, text string) {
	s.t.Helper()
	req := &logical.Request{ID: "1", Operation: op, Path: "sys/" + path, Data: body, ClientToken: "root"}
	resp, err := s.core.Handle(s.t.Context(), req)
	status, err = logical.RespondErrorCommon(req, resp, err)
	if err != nil {
		logical.AdjustErrorStatusCode(&status, err)
		return resp, status, err.Error()
	}
	if status == 0 {
		status = 200
	}
	return resp, status, ""
}

// must is ask for what has to succeed.
func (s *server) must(op logical.Operation, path string, body data) *logical.Response {
	s.t.Helper()
	resp, status, text := s.ask(op, path, body)
	if status != 200 {
		s.t.Fatalf("%s %s: %d %s", op, path, status, text)
	}
	return resp
}

// refused checks that a request fails with a text.
func (s *server) refused(op logical.Operation, path string, body data, status int, text string) {
	s.t.Helper()
	if _, got, gotText := s.ask(op, path, body); got != status || !strings.Contains(gotText, text) {
		s.t.Errorf("%s %s %v: %d %q, want %d %q", op, path, body, got, gotText, status, text)
	}
}

func TestEnableIsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vault-1.21")
	for _, test := range []struct {
		path string
		body data
		text string
	}{
		{"mounts/x", data{}, "backend type must be specified as a string"},
		{"mounts/x", data{"type": "nothing"}, "plugin not found in the catalog: nothing"},
		{"mounts/x", data{"type": "plugin"}, "plugin_name must be provided for plugin backend"},
		{"mounts/sys/x", data{"type": "engine"}, `cannot mount "sys/x/"`},
		{"mounts/x", data{"type": "engine", "config": data{"default_lease_ttl": "soon"}}, "unable to parse default TTL of soon"},
		{"mounts/x", data{"type": "engine", "config": data{"default_lease_ttl": "2h", "max_lease_ttl": "1h"}}, "given default lease TTL greater than given max lease TTL"},
		{"mounts/x", data{"type": "engine", "config": data{"default_lease_ttl": "9000h"}}, "given default lease TTL greater than system max lease TTL of 2764800"},
		{"mounts/x", data{"type": "engine", "config": data{"force_no_cache": data{}}}, "unable to convert given mount config information"},
		{"auth/x", data{"type": "userpas", "config": data{"force_no_cache": data{}}}, "unable to convert given auth config information"},
		{"auth/x", data{"type": "userpas", "config": data{"token_type": "odd"}}, `invalid value for 'token_type'`},
		{"mounts/x", data{"type": "engine", "config": data{"listing_visibility": "maybe"}}, "invalid listing_visibility"},
		{"mounts/x", data{"type": "engine", "config": data{"identity_token_key": "other"}}, `key "other" does not exist`},
		{"mounts/x", data{"type": "engine", "config": data{"plugin_version": "new"}}, `version "new" is not a valid semantic version`},
		{"mounts/x", data{"type": "kv", "options": data{"version": "3"}}, `nil backend of type "kv" returned from factory`},
	} {
		s.refused(update, test.path, test.body, 400, test.text)
	}
	if got := s.must(read, "mounts", nil).Data; got["x/"] != nil || got["sys/"] == nil {
		t.Errorf("mounts after refused ones: %v", got)
	}
}

func TestEnableReadDisable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"vault-1.14", "vault-1.21", "openbao-2.6"} {
		s := newServer(t, name)
		s.must(update, "mounts/a/b", data{"type": "engine", "description": "mine", "local": true, "config": data{
			"default_lease_ttl": "90s", "passthrough_request_headers": "X-A, X-B", "nonsense": 1,
		}})
		s.must(update, "auth/m", data{"type": "userpas", "config": data{"token_type": "batch"}})
		got := s.must(read, "mounts/a/b/tune", nil).Data
		if got["default_lease_ttl"] != 90 || got["max_lease_ttl"] != 2764800 || got["description"] != "mine" ||
			!slices.Equal(got["passthrough_request_headers"].([]string), []string{"X-A", "X-B"}) {
			t.Errorf("%s: %v", name, got)
		}
		if got := s.must(read, "auth/m/tune", nil).Data; got["token_type"] != "batch" {
			t.Errorf("%s: %v", name, got)
		}
		s.refused(update, "mounts/a/b", data{"type": "engine"}, 400, "path is already in use at a/b/")
		for range 2 { // nobody learns that it is gone already
			s.must(remove, "mounts/a/b", nil)
		}
		s.refused(read, "mounts/a/b", nil, 400, "No secret engine mount at a/b/")
		s.refused(remove, "mounts/sys", nil, 400, `cannot unmount "sys/"`)
	}
}

func TestTune(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vault-1.21")
	s.must(update, "mounts/m", data{"type": "engine"})
	for _, test := range []struct {
		path string
		body data
		text string
	}{
		{"mounts/none/tune", data{"description": "x"}, `tune of path "none/" failed: no mount entry found`},
		{"mounts/m/tune", data{"default_lease_ttl": "soon"}, "time: invalid duration"},
		{"mounts/m/tune", data{"default_lease_ttl": "2h", "max_lease_ttl": "1h"}, "backend max lease TTL of 3600 would be less than backend default lease TTL of 7200"},
		{"mounts/m/tune", data{"token_type": "batch"}, "'token_type' can only be modified on auth mounts"},
		{"mounts/m/tune", data{"listing_visibility": "maybe"}, "invalid listing_visibility"},
		{"mounts/m/tune", data{"plugin_version": "v9.9.9"}, "plugin not found in the catalog"},
		{"mounts/m/tune", data{"user_lockout_config": data{"lockout_threshold": "1"}}, `tuning of user lockout configuration for auth type "engine" not allowed`},
		{"mounts/cubbyhole/tune", data{"description": "x"}, "cannot tune parameter description of cubbyhole/"},
		{"auth/token/tune", data{"token_type": "batch"}, "'token_type' cannot be set for 'token'"},
	} {
		s.refused(update, test.path, test.body, 400, test.text)
	}
	s.must(update, "mounts/m/tune", data{"default_lease_ttl": "1h", "description": "new", "options": data{"a": "1", "b": "2"}})
	s.must(update, "mounts/m/tune", data{"default_lease_ttl": "system", "options": data{"b": ""}})
	got := s.must(read, "mounts/m/tune", nil).Data
	options, _ := got["options"].(map[string]string)
	if got["default_lease_ttl"] != 2764800 || got["description"] != "new" || len(options) != 1 || options["a"] != "1" {
		t.Errorf("%v", got)
	}
}

// TestTuneInPart: what stands before a field that is refused was changed, until
// OpenBao 2.6.
func TestTuneInPart(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"openbao-2.5": "new", "openbao-2.6": ""} {
		s := newServer(t, name)
		s.must(update, "mounts/m", data{"type": "engine"})
		s.refused(update, "mounts/m/tune", data{"description": "new", "listing_visibility": "maybe"}, 400, "invalid listing_visibility")
		if got := s.must(read, "mounts/m/tune", nil).Data["description"]; got != want {
			t.Errorf("%s: the description is %q, want %q", name, got, want)
		}
	}
}

// TestUpgradeWarning: OpenBao 2.6 says 0 for the version that a mount is upgraded to.
func TestUpgradeWarning(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"openbao-2.5": "from version 0 to version 1.", "openbao-2.6": "from version 0 to version 0."} {
		s := newServer(t, name)
		s.must(update, "mounts/m", data{"type": "engine"})
		resp := s.must(update, "mounts/m/tune", data{"options": data{"version": "1"}})
		if len(resp.Warnings) != 1 || !strings.Contains(resp.Warnings[0], want) {
			t.Errorf("%s: warnings %q, want one with %q", name, resp.Warnings, want)
		}
	}
}

func TestRemountIsRefused(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]string{"openbao-2.2": "invalid destination mount: path '' does not match cleaned path '.'", "openbao-2.3": `invalid destination mount path "/"`} {
		s := newServer(t, name)
		s.must(update, "mounts/m", data{"type": "engine"})
		for to, want := range map[string]string{
			"": "both 'from' and 'to' path must be specified", " x": "'to' path cannot contain trailing whitespace", "/": empty,
			"a//b": "invalid destination mount: path 'a//b/' does not match cleaned path 'a/b/'", "sys/x": "cannot remount to destination sys/x/",
		} {
			s.refused(update, "remount", data{"from": "m", "to": to}, 400, want)
		}
		s.must(read, "mounts/m", nil)
	}
}

func TestRegistrationIsRefused(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("ab", 32)
	for _, test := range []struct {
		dialect string
		body    data
		text    string
	}{
		{"vault-1.14", data{"command": "x"}, "missing SHA-256 value"},
		{"vault-1.14", data{"sha256": sha}, "missing command value"},
		{"vault-1.14", data{"sha256": "zz", "command": "x"}, "Could not decode SHA-256 value from Hex"},
		{"vault-1.15", data{"sha256": "zz", "command": "x"}, "Could not decode SHA256 value from Hex zz"},
		{"vault-1.15", data{"sha256": sha}, "must provide at least one of command or oci_image"},
		{"vault-1.21", data{"command": "x"}, "must provide at least one of sha256 or version"},
		{"vault-1.21", data{"sha256": sha, "command": "x", "version": "new"}, `version "new" is not a valid semantic version`},
		{"vault-1.21", data{"sha256": sha, "command": "x", "version": "1.0.0+builtin"}, "builtin"},
	} {
		s := newServer(t, test.dialect)
		s.refused(update, "plugins/catalog/secret/p", test.body, 400, test.text)
		s.refused(read, "plugins/catalog/secret/p", nil, 404, "")
	}
	s := newServer(t, "vault-1.21")
	// What the catalog refuses is answered as a failure of the server.
	s.refused(update, "plugins/catalog/secret/p", data{"sha256": sha, "command": "../x"}, 500, "path cannot contain parent references")
	s.refused(update, "plugins/catalog/secret/p", data{"sha256": sha, "command": "missing"}, 500, "error while validating the command path")
	s.must(remove, "plugins/catalog/secret/p", nil) // what is not there is gone
	names := s.must(list, "plugins/catalog/secret", nil).Data["keys"].([]string)
	if !slices.Contains(names, "engine") || !slices.Contains(names, "kv") {
		t.Errorf("secrets engines: %q", names)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	s := newServer(t, "vault-1.21")
	s.must(update, "mounts/m", data{"type": "engine"})
	const path = "plugins/reload/backend"
	s.refused(update, path, nil, 400, "plugin or mounts must be provided")
	s.refused(update, path, data{"plugin": "engine", "mounts": "m/"}, 400, "plugin and mounts cannot be set at the same time")
	s.refused(update, path, data{"plugin": "engine", "scope": "world"}, 400, "reload scope must be omitted or 'global'")
	s.refused(update, path, data{"mounts": "none/"}, 500, `cannot fetch mount entry on "none/"`)
	if resp := s.must(update, path, data{"plugin": "engine"}); len(resp.Warnings) != 0 || resp.Data["reload_id"] != "1" {
		t.Errorf("%+v", resp)
	}
	if resp := s.must(update, path, data{"plugin": "unused"}); len(resp.Warnings) != 1 {
		t.Errorf("a reload of nothing: %+v", resp)
	}
	bao := newServer(t, "openbao-2.6")
	bao.refused(update, path, data{"plugin": "unused"}, 400, "plugin not found in the catalog")
	bao.refused(update, path, data{"plugin": "system"}, 400, "")
}

func TestFieldOfWrongType(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"vault-1.14":  `error converting input maybe for field "local": cannot parse '' as bool: strconv.ParseBool: parsing "maybe": invalid syntax`,
		"openbao-2.3": `error converting input for field "local": '' cannot parse value as 'bool': strconv.ParseBool: parsing "maybe": invalid syntax`,
		"openbao-2.6": `error converting input for field "local": '' cannot parse value as 'bool': strconv.ParseBool: invalid syntax`,
	} {
		newServer(t, name).refused(update, "mounts/x", data{"type": "engine", "local": "maybe"}, 400, want)
	}
}

func TestOwnMountsAreTuned(t *testing.T) {
	t.Parallel()
	body := data{"audit_non_hmac_request_keys": "x"}
	newServer(t, "openbao-2.0").refused(update, "mounts/cubbyhole/tune", body, 400, `cannot tune "cubbyhole/"`)
	newServer(t, "openbao-2.2").must(update, "mounts/cubbyhole/tune", body)
}
