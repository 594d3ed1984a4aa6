// SPDX-License-Identifier: MPL-2.0

package serverconfig_test

import (
	"strings"
	"testing"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// TestLimitsOfListeners: a listener's limits take the place of the dialect's, where it has
// them, and no others.
func TestLimitsOfListeners(t *testing.T) {
	t.Parallel()
	const keys = `max_json_depth = 7
  max_json_string_value_length = "8"
  max_json_object_entry_count = 9
  max_json_array_element_count = 0
  max_json_token = 11
  max_token_header_size = 12`
	for version, want := range map[string]struct {
		json   dialect.JSONLimits
		header int
	}{
		"vault-1.20": {},
		"vault-1.21": {json: dialect.JSONLimits{MaxDepth: 7, MaxStringValueLength: 8, MaxObjectEntryCount: 9, MaxArrayElementCount: 10_000, MaxTokens: 11}},
		"vault-2.0":  {json: dialect.JSONLimits{MaxDepth: 7, MaxStringValueLength: 8, MaxObjectEntryCount: 9, MaxArrayElementCount: 10_000, MaxTokens: 11}, header: 12},
	} {
		d, err := dialect.Lookup(version)
		if err != nil {
			t.Fatal(err)
		}
		c, failed := load(t, "a.hcl", "listener \"tcp\" {\n"+keys+"\n}", version)
		if failed != "" {
			t.Fatal(failed)
		}
		limited := c.Listeners[0].Limit(d)
		if limited.Requests.JSONLimits != want.json || limited.Requests.TokenHeaderLimit != want.header {
			t.Errorf("%s: %v and %d, want %v and %d", version, limited.Requests.JSONLimits, limited.Requests.TokenHeaderLimit, want.json, want.header)
		}
		if unknown := strings.Contains(strings.Join(c.Problems, "\n"), "max_token_header_size"); unknown != (version != "vault-2.0") {
			t.Errorf("%s: %q", version, c.Problems)
		}
	}
	d, err := dialect.Lookup("vault-2.0")
	if err != nil {
		t.Fatal(err)
	}
	c, failed := load(t, "a.hcl", `listener "tcp" { max_token_header_size = -1 }`, "vault-2.0")
	if failed != "" || c.Listeners[0].Limit(d).Requests.TokenHeaderLimit != 0 || d.Requests.TokenHeaderLimit == 0 {
		t.Errorf("no limit: %s", failed)
	}
}

// TestWrongLimitsOfListeners are refused in the server's words.
func TestWrongLimitsOfListeners(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`max_json_depth = -1`:         "max_json_depth cannot be negative",
		`max_json_token = "x"`:        "error parsing max_json_token: ",
		`max_token_header_size = "x"`: "error parsing max_token_header_size: ",
	} {
		if _, failed := load(t, "a.hcl", "listener \"tcp\" {\n"+text+"\n}", "vault-2.0"); !strings.Contains(failed, want) {
			t.Errorf("%s: %q, want %q", text, failed, want)
		}
	}
	if _, failed := load(t, "a.hcl", `listener "tcp" { max_json_depth = -1 }`, "vault-1.19"); failed != "" {
		t.Errorf("a key that the server does not know: %s", failed)
	}
}
