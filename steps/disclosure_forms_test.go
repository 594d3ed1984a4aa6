// SPDX-License-Identifier: MPL-2.0

package steps

import "testing"

func TestMostOfASecretGivesItAwayAndAWordDoesNot(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		secret, text string
		shown        bool
	}{
		{"planted-password", "password=planted-password", true},
		{"planted-password", "password=planted-pas…", true},
		{"planted-password", "password=PLANTED-PASSWORD", true},
		{"planted-password", "706c616e7465642d70617373776f7264", true},
		{"planted-password", "Basic dTpwbGFudGVkLXBhc3N3b3Jk", true},
		{"planted pass/word", "https://u:planted+pass%2Fword@host", true},
		{"planted-password", "the updated-password of a planted-tree", false},
		{"planted-password", "planted-p****word", false},
		{"x7Kq2mP9vB4nL1sD", "key 7Kq2mP9v...", true},
		{"x7Kq2mP9vB4nL1sD", "key ...vB4nL1sD", true},
		{"x7Kq2mP9vB4nL1sD", "key ...L1sD", false},
		{"x7Kq2mP9vB4nL1sD", "the role x7Kq2mP9", false},
		{"postgres://u:secret@host:5432/db", "can't reach host:5432/db", false},
	} {
		if _, _, shown := plantSecrets([]string{test.secret}, []string{"the role x7Kq2mP9"}).in(test.text); shown != test.shown {
			t.Errorf("%q is in %q: %v, want %v", test.secret, test.text, shown, test.shown)
		}
	}
}
