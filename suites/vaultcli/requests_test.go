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
	for name, test := range map[string]struct {
		args       []string
		line, body string
	}{
		"register with everything": {
			args: []string{"plugin", "register", "-sha256", sha, "-command=c", "-args=-x", "-args=-y", "-version=v1.0.0", "auth", "pp"},
			line: "PUT /v1/sys/plugins/catalog/auth/pp",
			body: `{"type":"auth","args":["-x","-y"],"command":"c","sha256":"` + sha + `","version":"v1.0.0"}`,
		},
		"register with environment": {
			args: []string{"plugin", "register", "-sha256=" + sha, "-env", "REGION=eu", "--env=TOKEN_FILE=/a,b", "secret", "pp"},
			line: "PUT /v1/sys/plugins/catalog/secret/pp",
			body: `{"type":"secret","command":"pp","sha256":"` + sha + `","env":["REGION=eu","TOKEN_FILE=/a,b"]}`,
		},
		"reload mounts": {
			args: []string{"plugin", "reload", "-mounts=a/", "-mounts=b/"},
			line: "PUT /v1/sys/plugins/reload/backend",
			body: `{"plugin":"","mounts":["a/","b/"],"scope":""}`,
		},
		"reload by name": {
			args: []string{"plugin", "reload", "-plugin=pp"},
			line: "PUT /v1/sys/plugins/reload/unknown/pp",
			body: `{}`,
		},
		"enable": {
			args: []string{"secrets", "enable", "-description=d e", "-path=/x", "-plugin-version=v1.0.0", "pp"},
			line: "POST /v1/sys/mounts/x",
			body: `{"type":"pp","description":"d e","config":{"options":null,"default_lease_ttl":"0s","max_lease_ttl":"0s",` +
				`"force_no_cache":false,"plugin_version":"v1.0.0"},"local":false,"seal_wrap":false,"external_entropy_access":false,"options":null}`,
		},
		"enable auth": {
			args: []string{"auth", "enable", "jwt-eu"},
			line: "POST /v1/sys/auth/jwt-eu",
			body: `{"type":"jwt-eu","description":"","config":{"options":null,"default_lease_ttl":"0s","max_lease_ttl":"0s",` +
				`"force_no_cache":false},"local":false,"seal_wrap":false,"external_entropy_access":false,"options":null}`,
		},
		"tune": {
			args: []string{"secrets", "tune", "a"},
			line: "POST /v1/sys/mounts/a/tune",
			body: `{"options":null,"default_lease_ttl":"","max_lease_ttl":""}`,
		},
		"tune the version away": {
			args: []string{"secrets", "tune", "-plugin-version=", "a"},
			line: "POST /v1/sys/mounts/a/tune",
			body: `{"options":null,"default_lease_ttl":"","max_lease_ttl":"","plugin_version":""}`,
		},
		"write twice the same": {
			args: []string{"write", "/a/b/", "x=1", "y=1", "y=2"},
			line: "PUT /v1/a/b",
			body: `{"x":"1","y":["1","2"]}`,
		},
		"create a token": {
			args: []string{"token", "create", "-policy=a", "-policy=b", "-ttl=1h"},
			line: "POST /v1/auth/token/create",
			body: `{"policies":["a","b"],"ttl":"1h0m0s","explicit_max_ttl":"0s","period":"0s","display_name":"","num_uses":0,` +
				`"renewable":true,"type":"service","entity_alias":""}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, _, _ := strings.Cut(test.line, "?")
			s := serve(t, map[string]answer{path: ok(`{"data":{"reload_id":"1"}}`)})
			got := vault(t, s.URL, nil, test.args...)
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
			t.Errorf("%q is not JSON: %v", text, err)
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
	got := vault(t, s.URL, nil, "write", "a", "x=@"+file)
	if want := (result{0, "Success! Data written to: a\n", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if body := s.asked()[0].Body; !sameJSON(t, body, `{"x":"line 1\nline 2\n"}`) {
		t.Errorf("sent %s", body)
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
			if got := vault(t, s.URL, nil, args...); got != test.want {
				t.Errorf("got %+v\nwant %+v", got, test.want)
			}
			if n := len(s.asked()); n != test.requests {
				t.Errorf("%d requests, want %d", n, test.requests)
			}
		})
	}
}
