// SPDX-License-Identifier: MPL-2.0

package run_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/run"
	"github.com/plugproof/plugproof/suites/servertest"
)

// plugproof runs a subcommand and gives its output and exit code.
func plugproof(ctx context.Context, t *testing.T, args ...string) (string, int) {
	t.Helper()
	command := run.Command()
	switch args[0] {
	case "requirements":
		command = run.RequirementsCommand()
	case "check":
		command = run.CheckCommand()
	}
	var out bytes.Buffer
	command.SetArgs(args[1:])
	command.SetOut(&out)
	command.SetErr(&out)
	err := command.ExecuteContext(ctx)
	var exit *run.ExitError
	switch {
	case err == nil:
		return out.String(), 0
	case errors.As(err, &exit):
		return out.String() + exit.Error(), exit.ExitCode()
	}
	return out.String() + err.Error(), 2
}

// TestSessionsPass is the promise of the README: the documented sessions hold
// on the mock, with real plugin processes.
func TestSessionsPass(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out, code := plugproof(t.Context(), t, "run", "--area", "documentation", "--seed", "7")
	g.Expect(code).To(Equal(0), out)
	for _, want := range []string{"DOC-001", "DOC-008", "seed 7", "Conforms: 8 requirements hold"} {
		g.Expect(out).To(ContainSubstring(want))
	}
	g.Expect(out).NotTo(ContainSubstring("\x1b["), "no colour where nobody looks")
}

// TestDialectsDiffer runs one environment scenario on both rules. Expecting the
// rule of the other server must fail, which shows that it checks something.
func TestDialectsDiffer(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"mock:vault-1.15", "mock:vault-1.16", "mock:openbao-2.5"} {
		out, code := plugproof(t.Context(), t, "run", "--target", target, "--only", "ENV-021,PRX-010")
		NewWithT(t).Expect(code).To(Equal(0), out)
	}
	g := NewWithT(t)
	out, code := plugproof(t.Context(), t, "run", "--target", "mock:vault-1.15", "--expect-dialect", "vault-1.16", "--only", "ENV-021")
	g.Expect(code).To(Equal(1), out)
	for _, want := range []string{"FAIL ENV-021", "wanted   SOURCE=plugin", "got      SOURCE=host", "exchange GET /v1/p/env/SOURCE", "remedy"} {
		g.Expect(out).To(ContainSubstring(want))
	}
}

// TestEveryDialectIsAsItsVersion runs what depends on the version on every
// dialect: a version from which on a requirement holds stands in the features and
// in the dialects, and must be the same.
func TestEveryDialectIsAsItsVersion(t *testing.T) {
	t.Parallel()
	all, err := steps.Requirements(features.FS)
	if err != nil {
		t.Fatal(err)
	}
	var depending []string
	for _, requirement := range all {
		if requirement.Applies != "all" {
			depending = append(depending, requirement.ID)
		}
	}
	for _, name := range dialect.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, code := plugproof(t.Context(), t, "run", "--target", "mock:"+name, "--only", strings.Join(depending, ","))
			NewWithT(t).Expect(code).To(Equal(0), out)
		})
	}
}

// TestKnownDeviationsDoNotFailARealServer needs a server that has one. The mock
// of the same version is meant to have none, and is not told off for that.
func TestKnownDeviationsDoNotFailARealServer(t *testing.T) {
	t.Parallel()
	t.Run("mock", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		out, code := plugproof(t.Context(), t, "run", "--target", "mock:openbao-2.5", "--only", "LIF-014")
		g.Expect(code).To(Equal(0), out)
		g.Expect(out).To(ContainSubstring("Conforms: 1 requirement holds"))
		g.Expect(out).NotTo(ContainSubstring("KNOWN LIF-014"))
		g.Expect(out).NotTo(ContainSubstring("keeps the requirement"))
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		out, code := plugproof(t.Context(), t, "run", "--target", "binary:"+servertest.OpenBao25(t), "--only", "LIF-013,LIF-014")
		g.Expect(code).To(Equal(0), out)
		g.Expect(out).To(ContainSubstring("KNOWN LIF-014"))
		g.Expect(out).To(ContainSubstring("issue    none filed, https://github.com/openbao/openbao/pull/2371"))
		g.Expect(out).To(ContainSubstring("Conforms: 1 of 2 requirements holds, known deviations: 1"))
	})
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "plugproof.yaml")
	if err := os.WriteFile(file, []byte("concurency: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"unknown requirement": {[]string{"run", "--only", "REG-999"}, "REG-999"},
		"unknown area":        {[]string{"run", "--area", "regitration"}, "registration"},
		"unknown level":       {[]string{"run", "--level", "shall"}, "should"},
		"empty tag":           {[]string{"run", "--tags", "@a && "}, `"" is no tag`},
		"no expression":       {[]string{"run", "--tags", "@@@("}, `--tags "@@@("`},
		"half an expression":  {[]string{"run", "--tags", "@a && @b ||"}, `--tags "@a && @b ||"`},
		"plugins missing":     {[]string{"run", "--plugins", t.TempDir()}, "lacks jwt, passthrough-plugin, probe, probe-v4"},
		"how to have them":    {[]string{"run", "--plugins", t.TempDir()}, "go build -C plugins/old"},
		"nothing fits":        {[]string{"run", "--only", "REG-001", "--area", "access"}, "no scenario fits"},
		"no dialect":          {[]string{"run", "--expect-dialect", "consul-1"}, "consul-1"},
		"unknown target":      {[]string{"run", "--target", "moon"}, "moon"},
		"no command line":     {[]string{"run", "--cli", "/no/such/vault"}, "--cli"},
		"no concurrency":      {[]string{"run", "--concurrency", "0"}, "--concurrency"},
		"unknown key":         {[]string{"run", "--config", file}, `"concurency"`},
		"no such file":        {[]string{"run", "--config", file + "x"}, "no such file"},
		"unknown format":      {[]string{"requirements", "--format", "xml"}, "markdown"},
		"no plugin":           {[]string{"check", filepath.Join(t.TempDir(), "none")}, "build the plugin first"},
		"no executable":       {[]string{"check", file}, "chmod +x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			out, code := plugproof(t.Context(), t, test.args...)
			g.Expect(code).To(Equal(2), out)
			g.Expect(out).To(ContainSubstring(test.want))
		})
	}
}

