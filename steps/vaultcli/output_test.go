// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/steps/vaultcli"
)

// TestOutput is about answers in all formats. Its expectations were compared
// with what OpenBao 2.5.5's command line prints, but for what newer Vault adds.
func TestOutput(t *testing.T) {
	t.Parallel()
	const (
		info = `{"request_id":"r","data":{"args":["-x"],"builtin":false,"command":"c","name":"pp","sha256":"ab","version":"v1.0.0"}}`
		auth = `{"request_id":"r","auth":{"client_token":"hvs.t","accessor":"acc","policies":["default","p"],"token_policies":["default"],` +
			`"identity_policies":["p"],"metadata":{"b":"2","a":"1"},"lease_duration":3600,"renewable":true}}`
		lease = `{"request_id":"r","lease_id":"a/b/1","lease_duration":60,"renewable":true,"data":{"id":"1","ttl":90}}`
		wrap  = `{"request_id":"r","wrap_info":{"token":"hvs.w","accessor":"acc","ttl":60,"creation_time":"2026-01-02T03:04:05.6Z",` +
			`"creation_path":"a","wrapped_accessor":"wa"}}`
		keys = `{"request_id":"r","data":{"keys":["b","a/"],"key_info":{"b":{"ttl":3600,"name":"x"},"a/":{"name":"y"}}}}`
	)
	s := serve(t, map[string]answer{
		"GET /v1/sys/plugins/catalog/secret/pp": ok(info),
		"PUT /v1/auth/jwt/login":                ok(auth),
		"GET /v1/lease":                         ok(lease),
		"GET /v1/wrapped":                       ok(wrap),
		"GET /v1/keys":                          ok(keys),
		"GET /v1/nokeys":                        ok(`{"request_id":"r","data":{"x":1}}`),
		"GET /v1/nothing":                       failed(http.StatusNotFound),
		"GET /v1/data":                          ok(`{"request_id":"r","lease_duration":2764800,"data":{"n":12345678901,"ttl":3600,"e":"","l":[1,"a"],"m":{"k":null},"t":"x|y"}}`),
		"GET /v1/warned":                        ok(`{"request_id":"r","data":{"ok":true},"warnings":["a warning that is longer than one line of the terminal has room for, so it is broken"]}`),
		"PUT /v1/sys/plugins/catalog/secret/pp": ok(`{"warnings":["one","Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [type]"]}`),
		"DELETE /v1/data":                       noContent(),
		"PUT /v1/sys/wrapping/unwrap":           ok(keys),
	})
	for name, test := range map[string]struct {
		args      []string
		variables []string
		want      result
	}{
		"info": {
			args: []string{"plugin", "info", "-version=v1.0.0", "secret", "pp"},
			want: result{0, "Key                   Value\n---                   -----\nargs                  [-x]\nbuiltin               false\n" +
				"command               c\ndeprecation_status    n/a\nname                  pp\noci_image             n/a\n" +
				"runtime               n/a\nsha256                ab\nversion               v1.0.0\n", ""},
		},
		"info in yaml": {
			args: []string{"plugin", "info", "-format=yaml", "secret", "pp"},
			want: result{0, "args:\n- -x\nbuiltin: false\ncommand: c\ndeprecation_status: \"\"\nname: pp\noci_image: \"\"\nruntime: \"\"\n" +
				"sha256: ab\nversion: v1.0.0\n", ""},
		},
		"a field of it": {args: []string{"plugin", "info", "-field=sha256", "secret", "pp"}, want: result{0, "ab", ""}},
		"no such field": {
			args: []string{"plugin", "info", "-field=x", "secret", "pp"},
			want: result{1, "", "Field \"x\" not present in secret\n"},
		},
		"login": {
			args: []string{"write", "auth/jwt/login", "role=r", "jwt=j"},
			want: result{0, "Key                  Value\n---                  -----\ntoken                hvs.t\ntoken_accessor       acc\n" +
				"token_duration       1h\ntoken_renewable      true\ntoken_policies       [\"default\"]\nidentity_policies    [\"p\"]\n" +
				"policies             [\"default\" \"p\"]\ntoken_meta_a         1\ntoken_meta_b         2\n", ""},
		},
		"token of a login": {args: []string{"write", "-field=token", "auth/jwt/login", "role=r"}, want: result{0, "hvs.t", ""}},
		"policies of a login as json": {
			args: []string{"write", "-field=policies", "-format=json", "auth/jwt/login", "role=r"},
			want: result{0, "[\n  \"default\",\n  \"p\"\n]", ""},
		},
		"lease": {
			args: []string{"read", "lease"},
			want: result{0, "Key                Value\n---                -----\nlease_id           a/b/1\nlease_duration     1m\n" +
				"lease_renewable    true\nid                 1\nttl                1m30s\n", ""},
		},
		"wrapped": {
			args: []string{"read", "wrapped"},
			want: result{0, "Key                              Value\n---                              -----\n" +
				"wrapping_token:                  hvs.w\nwrapping_accessor:               acc\nwrapping_token_ttl:              1m\n" +
				"wrapping_token_creation_time:    2026-01-02 03:04:05.6 +0000 UTC\nwrapping_token_creation_path:    a\n" +
				"wrapped_accessor:                wa\n", ""},
		},
		"wrapping token": {args: []string{"read", "-field=wrapping_token", "wrapped"}, want: result{0, "hvs.w", ""}},
		"data": {
			args: []string{"read", "data"},
			want: result{0, "Key                 Value\n---                 -----\nrefresh_interval    768h\ne                   n/a\n" +
				"l                   [1 a]\nm                   map[k:<nil>]\nn                   12345678901\nt                   x|y\n" +
				"ttl                 1h\n", ""},
		},
		"data in yaml by variable": {
			args: []string{"read", "data"}, variables: []string{"VAULT_FORMAT=YAML"},
			want: result{0, "data:\n  e: \"\"\n  l:\n  - 1\n  - a\n  m:\n    k: null\n  \"n\": 12345678901\n  t: x|y\n  ttl: 3600\n" +
				"lease_duration: 2764800\nlease_id: \"\"\nrenewable: false\nrequest_id: r\nwarnings: null\n", ""},
		},
		"all data as a field": {
			args: []string{"read", "-field=data", "-format=json", "nokeys"}, want: result{0, "{\n  \"x\": 1\n}", ""},
		},
		"raw": {args: []string{"read", "-format=raw", "nokeys"}, want: result{0, "{\"request_id\":\"r\",\"data\":{\"x\":1}}\n", ""}},
		"pretty": {
			args: []string{"read", "-format=pretty", "nokeys"},
			want: result{1, "", "Could not parse output: cannot use the pretty formatter for this type\n"},
		},
		"warned": {
			args: []string{"read", "warned"},
			want: result{0, "Key    Value\n---    -----\nok     true\n", "WARNING! The following warnings were returned from Vault:\n\n" +
				"  * a warning that is longer than one line of the terminal has room for, so it\n  is broken\n\n"},
		},
		"register with warnings": {
			args: []string{"plugin", "register", "-sha256=ab", "secret", "pp"},
			want: result{0, "Success! Registered plugin: pp\n", "Warnings while registering plugin pp: one\n\n"},
		},
		"list": {args: []string{"list", "keys"}, want: result{0, "Keys\n----\na/\nb\n", ""}},
		"list in detail": {
			args: []string{"list", "-detailed", "keys"},
			want: result{0, "Keys    name    ttl\n----    ----    ---\na/      y       n/a\nb       x       1h\n", ""},
		},
		"list as json": {args: []string{"list", "-format=json", "keys"}, want: result{0, "[\n  \"b\",\n  \"a/\"\n]\n", ""}},
		"list without keys": {
			args: []string{"list", "nokeys"}, want: result{2, "", "No entries found at nokeys\n"},
		},
		"list of nothing":         {args: []string{"list", "nothing"}, want: result{2, "", "No value found at nothing\n"}},
		"list of nothing as json": {args: []string{"list", "-format=json", "nothing"}, want: result{2, "{}\n", ""}},
		"read of nothing":         {args: []string{"read", "nothing/"}, want: result{2, "", "No value found at nothing\n"}},
		"delete":                  {args: []string{"delete", "data"}, want: result{0, "Success! Data deleted (if it existed) at: data\n", ""}},
		"delete for programs":     {args: []string{"delete", "-format=json", "data"}, want: result{0, "", ""}},
		"unwrapped list":          {args: []string{"unwrap", "hvs.w"}, want: result{0, "Keys\n----\na/\nb\n", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := vault(t, s.URL, "", test.variables, test.args...); got != test.want {
				t.Errorf("got  %#v\nwant %#v", got, test.want)
			}
		})
	}
}

