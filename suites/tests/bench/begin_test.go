// SPDX-License-Identifier: MPL-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestBeginIsMeasuredBesideAWord(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"plugproof", "plugproof-serve"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho \"$1\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var got table
	if err := measureBegin(t.Context(), 1, dir, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.rows) != 2 {
		t.Fatalf("%d rows, want one for each program: %v", len(got.rows), got.rows)
	}
	for _, r := range got.rows {
		if r.mock <= 0 || r.below <= 0 || r.ratio == "" {
			t.Errorf("%s: no figure beside a floor: %+v", r.what, r)
		}
	}
}
