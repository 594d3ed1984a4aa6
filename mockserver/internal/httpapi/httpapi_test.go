// SPDX-License-Identifier: MPL-2.0

package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/httpapi"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
	"github.com/plugproof/plugproof/mockserver/internal/sys"
)

const rootToken = "root"

// newHandler returns the API of a server without plugins.
func newHandler(t *testing.T, name string) http.Handler {
	t.Helper()
	d, err := dialect.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := core.New(t.Context(), core.Options{
		Dialect: d, Physical: storage.NewMemory(), APIAddr: func() string { return "" }, RootToken: rootToken,
		Environ: func() []string { return nil }, Logger: hclog.NewNullLogger(),
	}, sys.Factory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return httpapi.New(c)
}

// request is a request with the root token; header lines are "Name: value".
type request struct {
	method, path, body string
	header             []string
}

func send(t *testing.T, h http.Handler, r request) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), r.method, "/v1/"+r.path, strings.NewReader(r.body))
	req.Header.Set("X-Vault-Token", rootToken)
	for _, line := range r.header {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

// data returns the data of an answer.
func data(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var answer struct{ Data map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return answer.Data
}

// many joins n times what element says of a number with commas.
func many(before, element string, n int, after string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = strings.ReplaceAll(element, "%d", strconv.Itoa(i))
	}
	return before + strings.Join(list, ",") + after
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, dialect string
		request       request
		status        int
		text          string
	}{
		{"broken JSON", "vault-1.20", request{"POST", "sys/mounts/x", "{", nil}, 400, "error parsing JSON"},
		{"broken JSON where it has limits", "vault-1.21", request{"POST", "sys/mounts/x", `{"a": `, nil}, 500, "malformed JSON, unclosed containers"},
		{"JSON that goes on", "vault-1.21", request{"POST", "sys/mounts/x", `{} {}`, nil}, 500, "invalid character '{' after top-level value"},
		{"a name that comes twice", "vault-1.21", request{"POST", "sys/mounts/x", `{"type": "kv", "type": "kv"}`, nil}, 500, "duplicate key 'type' in object"},
		{"JSON that is broken in a value", "vault-1.21", request{"POST", "sys/mounts/x", `{"a": truth}`, nil}, 400, "error parsing JSON"},
		{"JSON that is not read", "vault-1.21", request{"GET", "sys/mounts", `{`, []string{"X-Vault-Token: "}}, 500, "malformed JSON, unclosed containers"},
		{"a long token", "vault-2.0", request{"GET", "sys/health", "", []string{"X-Vault-Token: " + strings.Repeat("x", 8193)}}, 400, "authentication token is larger"},
		{"a long bearer", "vault-2.0", request{"GET", "sys/mounts", "", []string{"Authorization: Bearer " + strings.Repeat("x", 8193)}}, 400, "authentication token is larger"},
		{"the longest token", "vault-2.0", request{"GET", "sys/mounts", "", []string{"X-Vault-Token: " + strings.Repeat("x", 8192)}}, 403, "permission denied"},
		{"a long token where any is taken", "vault-1.21", request{"GET", "sys/mounts", "", []string{"X-Vault-Token: " + strings.Repeat("x", 8193)}}, 403, "permission denied"},
		{"deep JSON", "vault-1.21", request{"POST", "sys/mounts/x", strings.Repeat("[", 301) + strings.Repeat("]", 301), nil}, 500, "JSON input exceeds allowed nesting depth"},
		{"a long string", "vault-1.21", request{"POST", "sys/mounts/x", `{"type": "` + strings.Repeat("k", 1<<20+1) + `"}`, nil}, 500, "JSON string value exceeds allowed length"},
		{"many members", "vault-1.21", request{"POST", "sys/mounts/x", many("{", `"%d": 1`, 10_001, "}"), nil}, 500, "JSON object exceeds allowed entry count"},
		{"many elements", "vault-1.21", request{"POST", "sys/mounts/x", many(`{"type": [`, "%d", 10_001, "]}"), nil}, 500, "JSON array exceeds allowed element count"},
		{"many tokens", "vault-1.21", request{"POST", "sys/mounts/x", many("[", many("[", "%d", 9_999, "]"), 26, "]"), nil}, 500, "JSON payload exceeds allowed token count"},
		{"JSON of a limit's size", "vault-1.21", request{"POST", "sys/mounts/x", many(`{"type": [`, "%d", 10_000, "]}"), nil}, 400, "type"},
		{"a body that is too large", "vault-1.21", request{"POST", "sys/mounts/x", strings.Repeat(" ", 33<<20), nil}, 413, "http: request body too large"},
		{"a form", "vault-1.21", request{"POST", "sys/mounts/x", "a={", []string{"Content-Type: application/x-www-form-urlencoded"}}, 400, "backend type must be specified as a string"},
		{"broken JSON, told why", "openbao-2.6", request{"POST", "sys/mounts/x", "{", nil}, 400, "failed to decode JSON input: unexpected EOF"},
		{"a list", "vault-1.21", request{"POST", "sys/mounts/x", "[1]", nil}, 400, "error parsing JSON"},
		{"a broken form", "vault-1.21", request{"POST", "sys/mounts/x", "a=%zz", []string{"Content-Type: application/x-www-form-urlencoded"}}, 400, "error parsing form data"},
		{"a form of a blank", "openbao-2.6", request{"PUT", "auth/token/create", " ", []string{"Content-Type: application/x-www-form-urlencoded"}}, 200, "Endpoint ignored these unrecognized parameters: [ ]"},
		{"a singleton's store is not upgraded", "openbao-2.6", request{"POST", "sys/mounts/auth/token/tune", `{"options": {"version": "2"}}`, nil}, 400, "singleton plugin cannot be reloaded"},
		{"an unknown method", "vault-1.21", request{"BREW", "sys/mounts", "", nil}, 405, ""},
		{"SCAN before there was one", "openbao-2.1", request{"SCAN", "sys/policies/acl", "", nil}, 405, ""},
		{"a list that is none", "vault-1.21", request{"GET", "sys/policies/acl?list=maybe", "", nil}, 400, ""},
		{"PATCH without type", "vault-1.21", request{"PATCH", "identity/x", "{}", nil}, 400, "mime: no media type"},
		{"PATCH of another type", "vault-1.21", request{"PATCH", "identity/x", "{}", []string{"Content-Type: application/json"}}, 415, "PATCH requires Content-Type of application/merge-patch+json, provided application/json"},
		{"a wrap TTL that is none", "vault-1.21", request{"GET", "sys/mounts", "", []string{"X-Vault-Wrap-TTL: soon"}}, 400, "error parsing X-Vault-Wrap-TTL header"},
		{"a negative wrap TTL", "vault-1.21", request{"GET", "sys/mounts", "", []string{"X-Vault-Wrap-TTL: -1s"}}, 400, "requested wrap ttl cannot be negative"},
		{"an override that is none", "openbao-2.5", request{"GET", "sys/mounts", "", []string{"X-Vault-Policy-Override: banana"}}, 400, "failed to parse X-Vault-Policy-Override header"},
		{"an override where it is not read", "openbao-2.6", request{"GET", "sys/mounts/none", "", []string{"X-Vault-Policy-Override: banana"}}, 400, "No secret engine mount at none/"},
		{"a parent that only storage refuses", "openbao-2.0", request{"LIST", "%2e%2e/x", "", nil}, 404, ""},
		{"a second factor without a method", "openbao-2.6", request{"GET", "sys/mounts", "", []string{"X-Vault-MFA: :1"}}, 400, "missing method name or ID"},
		{"a second factor without a value", "vault-1.21", request{"GET", "sys/mounts", "", []string{"X-Vault-MFA: totp:"}}, 400, "missing method value"},
		{"reading what is only written", "openbao-2.6", request{"GET", "sys/step-down", "", nil}, 405, ""},
		{"a server that is alone keeps the lead", "openbao-2.6", request{"PUT", "sys/step-down", "", []string{"X-Vault-Token: "}}, 204, ""},
		{"OPTIONS of what is only written", "openbao-2.6", request{"OPTIONS", "sys/seal", "", nil}, 405, ""},
		{"the first path before the token", "openbao-2.6", request{"POST", "sys/capabilities", `{"token": "none", "paths": ["", "a"]}`, nil}, 400, "missing path"},
		{"the token before the second path", "openbao-2.6", request{"POST", "sys/capabilities", `{"token": "none", "paths": ["a", ""]}`, nil}, 400, "invalid token"},
		{"a part that is a dot, without a token", "openbao-2.6", request{"GET", "sys/mounts/%2e", "", []string{"X-Vault-Token: "}}, 400, "relative paths not supported"},
		{"a part that is a dot, before OpenBao 2.5", "openbao-2.4", request{"GET", "sys/mounts/%2e", "", []string{"X-Vault-Token: "}}, 403, "permission denied"},
		{"a path above", "openbao-2.6", request{"GET", "sys/a%2F..%2Fmounts", "", nil}, 400, "relative path"},
		{"a missing namespace", "openbao-2.6", request{"GET", "sys/mounts", "", []string{"X-Vault-Namespace: team"}}, 404, "namespace not found"},
		{"an unknown path", "vault-1.21", request{"GET", "sys/nothing", "", nil}, 404, "unsupported path"},
		{"an unknown mount", "vault-1.21", request{"GET", "nothing/here", "", nil}, 404, `no handler for route \"nothing/here\". route entry not found.`},
		{"no token", "vault-1.21", request{"GET", "sys/mounts", "", []string{"X-Vault-Token: "}}, 403, "permission denied"},
		{"a control character", "vault-1.21", request{"GET", "sys/mounts%00", "", nil}, 400, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := send(t, newHandler(t, test.dialect), test.request)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.text) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, test.status, test.text)
			}
		})
	}
}

