// SPDX-License-Identifier: MPL-2.0

package compose_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/compose"
)

// TestEndlessAliases: compose-go never comes to an end with these (found by fuzzing).
func TestEndlessAliases(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x, x]\n"
	for i := 1; i < 40; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	for text, want := range map[string]string{
		"v: &env\n      <<: *env\n      B:":                                             "line 2: the alias *env is part of what it stands for",
		"services:\n  v: &s\n    image: a\n    environment: [*s]\n":                     "line 4: the alias *s is part",
		"x-a: &a {b: &b [*a]}\nservices: {}\n":                                          "line 1: the alias *a is part",
		"services:\n  v:\n    image: a\n" + bomb:                                        "its aliases stand for more than",
		"x-e: &e {A: b}\nservices:\n  v:\n    image: a\n    environment:\n      <<: *e": "",
	} {
		g := NewWithT(t)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := compose.Read(ctx, []compose.File{{Name: filepath.Join(t.TempDir(), "compose.yaml"), Text: text}}, compose.Options{})
		if want == "" {
			g.Expect(err).NotTo(HaveOccurred())
			continue
		}
		g.Expect(err).To(MatchError(hostenv.ErrInput), strings.Split(text, "\n")[0])
		g.Expect(err).To(MatchError(ContainSubstring(want)))
	}
}
