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
	"github.com/plugproof/plugproof/suites/build"
	"github.com/plugproof/plugproof/suites/run"
	"github.com/plugproof/plugproof/suites/targets"
)

// plugins builds the plugins once and gives the folder that holds them.
func plugins(t *testing.T) string {
	t.Helper()
	paths, err := build.Plugins(t.Context(), build.Options{Names: []string{"probe", "probe-v4", "passthrough-plugin", "jwt"}})
	if err != nil {
		t.Skip(err)
	}
	return filepath.Dir(paths["probe"])
}

// areas gives the areas of requirements.
func areas(ids []string) []string {
	names := map[string]string{
		"ACC": "access", "DOC": "documentation", "ENV": "environment", "LIF": "lifecycle", "LST": "listing",
		"MNT": "mounting", "PRX": "proxies", "REG": "registration", "UPG": "upgrades",
	}
	var found []string
	for _, id := range ids {
		if area := names[id[:3]]; !slices.Contains(found, area) {
			found = append(found, area)
		}
	}
	return found
}

// TestEveryWrongServerFailsByWhatItDoesWrong runs the requirements of the areas
// that a wrong server is wrong in; with PLUGPROOF_TEST_SENSITIVITY=all every
// requirement there is, which takes a quarter of an hour, and with -short only
// those that have to fail.
func TestEveryWrongServerFailsByWhatItDoesWrong(t *testing.T) {
	folder := plugins(t)
	for _, w := range wrongServers() {
		t.Run(w.name, func(t *testing.T) {
			g := NewWithT(t)
			named := w.dialect
			if named == "" {
				named = dialect.Newest().Name
			}
			known, err := dialect.Lookup(named)
			g.Expect(err).NotTo(HaveOccurred())
			broken := *known
			if w.data != nil {
				w.data(&broken)
			}
			changes := targets.Changes{Environ: w.environ}
			if w.change != nil {
				changes.Handler = func(s *mockserver.Server, plugins string) http.Handler { return w.change(&server{s, plugins}) }
			}
			target := targets.Mock(w.name, &broken, changes)
			t.Cleanup(func() {
				if err := target.Close(context.Background()); err != nil {
					t.Error(err)
				}
			})
			config := run.Config{Concurrency: 4, Plugins: folder, ExpectDialect: named}
			switch {
			case testing.Short():
				config.Only = w.fails
			case os.Getenv("PLUGPROOF_TEST_SENSITIVITY") != "all":
				config.Area = areas(w.fails)
			}
			result, err := run.Against(t.Context(), config, target, run.NewProgress(os.Stderr))
			g.Expect(err).NotTo(HaveOccurred())
			var failed, unrelated []string
			for _, verdict := range result.Verdicts() {
				if verdict.Status != steps.Fail && verdict.Status != steps.Errored {
					continue
				}
				id := verdict.Requirement.ID
				failed = append(failed, id)
				if !slices.Contains(w.fails, id) && !slices.Contains(w.also, id) {
					unrelated = append(unrelated, id)
				}
			}
			for _, id := range w.fails {
				if !slices.Contains(failed, id) {
					t.Errorf("%s holds", id)
				}
			}
			if len(unrelated) > 0 {
				t.Errorf("unrelated requirements failed: %v", unrelated)
			}
		})
	}
}