// TestInstead is about what is printed in place of a request. It isn't parallel,
// see Run.
func TestInstead(t *testing.T) {
	s := serve(t, nil)
	got := vault(t, s.URL, "", nil, "write", "-output-curl-string", "data", "a=b")
	// The client library prints headers in random order.
	for _, part := range []string{"curl -X PUT -H ", `-H "X-Vault-Token: $(vault print token)"`, ` -d '{"a":"b"}' ` + s.URL + "/v1/data\n"} {
		if got.Exit != 0 || got.Stderr != "" || !strings.Contains(got.Stdout, part) {
			t.Errorf("%#v lacks %q", got, part)
		}
	}
	got = vault(t, s.URL, "", nil, "read", "-output-policy", "a/b")
	if want := (result{0, "path \"a/b\" {\n  capabilities = [\"read\"]\n}\n", ""}); got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
	got = vault(t, s.URL, "", nil, "write", "-output-curl-string", "data")
	if want := (result{1, "", "Must supply data or use -force\nUnable to generate cURL string from command\n"}); got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
	if asked := s.asked(); len(asked) != 0 {
		t.Errorf("requests were made: %v", asked)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	const seal = `{"type":"shamir","initialized":true,"sealed":SEALED,"t":1,"n":1,"progress":0,"nonce":"","version":"2.0.0",` +
		`"build_date":"","storage_type":"inmem","cluster_name":"c","cluster_id":"i"}`
	head := "Key             Value\n---             -----\nSeal Type       shamir\nInitialized     true\n"
	for name, test := range map[string]struct {
		sealed string
		leader answer
		want   result
	}{
		"unsealed": {
			"false", ok(`{"ha_enabled":false}`),
			result{0, head + "Sealed          false\nTotal Shares    1\nThreshold       1\nVersion         2.0.0\nBuild Date      n/a\n" +
				"Storage Type    inmem\nCluster Name    c\nCluster ID      i\nHA Enabled      false\n", ""},
		},
		"active": {
			"false", ok(`{"ha_enabled":true,"is_self":true,"leader_cluster_address":"https://b","active_time":"2026-01-02T03:04:05Z","raft_applied_index":7}`),
			result{0, "Key                   Value\n---                   -----\n" +
				"Seal Type             shamir\nInitialized           true\nSealed                false\nTotal Shares          1\n" +
				"Threshold             1\nVersion               2.0.0\nBuild Date            n/a\nStorage Type          inmem\n" +
				"Cluster Name          c\nCluster ID            i\nHA Enabled            true\nHA Cluster            https://b\n" +
				"HA Mode               active\nActive Since          2026-01-02T03:04:05Z\nRaft Applied Index    7\n", ""},
		},
		"sealed": {
			"true", failed(http.StatusServiceUnavailable, "Vault is sealed"),
			result{2, "Key                Value\n---                -----\nSeal Type          shamir\nInitialized        true\n" +
				"Sealed             true\nTotal Shares       1\nThreshold          1\nUnseal Progress    0/1\nUnseal Nonce       n/a\n" +
				"Version            2.0.0\nBuild Date         n/a\nStorage Type       inmem\nCluster Name       c\n" +
				"Cluster ID         i\nHA Enabled         true\n", ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, map[string]answer{
				"GET /v1/sys/seal-status": ok(strings.Replace(seal, "SEALED", test.sealed, 1)),
				"GET /v1/sys/leader":      test.leader,
			})
			if got := vault(t, s.URL, "", nil, "status"); got != test.want {
				t.Errorf("got  %#v\nwant %#v", got, test.want)
			}
		})
	}
}

