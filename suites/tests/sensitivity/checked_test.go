// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/profile"
	"github.com/plugproof/plugproof/suites/report"
)

// program builds a program of testdata.
func program(t *testing.T, name, version string) string {
	t.Helper()
	path, err := build.Program(t.Context(), "suites/tests/sensitivity/testdata/"+name, version)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// plugproof is the built program, the same for all tests.
var plugproof = sync.OnceValues(func() (string, error) { return build.Program(context.Background(), ".", "") })

// checked runs plugproof check as its user would, and returns the result. The exit code
// is the result's, and neither it nor what is printed matches secret.
//
// It is the program as it is released: a hundred checks with the race detector, which
// watches the same code in package specs, would take most of the time of all tests.
func checked(t *testing.T, config conformance.CheckConfig, binary, secret string) report.Run {
	t.Helper()
	g := NewWithT(t)
	plugproof, err := plugproof()
	g.Expect(err).NotTo(HaveOccurred())
	text, err := profile.Format(config.Profile)
	g.Expect(err).NotTo(HaveOccurred())
	dir := t.TempDir()
	settings, result := filepath.Join(dir, "profile.yaml"), filepath.Join(dir, "result.json")
	g.Expect(os.WriteFile(settings, text, 0o600)).To(Succeed())
	args := []string{"check", "--concurrency", "2", "--profile", settings, "--report", "json=" + result}
	if len(config.Only) > 0 {
		args = append(args, "--only", strings.Join(config.Only, ","))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args = append(args, "--request-timeout", cmp.Or(config.RequestTimeout, steps.DefaultRequestTimeout).String(), binary)
	cmd := exec.CommandContext(ctx, plugproof, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	printed, err := cmd.CombinedOutput()
	g.Expect(cmd.ProcessState).NotTo(BeNil(), "%v", err)
	raw, err := os.ReadFile(result)
	g.Expect(err).NotTo(HaveOccurred(), "%s", printed)
	run, err := report.ReadJSON(raw)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.ProcessState.ExitCode()).To(Equal(run.ExitCode()), "%s", printed)
	for _, shown := range [][]byte{printed, raw} {
		g.Expect(shown).NotTo(MatchRegexp(secret), "a secret of the profile is shown")
	}
	return run
}
