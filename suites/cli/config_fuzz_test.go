// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/usage"
)

// FuzzConfiguration: whatever stands in a file and in a variable, it is taken, or is
// wrong usage with a text.
func FuzzConfiguration(f *testing.F) {
	for _, seed := range []string{
		"", "target: mock\n", "only: [REG-001]\nrun: {tags: a}\n", "run: [a]", "- a", "a", "plugin: {type: auth}", "check: {target: x}",
		"run: {run: {run: a}}", "seed: abc\n", "? [a]\n: b", "target: &a mock\ncli: *a\n", "a: &a [*a]", "<<: {target: a}", "target: !!binary aa==\n", "env lint: {format: json}", "--- a\n--- b",
	} {
		f.Add([]byte(seed), "TARGET=mock")
	}
	f.Add([]byte("seed: 1"), "CONCURRENCY=-1")
	f.Fuzz(func(t *testing.T, text []byte, variable string) {
		file := filepath.Join(t.TempDir(), "plugproof.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		command, _ := commandAndConfig()
		if err := configure(command, file, []string{variablePrefix + variable}); err != nil {
			if !errors.As(err, new(*usage.Error)) || strings.TrimSpace(err.Error()) == "" {
				t.Errorf("%T %v", err, err)
			}
		}
	})
}
