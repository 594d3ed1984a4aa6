// SPDX-License-Identifier: MPL-2.0

//go:build unix

package outfile_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/plugproof/plugproof/suites/internal/outfile"
)

func TestPipesAreWrittenTo(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		text, _ := os.ReadFile(name)
		got <- string(text)
	}()
	if err := outfile.Write(name, []byte("new"), io.Discard); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "new" {
		t.Errorf("got %q", text)
	}
}