// TestOperations: what is asked follows from the method and the query, and how the
// data was sent does not matter.
func TestOperations(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "vault-1.21")
	for _, r := range []request{
		{"POST", "cubbyhole/a", `{"v":"1","n":2}`, nil},
		{"PUT", "cubbyhole/a", `{"v":"1","n":2}`, []string{"Content-Type: application/x-www-form-urlencoded"}}, // curl's way
		{"POST", "cubbyhole/a", "v=1&n=2", []string{"Content-Type: application/x-www-form-urlencoded"}},
	} {
		if w := send(t, h, r); w.Code != http.StatusNoContent {
			t.Fatalf("%+v: %d %s", r, w.Code, w.Body)
		}
		w := send(t, h, request{"GET", "cubbyhole/a", "", []string{"X-Vault-Token: ", "Authorization: Bearer " + rootToken}})
		if got := data(t, w); got["v"] != "1" || got["n"] != float64(2) && got["n"] != "2" {
			t.Errorf("%+v: %v", r, got)
		}
	}
	for _, r := range []request{{"LIST", "cubbyhole", "", nil}, {"GET", "cubbyhole/?list=true", "", nil}} {
		if got := data(t, send(t, h, r)); !slices.Equal(got["keys"].([]any), []any{"a"}) {
			t.Errorf("%+v: %v", r, got)
		}
	}
	if w := send(t, h, request{"DELETE", "cubbyhole/a", "", nil}); w.Code != http.StatusNoContent {
		t.Errorf("DELETE: %d %s", w.Code, w.Body)
	}
	if w := send(t, h, request{"LIST", "cubbyhole", "", nil}); w.Code != http.StatusNotFound {
		t.Errorf("an empty list: %d %s", w.Code, w.Body)
	}
	w := send(t, h, request{"GET", "cubbyhole/a?help=1", "", []string{"X-Vault-Wrap-TTL: -1"}})
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"help"`) {
		t.Errorf("help: %d %s", w.Code, w.Body)
	}
}

// TestEnvelope: the data of the oldest endpoints stands beside the envelope too,
// and mount_type came with Vault 1.16.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	for name, mountType := range map[string]bool{"vault-1.15": false, "vault-1.16": true, "openbao-2.6": false} {
		w := send(t, newHandler(t, name), request{"GET", "sys/mounts", "", nil})
		var answer map[string]json.RawMessage
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		var inside map[string]json.RawMessage
		if err := json.Unmarshal(answer["data"], &inside); err != nil {
			t.Fatal(err)
		}
		if string(answer["sys/"]) != string(inside["sys/"]) || len(inside["sys/"]) == 0 {
			t.Errorf("%s: the data is not beside the envelope: %s", name, w.Body)
		}
		if _, there := answer["mount_type"]; there != mountType {
			t.Errorf("%s: mount_type is there: %v", name, there)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", name, w.Header())
		}
	}
}

func TestDirectEndpoints(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, dialect string
		request       request
		status        int
		has, hasNot   string
	}{
		{"health", "vault-1.21", request{"GET", "sys/health", "", nil}, 200, `"performance_standby"`, `"errors"`},
		{"health of OpenBao 2.6", "openbao-2.6", request{"GET", "sys/health", "", nil}, 200, `"standby":false`, `"performance_standby"`},
		{"another status", "vault-1.21", request{"HEAD", "sys/health?activecode=299", "", nil}, 299, "", ""},
		{"a status that is none", "vault-1.21", request{"GET", "sys/health?activecode=7", "", nil}, 400, `{"errors":[]}`, ""},
		{"health is only read", "vault-1.21", request{"POST", "sys/health", "", nil}, 405, `{"errors":[]}`, ""},
		{"health in a namespace", "openbao-2.6", request{"GET", "sys/health", "", []string{"X-Vault-Namespace: root"}}, 400, "operation unavailable in namespaces", ""},
		{"leader", "vault-1.21", request{"GET", "sys/leader", "", nil}, 200, `"leader_address":""`, ""},
		{"leader of OpenBao 2.6", "openbao-2.6", request{"GET", "sys/leader", "", nil}, 200, `{"ha_enabled":false}`, ""},
		{"seal status", "vault-1.21", request{"GET", "sys/seal-status", "", nil}, 200, `"storage_type":"inmem"`, "commit_date"},
		{"seal status of OpenBao 2.6", "openbao-2.6", request{"GET", "sys/seal-status", "", nil}, 200, "commit_date", "build_date"},
		{"initialized", "vault-1.21", request{"GET", "sys/init", "", nil}, 200, `{"initialized":true}`, ""},
		{"initialized already", "vault-1.21", request{"PUT", "sys/init", `{"secret_shares":1,"secret_threshold":1}`, nil}, 400, "Vault is already initialized", ""},
		{"shares that are none", "vault-1.21", request{"PUT", "sys/init", `{"secret_shares":2,"secret_threshold":3}`, nil}, 400, "threshold cannot be larger than shares", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.request.header = append(test.request.header, "X-Vault-Token: ") // none is needed
			w := send(t, newHandler(t, test.dialect), test.request)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.has) || test.hasNot != "" && strings.Contains(w.Body.String(), test.hasNot) {
				t.Errorf("%d %s, want %d with %q and without %q", w.Code, w.Body, test.status, test.has, test.hasNot)
			}
		})
	}
}

// TestRedirects: servers built with Go 1.26 redirect to canonical paths in a way that
// keeps the method, earlier ones did not; and only paths of the API are looked at.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"vault-1.14": 301, "vault-1.21": 301, "openbao-2.5": 307, "openbao-2.6": 307} {
		h := newHandler(t, name)
		for path, want := range map[string]string{
			"/v1/sys//mounts": "/v1/sys/mounts", "/v1/sys/./mounts?a=b": "/v1/sys/mounts?a=b", "/v1/sys": "/v1/sys/",
			"//v1/sys/mounts": "", "/v2/sys/mounts": "", "/v1": "",
		} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://server"+path, nil)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			wantStatus := status
			if want == "" {
				wantStatus = http.StatusNotFound
			}
			if w.Code != wantStatus || w.Header().Get("Location") != want {
				t.Errorf("%s: %s: %d to %q, want %d to %q", name, path, w.Code, w.Header().Get("Location"), wantStatus, want)
			}
		}
	}
}
