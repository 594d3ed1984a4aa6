// SPDX-License-Identifier: MPL-2.0

package serverconfig_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
)

// FuzzLoad: whatever stands in a file, it is read or refused.
func FuzzLoad(f *testing.F) {
	for _, text := range []string{asHCL, asJSON, "", "{", "plugin {", `{"plugin": [{}]}`, `{"storage": []}`, `storage "a" = 1`, "a = <<E\nE\n", `listener = [{ type = "tcp" }]`, `{"plugin": {"a": {"b": [1]}}}`, `{"\0`} {
		f.Add(text)
	}
	d, err := dialect.Lookup("openbao-2.6")
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "c.hcl")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := serverconfig.Load([]string{path}, nil, d)
		if (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
	})
}