func TestKeyValue(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]answer{
		"GET /v1/sys/internal/ui/mounts/secret/a": ok(`{"data":{"path":"secret/","type":"kv","options":{"version":"2"}}}`),
		"GET /v1/sys/internal/ui/mounts/secret":   ok(`{"data":{"path":"secret/","type":"kv","options":{"version":"2"}}}`),
		"GET /v1/sys/internal/ui/mounts/old/a":    ok(`{"data":{"path":"old/","type":"kv","options":null}}`),
		"GET /v1/secret/data/a":                   ok(`{"data":{"data":{"x":"1"},"metadata":{"version":1}}}`),
		"PUT /v1/secret/data/a":                   ok(`{"data":{"version":2}}`),
		"PUT /v1/secret/undelete/a":               noContent(),
		"GET /v1/old/a":                           ok(`{"data":{"x":"1"}}`),
		"GET /v1/secret/metadata":                 ok(`{"data":{"keys":["a"]}}`),
	})
	for _, test := range []struct {
		args []string
		want result
	}{
		{[]string{"kv", "get", "secret/a"}, result{0, "== Secret Path ==\nsecret/data/a\n\n=== Metadata ===\nKey        Value\n" +
			"---        -----\nversion    1\n\n== Data ==\nKey    Value\n---    -----\nx      1\n", ""}},
		{[]string{"kv", "get", "-mount=secret", "-field=x", "a"}, result{0, "1", ""}},
		{[]string{"kv", "get", "old/a"}, result{0, "== Data ==\nKey    Value\n---    -----\nx      1\n", ""}},
		{[]string{"kv", "put", "-cas=1", "secret/a", "x=2"}, result{0, "== Secret Path ==\nsecret/data/a\n\n=== Metadata ===\n" +
			"Key        Value\n---        -----\nversion    2\n", ""}},
		{[]string{"kv", "list", "secret/"}, result{0, "Keys\n----\na\n", ""}},
		{[]string{"kv", "undelete", "-versions=1,2", "secret/a"}, result{0, "Success! Data written to: secret/undelete/a\n", ""}},
		{[]string{"kv", "destroy", "-versions=1", "old/a"}, result{1, "", "Destroy not supported on KV Version 1\n"}},
		{[]string{"kv", "metadata", "get", "old/a"}, result{1, "", "Metadata not supported on KV Version 1\n"}},
	} {
		if got := vault(t, s.URL, "", nil, test.args...); got != test.want {
			t.Errorf("%v:\ngot  %#v\nwant %#v", test.args, got, test.want)
		}
	}
}

