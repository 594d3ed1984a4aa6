// SPDX-License-Identifier: MPL-2.0

//go:build linux

package handover_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/internal/build"
)

// beside copies plugproof and plugproof-serve into one directory, written apart from each
// other, and returns the path of plugproof.
func beside(t *testing.T, apart time.Duration) string {
	t.Helper()
	g := NewWithT(t)
	dir, now := t.TempDir(), time.Now()
	for pkg, written := range map[string]time.Time{".": now, "suites/cmd/plugproof-serve": now.Add(-apart)} {
		built, err := build.Program(t.Context(), pkg, "")
		g.Expect(err).NotTo(HaveOccurred())
		there := filepath.Join(dir, filepath.Base(built))
		content, err := os.ReadFile(built)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.WriteFile(there, content, 0o755)).To(Succeed()) //nolint:gosec // it is a program
		g.Expect(os.Chtimes(there, written, written)).To(Succeed())
	}
	return filepath.Join(dir, "plugproof")
}

// TestServe starts `plugproof serve`, looks which program the process is when it serves,
// and ends it.
func TestServe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		apart       time.Duration
		environment []string
		settings    string
		want        string
	}{
		"built together":               {want: "plugproof-serve"},
		"built at different times":     {apart: time.Hour, want: "plugproof"},
		"with a variable of plugproof": {environment: []string{"PLUGPROOF_DIALECT=vault-1.15"}, want: "plugproof"},
		"with settings of plugproof":   {settings: "dialect: vault-1.15\n", want: "plugproof"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			program := beside(t, test.apart)
			dir := t.TempDir()
			if test.settings != "" {
				g.Expect(os.WriteFile(filepath.Join(dir, "plugproof.yaml"), []byte(test.settings), 0o600)).To(Succeed())
			}
			cmd := exec.CommandContext(t.Context(), program, "serve", "--listen", "127.0.0.1:0")
			cmd.Dir, cmd.Env = dir, append([]string{"HOME=" + dir}, test.environment...)
			cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
			said, err := cmd.StdoutPipe()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(cmd.Start()).To(Succeed())
			first, err := bufio.NewReader(said).ReadString('\n')
			g.Expect(err).NotTo(HaveOccurred())
			runs, err := os.Readlink("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/exe")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(filepath.Base(runs)).To(Equal(test.want), first)
			g.Expect(strings.Contains(first, "1.15")).To(Equal(len(test.environment) > 0 || test.settings != ""), first)
			g.Expect(cmd.Process.Signal(os.Interrupt)).To(Succeed())
			_, err = io.Copy(io.Discard, said)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(cmd.Wait()).To(Succeed())
		})
	}
}

// TestErrors compares what is said of wrong command lines and of servers that can't start
// with and without plugproof-serve beside it.
func TestErrors(t *testing.T) {
	t.Parallel()
	alone, err := build.Program(t.Context(), ".", "")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	handing := beside(t, 0)
	for _, args := range []string{"--help", "--lissten x", "extra", "--dialect vault-9", "--register-all", "--listen nowhere", "--config missing.hcl", "--start-timeout 1s"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			said, code := run(t.Context(), handing, append([]string{"serve"}, strings.Fields(args)...)...)
			want, wantCode := run(t.Context(), alone, append([]string{"serve"}, strings.Fields(args)...)...)
			g.Expect(said).To(Equal(want))
			g.Expect(code).To(Equal(wantCode))
		})
	}
}

// run returns what a command says, and its exit code.
func run(ctx context.Context, program string, args ...string) (said string, code int) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"HOME=/nonexistent"}
	out, _ := cmd.CombinedOutput() // the exit code says it
	return string(out), cmd.ProcessState.ExitCode()
}
