// SPDX-License-Identifier: MPL-2.0

package record_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/record"
	"github.com/plugproof/plugproof/suites/replay"
)

// run runs a command and gives what it wrote, the exit code and the error's text.
func run(ctx context.Context, cmd *cobra.Command, args ...string) (stdout, stderr string, code int, message string) {
	var out, errOut bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	if err := cmd.ExecuteContext(ctx); err != nil {
		code, message = 2, err.Error() // as main does
		var coded interface{ ExitCode() int }
		if errors.As(err, &coded) {
			code = coded.ExitCode()
		}
	}
	return out.String(), errOut.String(), code, message
}

func TestRecordingIsWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.json"), filepath.Join(dir, "link.json")
	if err := os.Symlink("file.json", link); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code, message := run(t.Context(), record.Command(), "--target", "mock:vault-1.16", "--case", "env-conflict", "--out", link)
	if code != 0 || stdout != "" || !strings.HasSuffix(stderr, link+": recorded mock:vault-1.16 1.16.0, cases: 1\n") {
		t.Errorf("code %d, %q, output %q and %q", code, message, stdout, stderr)
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
	stdout, stderr, code, message := run(t.Context(), record.Command(), "--target", "mock:vault-1.16", "--case", "env-conflict", "--out", "-")
	if code != 0 || !strings.HasSuffix(stderr, "the standard output: recorded mock:vault-1.16 1.16.0, cases: 1\n") {
		t.Fatalf("code %d, %q, %q", code, message, stderr)
	}
	file := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(file, []byte(stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := replay.LoadFile(file); err != nil {
		t.Error(err)
	}
}

func TestWrongUseIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no such folder":    {[]string{"--out", filepath.Join(dir, "none", "x.json")}, "--out: " + filepath.Join(dir, "none", "x.json") + " can't be written: "},
		"a folder":          {[]string{"--out", dir}, "it is a directory"},
		"no such case":      {[]string{"--out", "-", "--case", "nope"}, `--case "nope"`},
		"no such area":      {[]string{"--out", "-", "--area", "nope"}, `--area "nope"`},
		"a broken pattern":  {[]string{"--out", "-", "--case", "["}, `"[" is a broken pattern`},
		"nothing at a time": {[]string{"--out", "-", "--parallel", "0"}, "from 1 on"},
		"no cases":          {[]string{"--out", "-", "--cases", dir}, "no *.json files"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The target is not there: it must not be asked before.
			args := append([]string{"--target", "binary:/no/such/program"}, c.args...)
			stdout, _, code, message := run(t.Context(), record.Command(), args...)
			if code != 2 || !strings.Contains(message, c.want) || stdout != "" {
				t.Errorf("code %d, %q, output %q; want 2 and %q", code, message, stdout, c.want)
			}
		})
	}
}