func TestLoginKeepsTheToken(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]answer{"GET /v1/auth/token/lookup-self": ok(`{"data":{"id":"hvs.t","accessor":"acc","policies":["p"],"ttl":60,"renewable":true}}`)})
	home := t.TempDir()
	got := vault(t, s.URL, "hvs.t\n", []string{"VAULT_TOKEN=", "HOME=" + home}, "login", "-")
	if got.Exit != 0 || got.Stderr != "" || !strings.HasPrefix(got.Stdout, "Success! You are now authenticated.") ||
		!strings.Contains(got.Stdout, "\ntoken                hvs.t\ntoken_accessor       acc\ntoken_duration       1m\n") {
		t.Errorf("%#v", got)
	}
	file := filepath.Join(home, ".vault-token")
	content, err := os.ReadFile(file)
	if err != nil || string(content) != "hvs.t" {
		t.Errorf("the file holds %q, %v", content, err)
	}
	if stat, err := os.Stat(file); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v", stat.Mode(), err)
	}
	if got := vault(t, s.URL, "", []string{"VAULT_TOKEN="}, "login", "-no-store", "-field=token", "hvs.t"); got.Stdout != "hvs.t" {
		t.Errorf("%#v", got)
	}
}

func TestCommand(t *testing.T) {
	s := serve(t, map[string]answer{"GET /v1/a": failed(http.StatusNotFound)})
	t.Setenv("VAULT_ADDR", s.URL)
	t.Setenv("VAULT_TOKEN", "root")
	t.Setenv("VAULT_FORMAT", "")
	cmd := vaultcli.Command()
	var stdout, stderr bytes.Buffer
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	cmd.SetArgs([]string{"read", "-format=json", "a"})
	err := cmd.ExecuteContext(t.Context())
	var exit *vaultcli.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || stdout.String() != "" || stderr.String() != "No value found at a\n" {
		t.Errorf("%v, printed %q and %q", err, stdout.String(), stderr.String())
	}
}
