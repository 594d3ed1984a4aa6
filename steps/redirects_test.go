// SPDX-License-Identifier: MPL-2.0

package steps_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
)

// TestATokenStaysOnItsServer redirects to another port, and from https to http,
// and looks at what comes there.
func TestATokenStaysOnItsServer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	arrived := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }))
	defer other.Close()
	var to string
	redirecting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			return
		}
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
	})
	plain, secure := httptest.NewServer(redirecting), httptest.NewTLSServer(redirecting)
	defer plain.Close()
	defer secure.Close()
	for _, server := range []*httptest.Server{plain, secure} {
		base, err := url.Parse(server.URL)
		g.Expect(err).NotTo(HaveOccurred())
		for _, client := range []*http.Client{
			steps.SameServer(server.Client()),
			{Transport: steps.OneServer(server.Client().Transport, base)},
		} {
			to = "/there"
			resp, err := client.Get(server.URL)
			g.Expect(err).NotTo(HaveOccurred(), "redirects on the server are followed")
			resp.Body.Close()
			for _, to = range []string{other.URL, "http://" + base.Host + "/downgrade", "https://example.com/"} {
				if to == server.URL+"/downgrade" {
					continue
				}
				resp, err = client.Get(server.URL)
				if err == nil {
					resp.Body.Close()
				}
				g.Expect(err).To(MatchError(ContainSubstring("the token is not sent there")), to)
			}
		}
	}
	g.Expect(arrived).To(BeZero())
}
