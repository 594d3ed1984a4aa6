// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/mockserver"
)

// FuzzRequests: every request gets an answer that is JSON where it says so, and none
// panics, whatever its method, path, query, headers and body are.
func FuzzRequests(f *testing.F) {
	for _, seed := range []struct{ method, path, header, body string }{
		{"GET", "sys/mounts", "", ""},
		{"POST", "sys/mounts/a", "", `{"type":"kv","options":{"version":2}}`},
		{"POST", "sys/policies/acl/p", "", `{"policy":"path \"a\" { capabilities = [\"read\"] }"}`},
		{"PUT", "sys/plugins/catalog/secret/p", "", `{"sha256":"00","command":"p","args":[null],"env":["A"]}`},
		{"LIST", "sys/plugins/catalog/secret", "", ""},
		{"GET", "secret/?list=true&after=%00&limit=-1", "", ""},
		{"PATCH", "secret/data/a", "Content-Type: application/merge-patch+json", `{"data":{"a":null}}`},
		{"POST", "secret/data/a", "X-Vault-Wrap-TTL: 1e9", `{"data":{"a":1},"options":{"cas":"x"}}`},
		{"POST", "auth/token/create", "X-Vault-Wrap-Format: jwt", `{"ttl":-1,"policies":[1],"meta":{"a":null},"num_uses":1e30}`},
		{"POST", "sys/tools/random/1e9", "X-Vault-Namespace: ../a", `{"bytes":-5,"format":"x"}`},
		{"POST", "sys/leases/lookup", "", `{"lease_id":[[]]}`},
		{"POST", "sys/remount", "", `{"from":"secret","to":"auth/x"}`},
		{"POST", "sys/wrapping/unwrap", "Authorization: Bearer ", `{"token":"a.b.c"}`},
		{"DELETE", "cubbyhole/a//../b", "", ""},
		{"GET", "sys/internal/ui/mounts/a%2fb", "X-Vault-Token: nope", "null"},
		{"POST", "identity/entity", "Content-Type: application/x-www-form-urlencoded", "a=b&a=c;%zz"},
		{"", "\x00", "", "[]"},
	} {
		f.Add(seed.method, seed.path, seed.header, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, method, path, header string, body []byte) {
		target, err := url.Parse("http://127.0.0.1/v1/" + path)
		if err != nil || !validMethod(method) {
			t.Skip("no request")
		}
		s, err := mockserver.New(mockserver.WithRootToken("root"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		send := func(r *http.Request) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		r := (&http.Request{
			Method: method, URL: target, Host: target.Host, RequestURI: target.RequestURI(), RemoteAddr: "127.0.0.1:1",
			Header: http.Header{"X-Vault-Token": {"root"}}, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		}).WithContext(context.Background())
		if len(body) > 0 {
			r.Body, r.ContentLength = readCloser{bytes.NewReader(body)}, int64(len(body))
		}
		if name, value, ok := strings.Cut(header, ": "); ok {
			r.Header.Set(name, value)
		}
		w := send(r)
		answer := w.Body.Bytes()
		if w.Header().Get("Content-Type") == "application/json" && len(answer) > 0 && !json.Valid(answer) {
			t.Errorf("%d with %q", w.Code, answer)
		}
		if w.Code < 200 || w.Code > 599 || bytes.Contains(answer, []byte("internal error")) {
			t.Errorf("%d with %q", w.Code, answer)
		}
		check := httptest.NewRequestWithContext(context.Background(), "GET", "/v1/sys/mounts", http.NoBody)
		check.Header.Set("X-Vault-Token", "root")
		if w := send(check); w.Code != http.StatusOK && !strings.Contains(path, "revoke") && !strings.Contains(path, "seal") {
			t.Errorf("afterwards the server answers %d %s", w.Code, w.Body)
		}
	})
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// validMethod reports whether net/http passes a method on.
func validMethod(method string) bool {
	return method != "" && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}
