// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// Target returns the target of that name, as 'plugproof run --target' has it, and
// closes it when the test ends. A name of no known form fails the test. There are
// one options at most, for servers at an address.
func Target(t testing.TB, name string, options ...targets.Options) steps.Target {
	mustHave("conformance.Target", t == nil)
	t.Helper()
	target, err := targets.Parse(name, atMostOne(t, "conformance.Target", options))
	if err != nil {
		t.Fatalf("conformance.Target: %v", err)
	}
	t.Cleanup(func() {
		if err := closeWithin(context.Background(), target); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	})
	return target
}

// Test holds the target's servers to the contract. Each requirement is a subtest
// with its identifier, as TestServer/REG-003, and -run chooses among them. What a
// server fails to do fails the subtest, with what was wanted, what was got and the
// remedy; what it cannot be checked for is skipped with the reason. Requirements of
// levels should and may do not fail. If nothing could be checked, the test fails.
//
// There is one config at most; its Target is not looked at.
func Test(t *testing.T, target steps.Target, configs ...Config) {
	mustHave("conformance.Test", t == nil)
	t.Helper()
	if target == nil {
		t.Fatal("conformance.Test: the target is nil; conformance.Target(t, \"mock\") returns one")
	}
	config := atMostOne(t, "conformance.Test", configs)
	all, err := Chosen(config)
	if err != nil {
		t.Fatalf("conformance.Test: %v", err)
	}
	if config.Only = selected(t, identifiers(all)); len(config.Only) == 0 {
		return
	}
	config.Observer = logged{t, orSilent(config.Observer)}
	result, err := Against(t.Context(), config, target)
	if err != nil {
		t.Fatalf("conformance.Test: %v", err)
	}
	subtests(t, result)
}

// Subject is a plugin to check: the path of its binary, or the factory of its
// backend.
type Subject interface {
	string | backendFactory | logical.Factory
}

// CheckPlugin holds a plugin to what every plugin must do, on the mock. Its
// subtests are as those of Test: TestPlugin/PLG-001. The profile says what only the
// plugin's author knows; the zero Profile says nothing.
//
// The backend of a factory is served by a process of its own as a binary is: the
// test's program, started anew for this test alone. So the test must do nothing
// before CheckPlugin that has to be done only once, and print nothing. The
// process has the environment that a server gives a plugin, and the profile's.
//
// There is one config at most, which may name another target; its Plugin and
// Profile are not looked at.
func CheckPlugin[S Subject](t *testing.T, plugin S, profile steps.Profile, configs ...CheckConfig) {
	mustHave("conformance.CheckPlugin", t == nil)
	t.Helper()
	config := atMostOne(t, "conformance.CheckPlugin", configs)
	config.Profile, config.Concurrency = profile, cmp.Or(config.Concurrency, 2)
	ofTest := true
	switch plugin := any(plugin).(type) {
	case string:
		config.Plugin, ofTest = plugin, false
	case backendFactory:
		config.Plugin, config.Profile = served(t, plugin, profile)
	case logical.Factory:
		config.Plugin, config.Profile = served(t, plugin, profile)
	}
	_, all, err := readFeatures("check", config.Features)
	if err != nil {
		t.Fatalf("conformance.CheckPlugin: %v", err)
	}
	if len(config.Only) == 0 {
		config.Only = identifiers(all)
	}
	if config.Only = selected(t, config.Only); len(config.Only) == 0 {
		return
	}
	if ofTest && slices.Contains(config.Only, noFilesLeft) {
		t.Run(noFilesLeft, func(t *testing.T) {
			t.Skip("the libraries of the test's program leave files: give CheckPlugin the path of the plugin's binary")
		})
		config.Only = slices.DeleteFunc(config.Only, func(id string) bool { return id == noFilesLeft })
		if len(config.Only) == 0 {
			return
		}
	}
	config.Observer = logged{t, orSilent(config.Observer)}
	result, err := Check(t.Context(), config)
	if err != nil {
		t.Fatalf("conformance.CheckPlugin: %v", err)
	}
	subtests(t, result)
}

