// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/steps"
)

// wrongEffects are plugins whose defect shows in what they do at the service that they
// call, or in answers that are not reads.
func wrongEffects() []wrongPlugin {
	return []wrongPlugin{
		{name: "panicking-revocation", fails: "PLG-401"},
		{name: "storing-nothing", fails: "PLG-331"},
		{name: "keeping-the-first-password", auth: true, fails: "PLG-468"},
		{name: "revoking-nothing", fails: "PLG-415"},
		{name: "revoking-everybody", fails: "PLG-416"},
		{name: "revoking-nothing-when-unmounted", fails: "PLG-417"},
		{name: "keeping-client", fails: "PLG-317"},
		{name: "echoing-write", fails: "PLG-315"},
		{name: "key-info-with-secret", auth: true, fails: "PLG-316"},
		{name: "constant-alias", auth: true, fails: "PLG-466", profile: twoUsers},
		{name: "secret-in-metadata", auth: true, fails: "PLG-465"},
	}
}

// startService starts the service that the wrong plugins call: an account is there from
// its PUT to its DELETE, and who is called a rotator has the password that was set last.
func startService(t *testing.T) string {
	t.Helper()
	var accounts, passwords sync.Map
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		rotated, ok := passwords.Load(name)
		to, rotates := strings.CutPrefix(r.URL.Path, "/password/")
		switch _, known := accounts.Load(r.URL.Path); {
		case ok && rotated != password, !ok && strings.HasPrefix(name, "rotator") && password != "planted-password":
			w.WriteHeader(http.StatusUnauthorized)
		case rotates && strings.HasPrefix(name, "rotator"):
			passwords.Store(name, to)
		case rotates:
			// That of other accounts stays, which several mounts share.
		case r.Method == http.MethodPut:
			accounts.Store(r.URL.Path, true)
		case r.Method == http.MethodDelete:
			accounts.Delete(r.URL.Path)
		case !known && r.URL.Path != "/":
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(service.Close)
	return service.URL
}

// twoUsers adds a second user to the profile of the auth method, and says who logs in.
func twoUsers(p *steps.Profile) {
	type object = map[string]any
	p.Setup = append(p.Setup, steps.Write{Path: "user/c", Data: object{"password": "another-password", "policies": "app", "ttl": 600, "max_ttl": 1200}})
	p.Logins[0].Alias = "a"
	p.Logins = append(p.Logins, steps.Login{Path: "login", Data: object{"name": "c", "password": "another-password"}, Alias: "c"})
}
