// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/build"
)

// TestTraceIsCounted counts in the trace that a run of one requirement writes.
func TestTraceIsCounted(t *testing.T) {
	t.Parallel()
	program, err := build.Program(t.Context(), ".", "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "trace.txt")
	if _, err := processorTime(context.Background(), []string{program, "run", "--only", "REG-001", "--trace", file}); err != nil {
		t.Fatal(err)
	}
	trace, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if scenarios, starts := countTrace(trace); scenarios < 1 || starts < 1 {
		t.Errorf("%d scenarios and %d starts in\n%s", scenarios, starts, trace)
	}
}