// noFilesLeft is the requirement that a start leaves no files behind.
const noFilesLeft = "PLG-009"

// mustHave ends with a clear message where there is no test to fail.
func mustHave(function string, missing bool) {
	if missing {
		panic(function + ": the test is nil")
	}
}

// atMostOne returns the only value, or a zero one if there is none.
func atMostOne[C any](t testing.TB, function string, values []C) C {
	t.Helper()
	var value C
	switch len(values) {
	case 0:
	case 1:
		value = values[0]
	default:
		t.Fatalf("%s: there is one %T at most, not %d", function, value, len(values))
	}
	return value
}

// selected returns the identifiers that go test's -run lets run as subtests of t.
func selected(t *testing.T, ids []string) []string {
	t.Helper()
	pattern, err := regexp.Compile(subtestPattern(t.Name()))
	if err != nil {
		return ids // the subtests sort it out
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !pattern.MatchString(id) })
}

// subtestPattern returns the part of -run that is about the subtests of the test
// with that name, and an empty one if there is none.
func subtestPattern(name string) string {
	run := flag.Lookup("test.run")
	if run == nil || strings.ContainsAny(run.Value.String(), "|()[]") {
		return ""
	}
	parts := strings.Split(run.Value.String(), "/")
	if depth := strings.Count(name, "/") + 1; len(parts) > depth {
		return parts[depth]
	}
	return ""
}

// logged shows how a run goes in the log of a test that runs with -v. Otherwise its
// subtests say all, and some hundred lines would hide the failure among them.
type logged struct {
	t *testing.T
	Observer
}

func (l logged) Ended(outcome steps.Outcome) {
	if testing.Verbose() {
		l.t.Logf("%s %s %s", outcome.Status, outcome.Requirement.ID, outcome.Case)
	}
	l.Observer.Ended(outcome)
}

// subtests makes a subtest of each requirement.
func subtests(t *testing.T, result report.Run) {
	t.Helper()
	verdicts := result.Verdicts()
	checked := 0
	for _, verdict := range verdicts {
		if verdict.Status != steps.Skip && verdict.Status != steps.Unsupported {
			checked++
		}
		t.Run(verdict.Requirement.ID, func(t *testing.T) { Conclude(t, verdict) })
	}
	if result.Interrupted {
		t.Error("the run was interrupted")
	}
	if checked == 0 {
		t.Errorf("no requirement was checked on %s", result.Target)
	}
}

// T is what Conclude uses of a *testing.T or of Ginkgo's.
type T interface {
	Helper()
	Log(args ...any)
	Error(args ...any)
	Skip(args ...any)
}

// Conclude ends the test of one requirement: it passes, fails or is skipped with an
// explanation.
func Conclude(t T, verdict report.Verdict) {
	t.Helper()
	r := verdict.Requirement
	text := explain(verdict)
	switch {
	case verdict.Status == steps.Pass:
		t.Log(r.Title)
	case verdict.Status == steps.Errored, verdict.Status == steps.Fail && r.Level == steps.Must:
		t.Error(text)
	default:
		t.Skip(text)
	}
}

// explain says why a requirement does not hold, scenario by scenario.
func explain(verdict report.Verdict) string {
	r := verdict.Requirement
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s (%s): %s", verdict.Status, r.ID, r.Level, r.Title)
	for _, outcome := range verdict.Outcomes {
		if outcome.Status == verdict.Status {
			fmt.Fprintf(&text, "\n%s\n%s", outcome.Case, outcome.Reason)
		}
	}
	if len(r.Sources) > 0 {
		fmt.Fprintf(&text, "\nsource   %s", strings.Join(r.Sources, ", "))
	}
	return text.String()
}
