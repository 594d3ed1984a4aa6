// SPDX-License-Identifier: MPL-2.0

package access_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

// TestListsAreFiltered: a policy leaves in a list what the caller may read, or list where
// it ends in a slash; a list with other fields is an internal error, as in the server.
func TestListsAreFiltered(t *testing.T) {
	t.Parallel()
	s := start(t, mustDialect(t, "openbao-2.6"), &logical.InmemStorage{})
	defer s.stop()
	s.policy("p", `
		path "cubbyhole/*" { capabilities = ["update", "create"] }
		path "cubbyhole/" { capabilities = ["list"] list_scan_response_keys_filter_path = "cubbyhole/{{ .key }}" }
		path "cubbyhole/dir/" { capabilities = ["list"] }`)
	token := s.create(map[string]any{"policies": []string{"p"}, "no_default_policy": true})
	for _, key := range []string{"b", "dir/x", "hidden/x"} {
		s.must(request{path: "cubbyhole/" + key, token: token, data: map[string]any{"value": "1"}})
	}
	list := func() []string {
		keys, _ := s.must(request{op: logical.ListOperation, path: "cubbyhole/", token: token}).Data["keys"].([]string)
		return keys
	}
	if got, want := list(), []string{"dir/"}; !slices.Equal(got, want) {
		t.Errorf("keys %q, want %q", got, want)
	}
	s.policy("p", `path "cubbyhole/" { capabilities = ["list"] }`)
	if got, want := list(), []string{"b", "dir/", "hidden/"}; !slices.Equal(got, want) {
		t.Errorf("without the filter: keys %q, want %q", got, want)
	}
	s.policy("p", `path "p/*" { capabilities = ["list", "read"] list_scan_response_keys_filter_path = "{{ .path }}/{{ .key }}" }`)
	s.refused(request{op: logical.ListOperation, path: "p/x", token: token}, http.StatusInternalServerError, "internal error")
	s.must(request{op: logical.ReadOperation, path: "p/x", token: token})
}
