// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// TestOriginsOfCredentialsAndLogins holds which writes of the setup are taken for
// the role or user behind a request, and for its limits.
func TestOriginsOfCredentialsAndLogins(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	profile := Profile{
		Secrets: []string{"password"},
		Setup: []Write{
			{Path: "config", Data: map[string]any{"ttl": 5}},
			{Path: "config/a", Data: map[string]any{"password": "p"}},
			{Path: "role/a", Data: map[string]any{"ttl": "1m", "max_ttl": 600}},
			{Path: "role/p", Data: map[string]any{"token_ttl": 60, "token_max_ttl": 90, "token_period": "1h"}},
		},
		Credentials: []Write{{Path: "creds/a"}, {Path: "token"}},
		Logins:      []Login{{Path: "login", Data: map[string]any{"role": "p"}}},
	}
	var paths []string
	for _, origin := range profile.origins() {
		paths = append(paths, origin.Path)
	}
	g.Expect(paths).To(ConsistOf("role/a", "role/p"))

	limit, field := profile.limit(profile.Credentials[0], false)
	g.Expect(limit).To(Equal(time.Minute))
	g.Expect(field).To(Equal("ttl"))
	limit, _ = profile.limit(profile.Credentials[0], true)
	g.Expect(limit).To(Equal(10 * time.Minute))
	limit, _ = profile.limit(profile.Credentials[1], false)
	g.Expect(limit).To(BeZero(), "nothing names its role")
	limit, _ = profile.limit(profile.Logins[0].write(), false)
	g.Expect(limit).To(BeZero(), "a period has no limit")
}

// TestSecretsThatSomethingElseHasTooAreNotLookedFor: a read that shows a user's name does
// not show a password that happens to be the same.
func TestSecretsThatSomethingElseHasTooAreNotLookedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for text, profile := range map[string]Profile{
		"secret password has the same value as username": {
			Secrets: []string{"password"}, Setup: []Write{{Path: "config", Data: map[string]any{"username": "admin", "password": "admin"}}},
		},
		"secret key has the same value as a name in a path": {
			Secrets: []string{"key"}, Setup: []Write{{Path: "config", Data: map[string]any{"key": "example"}}},
			Samples: []Sample{{Path: "roles/example", Data: map[string]any{"a": "b"}}},
		},
	} {
		g.Expect(profile.missing(Secrets)).To(ContainSubstring(text))
	}
	apart := Profile{Secrets: []string{"password", "passphrase"}, Setup: []Write{
		{Path: "config", Data: map[string]any{"username": "admin", "password": "planted", "passphrase": "planted", "url": "http://admin:planted@x"}},
	}}
	g.Expect(apart.missing(Secrets)).To(BeEmpty(), "an address that shows a secret is a finding")
	connection := Profile{Database: DatabaseProfile{Connection: map[string]any{"username": "postgres", "password": "postgres"}}}
	g.Expect(connection.sharedSecrets()).To(Equal(map[string]string{"postgres": "username"}))
}

func TestLineWith(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	log := "2026 [INFO] x\n2026 [ERROR] error rolling back: path=a/ error=\n  | 1 error\n  | b\n2026 [ERROR] error rolling back: path=b/\n"
	g.Expect(lineWith(log, "error rolling back", "path=a/")).To(Equal("2026 [ERROR] error rolling back: path=a/ error=\n  | 1 error\n  | b"))
	g.Expect(lineWith(log, "error rolling back", "path=c/")).To(BeEmpty())
}
