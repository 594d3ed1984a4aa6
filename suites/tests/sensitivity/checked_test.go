// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/cli"
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

// checked runs plugproof check as its user would, but in this process: hundreds of
// checks would start as many programs. It returns the result. The exit code is the
// result's, and neither it nor what is printed matches secret.
func checked(t *testing.T, config conformance.CheckConfig, binary, secret string) report.Run {
	t.Helper()
	g := NewWithT(t)
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
	var printed bytes.Buffer
	code := cli.Main(ctx, args, &printed, &printed)
	raw, err := os.ReadFile(result)
	g.Expect(err).NotTo(HaveOccurred(), "%s", printed.String())
	run, err := report.ReadJSON(raw)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(code).To(Equal(run.ExitCode()), "%s", printed.String())
	for _, shown := range [][]byte{printed.Bytes(), raw} {
		g.Expect(shown).NotTo(MatchRegexp(secret), "a secret of the profile is shown")
	}
	return run
}
