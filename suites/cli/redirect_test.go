// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
)

// TestNoCommandFollowsAServerElsewhere gives every command that sends a token a
// server that redirects to another one.
func TestNoCommandFollowsAServerElsewhere(t *testing.T) {
	var arrived atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	t.Setenv("VAULT_TOKEN", "root")
	target := "addr:" + server.URL
	for name, args := range map[string][]string{
		"run":    {"run", "--target", target, "--only", "LST-001"},
		"env":    {"env", "--target", target},
		"record": {"record", "--target", target, "--case", "auth-ttl", "--one-server", "--output", filepath.Join(t.TempDir(), "x.json")},
		"replay": {"replay", "--target", target, "--file", "vault-1.14.3.json", "--case", "auth-ttl", "--one-server"},
		"diff":   {"diff", "vault-1.14.3.json", target, "--case", "auth-ttl", "--one-server"},
		"lint":   {"env", "lint", "--env-file", textFile(t, "A=1"), "--addr", server.URL},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			stdout, code, stderr := command(t, args...)
			g.Expect(code).To(Equal(3), stderr)
			if name != "env" { // it has nothing to measure at an address
				g.Expect(stdout + stderr).To(ContainSubstring("the token is not sent there"))
			}
			g.Expect(arrived.Load()).To(BeZero())
		})
	}
}
