// SPDX-License-Identifier: MPL-2.0

package nearest_test

import (
	"testing"

	"github.com/plugproof/plugproof/suites/internal/nearest"
)

func TestQuestions(t *testing.T) {
	t.Parallel()
	known := []string{"run", "check", "env", "requirements", "REG-001", "REG-002", "REG-003", "REG-004", "REG-005", "REG-011"}
	for word, want := range map[string]string{
		"rnu":     "; did you mean env or run?",
		"chek":    "; did you mean check?",
		"CHECK":   "; did you mean check?",
		"require": "; did you mean requirements?",
		"reg-001": "; did you mean REG-001?",
		"REG-111": "; did you mean REG-011?",
		"REG-009": "; did you mean REG-001, REG-002, REG-003 or REG-004?",
		"quux":    "",
		"":        "",
	} {
		if got := nearest.Question(word, "", known); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got, want := nearest.Question("taget", "--", []string{"target", "tags"}), "; did you mean --target?"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
