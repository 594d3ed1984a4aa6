// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/targets"
)

// plugins builds the plugins once and returns the directory that holds them.
func plugins(t *testing.T) string {
	t.Helper()
	paths, err := build.Plugins(t.Context(), build.Options{Names: []string{"probe", "probe-v4", "passthrough-plugin", "jwt", "memdb"}})
	if err != nil {
		t.Skip(err)
	}
	return filepath.Dir(paths["probe"])
}

// sensitivityVariable chooses what runs: everything there is (all), what each wrong server
// has to fail (named), or that and the sample.
const sensitivityVariable = "PLUGPROOF_TEST_SENSITIVITY"

// sample are requirements of every area that most faults leave alone. They run
// with each wrong server's own, so that one that breaks everything is noticed
// in the short form too.
func sample() []string {
	if os.Getenv(sensitivityVariable) == "named" {
		return nil
	}
	return []string{"REG-001", "MNT-007", "LST-015", "ACC-012", "UPG-030", "ENV-006", "LIF-001"}
}

// all reports whether every requirement there is runs against every wrong server.
func all() bool { return os.Getenv(sensitivityVariable) == "all" }

// chosen returns what runs against something wrong in the short form: what has to
// fail, and of the sample what has to hold.
func chosen(fails, also, sample []string) []string {
	only := slices.Clone(fails)
	for _, id := range sample {
		if !slices.Contains(also, id) && !slices.Contains(only, id) {
			only = append(only, id)
		}
	}
	return only
}

// TestEveryWrongServerFailsByWhatItDoesWrong runs the requirements that a wrong
// server has to fail and the sample, and with PLUGPROOF_TEST_SENSITIVITY=all
// every requirement there is, which takes half a minute of CPU time a server. With
// -race, those that have to fail are all.
//
// On 25 November 2026 everything was run against all of them: each failed what
// is named, and nothing else but what is in also.
func TestEveryWrongServerFailsByWhatItDoesWrong(t *testing.T) {
	t.Parallel()
	directory := plugins(t)
	for _, w := range wrongServers() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			config := conformance.Config{Concurrency: 4, Plugins: directory, ExpectDialect: w.named()}
			if !all() {
				config.Only = chosen(w.fails, w.also, sample())
			}
			result, err := conformance.Against(t.Context(), config, w.target(t))
			g.Expect(err).NotTo(HaveOccurred())
			var failed []string
			for _, verdict := range result.Verdicts() {
				id := verdict.Requirement.ID
				if verdict.Status == steps.Fail || verdict.Status == steps.Errored {
					failed = append(failed, id)
				}
				if slices.Contains(w.fails, id) && verdict.Status == steps.Unsupported {
					t.Skip(verdict.Outcomes[0].Reason)
				}
				// What doesn't run would never be noticed.
				if slices.Contains(w.fails, id) && verdict.Status == steps.Skip {
					t.Errorf("%s does not apply", id)
				}
			}
			t.Logf("failed: %v", failed)
			for _, id := range w.fails {
				if !slices.Contains(failed, id) {
					t.Errorf("%s holds", id)
				}
			}
			unrelated := slices.DeleteFunc(slices.Clone(failed), func(id string) bool {
				return slices.Contains(w.fails, id) || slices.Contains(w.also, id)
			})
			if len(unrelated) > 0 {
				t.Errorf("unrelated requirements failed: %v", unrelated)
			}
			if spare := slices.DeleteFunc(slices.Clone(w.also), func(id string) bool { return slices.Contains(failed, id) }); all() && len(spare) > 0 {
				t.Logf("did not fail with it: %v", spare)
			}
		})
	}
}

// named returns the dialect.
func (w wrong) named() string {
	if w.dialect == "" {
		return dialect.Newest().Name
	}
	return w.dialect
}

// target makes the wrong server's target, closed with the test.
func (w wrong) target(t *testing.T) steps.Target {
	t.Helper()
	known, err := dialect.Lookup(w.named())
	if err != nil {
		t.Fatal(err)
	}
	broken := *known
	if w.data != nil {
		w.data(&broken)
	}
	changes := targets.Faults{Environ: w.environ}
	if w.change != nil {
		changes.Handler = func(s *mockserver.Server, plugins string) http.Handler { return w.change(&server{s, plugins}) }
	}
	target := targets.Mock(w.name, &broken, changes)
	t.Cleanup(func() {
		if err := target.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return target
}