// TestWrongUsageOutsideOfACheckout shows that mistakes are told before anything is
// looked for that a checkout has.
func TestWrongUsageOutsideOfACheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	for want, args := range map[string][]string{
		"--expect-dialect":            {"run", "--expect-dialect", "nope"},
		"--cli":                       {"run", "--cli", "/no/such/vault"},
		"no scenario fits":            {"run", "--only", "REG-001", "--area", "listing"},
		"lacks jwt":                   {"run", "--plugins", "."},
		"at least one scenario":       {"run", "--concurrency", "0"},
		"there is no requirement":     {"run", "--only", "REG-999"},
		"unknown dialect \"vault-0\"": {"run", "--target", "mock:vault-0"},
	} {
		g := NewWithT(t)
		out, code := plugproof(t.Context(), t, args...)
		g.Expect(code).To(Equal(2), out)
		g.Expect(out).To(ContainSubstring(want))
	}
	g := NewWithT(t)
	out, code := plugproof(t.Context(), t, "run")
	g.Expect(code).To(Equal(3), out)
	g.Expect(out).To(And(ContainSubstring("sources were not found"), ContainSubstring("has to hold jwt, passthrough-plugin, probe, probe-v4")))
}

func TestCheckTellsPluginsApart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := filepath.Join(t.TempDir(), "no-plugin")
	g.Expect(os.WriteFile(text, []byte("#!/bin/sh\necho hello\n"), 0o700)).To(Succeed())
	out, code := plugproof(t.Context(), t, "check", text)
	g.Expect(code).To(Equal(1), out)
	g.Expect(out).To(ContainSubstring("can't be mounted"))
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	must := steps.Requirement{ID: "REG-001", Level: steps.Must}
	should := steps.Requirement{ID: "REG-002", Level: steps.Should}
	outcomes := func(r steps.Requirement, statuses ...steps.Status) []steps.Outcome {
		var all []steps.Outcome
		for _, status := range statuses {
			all = append(all, steps.Outcome{Requirement: r, Status: status})
		}
		return all
	}
	for name, test := range map[string]struct {
		outcomes []steps.Outcome
		want     int
	}{
		"nothing ran":           {nil, report.ExitBroken},
		"all skipped":           {outcomes(must, steps.Skip, steps.Unsupported), report.ExitBroken},
		"passed":                {outcomes(must, steps.Pass, steps.Skip), report.ExitConforms},
		"one case failed":       {outcomes(must, steps.Pass, steps.Fail, steps.Errored), report.ExitDeviates},
		"one case broke":        {outcomes(must, steps.Pass, steps.Errored), report.ExitBroken},
		"known to deviate":      {outcomes(must, steps.Pass, steps.Known), report.ExitConforms},
		"known, but one failed": {outcomes(must, steps.Known, steps.Fail), report.ExitDeviates},
		"a recommendation only": {append(outcomes(should, steps.Fail), outcomes(must, steps.Pass)...), report.ExitConforms},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(report.Run{Outcomes: test.outcomes}.ExitCode()).To(Equal(test.want))
		})
	}
	for _, status := range []steps.Status{steps.Pass, steps.Fail} {
		NewWithT(t).Expect(report.Run{Interrupted: true, Outcomes: outcomes(must, status)}.ExitCode()).To(Equal(report.ExitBroken))
	}
}
