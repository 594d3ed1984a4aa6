// SPDX-License-Identifier: MPL-2.0

package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/matrix"
	"github.com/plugproof/plugproof/suites/internal/servertest"
)

// measured runs 'env' on a target, whose plugins it starts.
func measured(t *testing.T, args ...string) result {
	t.Helper()
	out, code, stderr := execute(t.Context(), t, append([]string{"env"}, args...)...)
	return result{code: code, out: out, err: stderr}
}

// TestMatrixAndGateOnTheMock goes the way of a user who upgrades: measure, store,
// upgrade, see the gate close, allow what is meant. The baseline is a link, and stays one.
func TestMatrixAndGateOnTheMock(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts some dozen plugin processes; leave out -short to run it")
	}
	g := NewWithT(t)
	dir := t.TempDir()
	stored, baseline := filepath.Join(dir, "stored.json"), filepath.Join(dir, "env.json")
	g.Expect(os.WriteFile(stored, nil, 0o600)).To(Succeed())
	g.Expect(os.Symlink("stored.json", baseline)).To(Succeed())
	r := measured(t, "--target", "mock:vault-1.15", "--baseline", baseline, "--update-baseline")
	g.Expect(r.code).To(BeZero(), r.err)
	info, err := os.Lstat(baseline)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info.Mode() & os.ModeSymlink).NotTo(BeZero())
	g.Expect(os.ReadFile(stored)).To(ContainSubstring(matrix.Format))
	g.Expect(r.out).To(MatchRegexp(`(?m)^  in both +host *$`))
	if strings.Contains(r.out, "unsupported") { // without a container engine
		g.Expect(r.out).To(MatchRegexp(": 5 rows unsupported: .*container"), "the mock can do every other row")
	}

	r = measured(t, "--target", "mock:vault-1.16", "--baseline", baseline, "--format", "json")
	g.Expect(r.code).To(Equal(1), r.err)
	var report matrix.Report
	g.Expect(json.Unmarshal([]byte(r.out), &report)).To(Succeed())
	g.Expect(len(report.Comparison.Changes)).To(BeNumerically(">", 20))

	allow := textFile(t, "- {row: '*', winner: registered, reason: the new order}\n- {row: '*-host', winner: server, reason: the new order}\n- {row: '*-both', winner: server, reason: the new order}\n")
	r = measured(t, "--target", "mock:vault-1.16", "--baseline", baseline, "--deviations", allow, "--format", "markdown")
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).To(ContainSubstring("**0 changes**"))
}

// TestTheMockEqualsARealOpenBao holds the mock's environments against a server
// that is not ours, row by row.
func TestTheMockEqualsARealOpenBao(t *testing.T) {
	t.Parallel()
	server := servertest.OpenBao25(t)
	g := NewWithT(t)
	baseline := filepath.Join(t.TempDir(), "bao.json")
	r := measured(t, "--target", "binary:"+server, "--baseline", baseline, "--update-baseline")
	g.Expect(r.code).To(BeZero(), r.err)
	r = measured(t, "--target", "mock:openbao-2.5", "--baseline", baseline)
	g.Expect(r.code).To(BeZero(), r.err)
	g.Expect(r.out).To(ContainSubstring("0 changes"))
}

func TestATargetThatFailsIsTheTargetsFault(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	notAServer := textFile(t, "#!/bin/sh\nexit 1\n")
	g.Expect(os.Chmod(notAServer, 0o700)).To(Succeed())
	probe := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(probe, "probe"), []byte("x"), 0o700)).To(Succeed())
	baseline := filepath.Join(t.TempDir(), "env.json")
	r := measured(t, "--target", "binary:"+notAServer, "--plugins", probe, "--baseline", baseline, "--update-baseline")
	g.Expect(r.code).To(Equal(3))
	g.Expect(strings.Contains(r.out, "failed")).To(BeTrue())
	g.Expect(baseline).NotTo(BeAnExistingFile(), "a matrix with holes is not a baseline")
}

// TestOneCauseIsSaidOnce takes away the directory in which every server of the mock
// is to have its own.
func TestOneCauseIsSaidOnce(t *testing.T) {
	probe := t.TempDir()
	NewWithT(t).Expect(os.WriteFile(filepath.Join(probe, "probe"), []byte("x"), 0o700)).To(Succeed())
	for name, directory := range map[string]string{"missing": filepath.Join(probe, "missing"), "no directory": textFile(t, "")} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", directory)
			g := NewWithT(t)
			r := measured(t, "--target", "mock", "--plugins", probe)
			g.Expect(r.code).To(Equal(3))
			g.Expect(strings.Count(r.out, "directory for the server")).To(Equal(1), r.out)
			g.Expect(strings.Count(r.err, "directory for the server")).To(Equal(1))
		})
	}
}

func TestAMatrixThatCannotBeWrittenIsNotTheUsersFault(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	g := NewWithT(t)
	probe, notAServer := t.TempDir(), textFile(t, "#!/bin/sh\nexit 1\n")
	g.Expect(os.WriteFile(filepath.Join(probe, "probe"), []byte("x"), 0o700)).To(Succeed())
	g.Expect(os.Chmod(notAServer, 0o700)).To(Succeed())
	for _, format := range []string{"text", "json", "markdown", "html"} {
		// Nothing can be measured; the matrix says so all the same.
		r := measured(t, "--target", "binary:"+notAServer, "--plugins", probe, "--format", format, "--output", "/dev/full")
		g.Expect(r.code).To(Equal(3), format)
		g.Expect(r.err).To(ContainSubstring("no space left"), format)
	}
}
