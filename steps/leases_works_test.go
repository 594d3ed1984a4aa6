// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"net/http"
	"net/http/httptest"
	"testing"

	. "github.com/onsi/gomega"
)

// TestCredentialsStayOnTheirServer has the address under works redirect to another
// server, to which the credentials in the body must not go.
func TestCredentialsStayOnTheirServer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	arrived := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	defer other.Close()
	named := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer named.Close()
	lease := issuedLease{
		write:  Write{Path: "creds/a", Works: &Proof{Method: http.MethodPost, URL: named.URL, Body: "{{password}}"}},
		answer: &answer{content: map[string]any{"data": map[string]any{"password": "issued"}}},
	}
	_, _, err := (&world{}).works(t.Context(), "p", lease)
	g.Expect(err).To(MatchError(ContainSubstring("redirects to " + other.URL)))
	g.Expect(arrived).To(BeZero())
}
