// SPDX-License-Identifier: MPL-2.0

package vaultcli_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestRequests looks at what is sent: the flags' way into the body.
func TestRequests(t *testing.T) {
	t.Parallel()
	sha := strings.Repeat("ab", 32)
	config := func(more string) string {
		return `{"options":null,"default_lease_ttl":"0s","max_lease_ttl":"0s","force_no_cache":false` + more + `}`
	}
	for name, test := range map[string]struct {
		args       []string
		stdin      string
		line, body string
	}{
		"register with environment": {
			args: []string{"plugin", "register", "-sha256=" + sha, "-env", "REGION=eu", "--env=TOKEN_FILE=/a,b", "secret", "pp"},
			line: "PUT /v1/sys/plugins/catalog/secret/pp",
			body: `{"type":"secret","command":"pp","sha256":"` + sha + `","env":["REGION=eu","TOKEN_FILE=/a,b"]}`,
		},
		"register with everything": {
			args: []string{"plugin", "register", "-sha256", sha, "-command=c", "-args=-x", "-args=-y", "-version=v1.0.0",
				"-oci_image=i", "-runtime=r", "auth", "pp"},
			line: "PUT /v1/sys/plugins/catalog/auth/pp",
			body: `{"type":"auth","args":["-x","-y"],"command":"c","sha256":"` + sha + `","version":"v1.0.0","oci_image":"i","runtime":"r"}`,
		},
		"register an artifact": {
			args: []string{"plugin", "register", "-version=v1.0.0", "-download", "secret", "pp"},
			line: "PUT /v1/sys/plugins/catalog/secret/pp",
			body: `{"type":"secret","version":"v1.0.0","download":true}`,
		},
		"register an image": {
			args: []string{"plugin", "register", "-sha256=" + sha, "-oci_image=i", "secret", "pp"},
			line: "PUT /v1/sys/plugins/catalog/secret/pp",
			body: `{"type":"secret","sha256":"` + sha + `","oci_image":"i"}`,
		},
		"reload by name": {
			args: []string{"plugin", "reload", "-type=secret", "-plugin=pp", "-scope=global"},
			line: "PUT /v1/sys/plugins/reload/secret/pp",
			body: `{"scope":"global"}`,
		},
		"reload mounts": {
			args: []string{"plugin", "reload", "-mounts=a/", "-mounts=b/"},
			line: "PUT /v1/sys/plugins/reload/backend",
			body: `{"plugin":"","mounts":["a/","b/"],"scope":""}`,
		},
		"enable": {
			args: []string{"secrets", "enable", "pp"},
			line: "POST /v1/sys/mounts/pp",
			body: `{"type":"pp","description":"","config":` + config("") +
				`,"local":false,"seal_wrap":false,"external_entropy_access":false,"options":null}`,
		},
		"enable the old way": {
			args: []string{"secrets", "enable", "-plugin-name=pp", "-version=2", "-options=a=b", "-local", "-plugin-version=v1.0.0",
				"-default-lease-ttl=768h", "-max-lease-ttl=60", "-description=d e", "-identity-token-key=k", "-path=/x", "plugin"},
			line: "POST /v1/sys/mounts/x",
			body: `{"type":"pp","description":"d e","config":{"options":null,"default_lease_ttl":"768h0m0s","max_lease_ttl":"1m0s",` +
				`"force_no_cache":false,"plugin_version":"v1.0.0","identity_token_key":"k"},"local":true,"seal_wrap":false,` +
				`"external_entropy_access":false,"options":{"a":"b","version":"2"}}`,
		},
		"enable auth": {
			args: []string{"auth", "enable", "-token-type=batch", "-trim-request-trailing-slashes=true", "jwt-eu"},
			line: "POST /v1/sys/auth/jwt-eu",
			body: `{"type":"jwt-eu","description":"","config":` + config(`,"token_type":"batch","trim_request_trailing_slashes":true`) +
				`,"local":false,"seal_wrap":false,"external_entropy_access":false,"options":null}`,
		},
		"tune": {
			args: []string{"secrets", "tune", "-default-lease-ttl=system", "-plugin-version=", "-audit-non-hmac-request-keys=",
				"-allowed-response-headers=X-A", "-override-pinned-version=false", "a"},
			line: "POST /v1/sys/mounts/a/tune",
			body: `{"options":null,"default_lease_ttl":"system","max_lease_ttl":"","plugin_version":"",` +
				`"audit_non_hmac_request_keys":[],"allowed_response_headers":["X-A"],"override_pinned_version":false}`,
		},
		"tune auth": {
			args: []string{"auth", "tune", "-user-lockout-threshold=3", "-user-lockout-disable", "-description=", "a/"},
			line: "POST /v1/sys/mounts/auth/a/tune",
			body: `{"options":null,"default_lease_ttl":"","max_lease_ttl":"","description":"",` +
				`"user_lockout_config":{"lockout_threshold":"3","lockout_disable":true}}`,
		},
		"write JSON from stdin": {
			args: []string{"write", "/a/b/", "-"}, stdin: `{"n": 12345678901234567890, "l": [1]}`,
			line: "PUT /v1/a/b",
			body: `{"n": 12345678901234567890, "l": [1]}`,
		},
		"write a value from stdin, and twice the same": {
			args: []string{"write", "a", "x=-", "y=1", "y=2"}, stdin: "text\n",
			line: "PUT /v1/a",
			body: `{"x":"text\n","y":["1","2"]}`,
		},
		"read with parameters": {
			args: []string{"read", "a", "x=1"},
			line: "GET /v1/a?x=1",
		},
		"create a token": {
			args: []string{"token", "create", "-policy=a", "-policy=b", "-ttl=1h", "-type=batch", "-metadata=k=v", "-orphan"},
			line: "POST /v1/auth/token/create",
			body: `{"policies":["a","b"],"meta":{"k":"v"},"ttl":"1h0m0s","no_parent":true,"explicit_max_ttl":"0s","period":"0s",` +
				`"display_name":"","num_uses":0,"renewable":false,"type":"batch","entity_alias":""}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _, _ := strings.Cut(test.line, "?")
			s := serve(t, map[string]answer{path: ok(`{"data":{"reload_id":"1"}}`)})
			got := vault(t, s.URL, test.stdin, nil, test.args...)
			asked := s.asked()
			if len(asked) != 1 {
				t.Fatalf("%d requests, want 1; the run: %+v", len(asked), got)
			}
			if asked[0].Line != test.line {
				t.Errorf("asked %s, want %s", asked[0].Line, test.line)
			}
			if asked[0].Header.Get("X-Vault-Token") != "root" || asked[0].Header.Get("X-Vault-Request") != "true" {
				t.Errorf("headers %v lack the token or the mark of a request", asked[0].Header)
			}
			if !sameJSON(t, asked[0].Body, test.body) {
				t.Errorf("sent %s\nwant %s", asked[0].Body, test.body)
			}
		})
	}
}

func sameJSON(t *testing.T, got, want string) bool {
	t.Helper()
	if got == want {
		return true
	}
	decode := func(text string) any {
		var v any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&v); err != nil {
			t.Errorf("%q is no JSON: %v", text, err)
		}
		return v
	}
	return reflect.DeepEqual(decode(got), decode(want))
}

func TestWriteFromFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(file, []byte("line 1\nline 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, map[string]answer{"PUT /v1/a": noContent()})
	got := vault(t, s.URL, "", nil, "write", "a", "x=@"+file)
	if want := (result{0, "Success! Data written to: a\n", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if body := s.asked()[0].Body; !sameJSON(t, body, `{"x":"line 1\nline 2\n"}`) {
		t.Errorf("sent %s", body)
	}
}

func TestGlobalFlagsReachTheRequest(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]answer{"GET /v1/a": ok(`{"data":{"k":"v"}}`)})
	got := vault(t, "http://127.0.0.1:1", "", []string{"VAULT_NAMESPACE=ignored"},
		"read", "-address="+s.URL, "-namespace=/ns1", "-wrap-ttl=90", "-header=X-Test=1", "-header=X-More=2", "a")
	if got.Exit != 0 {
		t.Fatalf("%+v", got)
	}
	header := s.asked()[0].Header
	for name, want := range map[string]string{
		"X-Vault-Namespace": "ns1/", "X-Vault-Wrap-TTL": "1m30s", "X-Test": "1", "X-More": "2",
	} {
		if header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, header.Get(name), want)
		}
	}
}

func TestDeregisterLooksFirst(t *testing.T) {
	t.Parallel()
	const path = "/v1/sys/plugins/catalog/secret/pp"
	for name, test := range map[string]struct {
		found    answer
		args     []string
		want     result
		requests int
	}{
		"there": {
			found: ok(`{"data":{"name":"pp","builtin":false}}`), requests: 2,
			want: result{0, "Success! Deregistered secret plugin: pp\n", ""},
		},
		"not there": {
			found: failed(http.StatusNotFound), requests: 1,
			want: result{0, "Plugin \"pp\" (type: \"secret\", version \"\") does not exist in the catalog\n", ""},
		},
		"refused with a reason": {
			found: failed(http.StatusBadRequest, "several versions"), requests: 1,
			want: result{0, "", "several versions\n"},
		},
		"version chosen by the server": {
			found:    ok(`{"data":{"version":"v1.0.0"},"warnings":["no version was specified, so"]}`),
			requests: 1,
			want: result{0, "Plugin \"pp\" (type: \"secret\", version \"v1.0.0\") does not exist in the catalog as an " +
				"unversioned entry; did you mean -version=v1.0.0?\n", ""},
		},
		"builtin": {
			found: ok(`{"data":{"name":"pp","builtin":true}}`), requests: 1,
			want: result{2, "", "Plugin \"pp\" (type: \"secret\") is a builtin plugin and cannot be deregistered\n"},
		},
		"not readable": {
			found: failed(http.StatusForbidden, "permission denied"), requests: 2,
			want: result{0, "Success! Deregistered secret plugin (if it was registered): pp\n", ""},
		},
		"bad version": {
			args: []string{"-version=x"}, requests: 0,
			want: result{2, "", "version \"x\" is not a valid semantic version: malformed version: x\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, map[string]answer{"GET " + path: test.found, "DELETE " + path: noContent()})
			args := append([]string{"plugin", "deregister"}, append(test.args, "secret", "pp")...)
			if got := vault(t, s.URL, "", nil, args...); got != test.want {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
			if n := len(s.asked()); n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
		})
	}
}
