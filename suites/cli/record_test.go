// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plugproof/plugproof/suites/replay"
)

func TestRecordingIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.json"), filepath.Join(dir, "link.json")
	if err := os.Symlink("file.json", link); err != nil {
		t.Fatal(err)
	}
	stdout, code, stderr := execute(t.Context(), t, "record", "--target", "mock:vault-1.16", "--case", "env-conflict", "--output", link)
	if code != 0 || stdout != "" || !strings.HasSuffix(stderr, link+": recorded mock:vault-1.16 1.16.0, cases: 1\n") {
		t.Errorf("code %d, output %q and %q", code, stdout, stderr)
	}
	if to, err := os.Readlink(link); err != nil || to != "file.json" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if rec, err := replay.LoadFile(file); err != nil || len(rec.Cases) != 1 || !rec.Cases["env-conflict"].Answered() {
		t.Errorf("got %+v, %v", rec, err)
	}
}

func TestStandardOutputHoldsTheRecordingOnly(t *testing.T) {
	t.Parallel()
	stdout, code, stderr := execute(t.Context(), t, "record", "--target", "mock:vault-1.16", "--case", "env-conflict", "--output", "-")
	if code != 0 || !strings.HasSuffix(stderr, "the standard output: recorded mock:vault-1.16 1.16.0, cases: 1\n") {
		t.Fatalf("code %d, %q", code, stderr)
	}
	file := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(file, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := replay.LoadFile(file); err != nil {
		t.Error(err)
	}
}
