// SPDX-License-Identifier: MPL-2.0

package steps

import "testing"

func TestTypoOf(t *testing.T) {
	t.Parallel()
	stored := []string{"config", "role/a", "role/b", "key/v1/secret", "ca"}
	for declared, want := range map[string]string{
		"config": "", "config/*": "", "role/": "", "role/*": "", "key/v1/": "",
		"confg": "config", "confug/": "config", "roles/": "role", "key/v2/": "key/v1",
		"static-role/*": "", "wal/": "", "cb": "", "issuers": "", "": "",
	} {
		if got := typoOf(declared, stored); got != want {
			t.Errorf("%q: got %q, want %q", declared, got, want)
		}
	}
	if got := typoOf("config", nil); got != "" {
		t.Errorf("nothing stored: got %q", got)
	}
}
