// SPDX-License-Identifier: MPL-2.0

// Package differential sends random sequences of requests to a real server and to
// the mock that behaves like it, and compares every answer.
package differential

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	dialects "github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/servertest"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/targets"
)

// The size of a run. PLUGPROOF_TEST_SEQUENCES and PLUGPROOF_TEST_SEED choose
// another number of sequences and another first seed.
const (
	sequences   = 40
	steplimit   = 40
	neededEqual = 0.998
)

// volatile are the parts of answers that differ at each request.
var volatile = regexp.MustCompile(`(^|\.)(server_time_utc|creation_time|expire_time|issue_time|last_renewal_time|modified|version|commit_date|build_date|cluster_name|ttl|lease_duration|last_renewal|creation_ttl)$`)

// TestRandomSequences needs a real server. A difference is mended in the mock, or
// listed with its reason in known.
func TestRandomSequences(t *testing.T) {
	t.Parallel()
	program := servertest.RealServer(t)
	server, err := targets.Parse("binary:"+program, targets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	identity, err := steps.Identify(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	version := identity.Version.Segments()
	dialect := fmt.Sprintf("%s-%d.%d", identity.Product, version[0], version[1])
	mock, err := targets.Parse("mock:"+dialect, targets.Options{})
	if err != nil {
		t.Skipf("%s is %s, which no dialect behaves like: %v", program, identity, err)
	}
	binaries, err := build.Plugins(t.Context(), build.Options{Names: []string{"probe", "probe-v4"}})
	if err != nil {
		t.Fatal(err)
	}
	p := pair{
		real: &replay.Runner{Target: server, Binaries: binaries}, mock: &replay.Runner{Target: mock, Binaries: binaries},
	}
	t.Cleanup(func() {
		for _, target := range []steps.Target{server, mock} {
			if err := target.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	p.compareAll(t, dialect)
}

// pair is a server and the mock that behaves like it.
type pair struct{ real, mock *replay.Runner }

func (p pair) compareAll(t *testing.T, dialect string) {
	t.Helper()
	behaves, err := dialects.Lookup(dialect)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := behaves.Namespaces.Enabled
	first, count := number(t, "PLUGPROOF_TEST_SEED", rand.IntN(1_000_000)), number(t, "PLUGPROOF_TEST_SEQUENCES", sequences)
	t.Logf("%s: seeds %d to %d", dialect, first, first+count-1)
	var mu sync.Mutex
	compared, different := 0, 0
	var wg sync.WaitGroup
	tokens := make(chan struct{}, 2)
	for seed := first; seed < first+count; seed++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			tokens <- struct{}{}
			defer func() { <-tokens }()
			c := generator{rand.New(rand.NewPCG(uint64(seed), 1)), namespaces && seed%2 == 0}.sequence(steplimit) //#nosec G404 G115 -- a repeatable test
			found, err := p.differences(t.Context(), c)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
				return
			}
			compared += len(c.Steps)
			for _, d := range found {
				different++
				t.Logf("seed %d, %s", seed, d)
			}
		}()
	}
	wg.Wait()
	equal := 1 - float64(different)/float64(max(1, compared))
	t.Logf("%s: %.2f %% of %d answers are equal", dialect, 100*equal, compared)
	if equal < neededEqual {
		t.Errorf("%.2f %% are equal, want %.1f %%", 100*equal, 100*neededEqual)
	}
}

// differences runs a sequence on both and tells, step by step, what differs.
func (p pair) differences(ctx context.Context, c *replay.Case) ([]string, error) {
	want, err := p.real.Run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("the real server: %w", err)
	}
	have, err := p.mock.Run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("the mock: %w", err)
	}
	var found []string
	for i := range want.Got {
		if have.Got[i].Status == http.StatusNotImplemented && want.Got[i].Status != http.StatusMethodNotAllowed {
			continue // it says itself that it is not emulated
		}
		var lines []string
		for _, d := range replay.Compare(want.Got[i], have.Got[i]) {
			if !volatile.MatchString(d.Path) && !known(c.Steps[i].Step, d) {
				lines = append(lines, fmt.Sprintf("    %s: want %s, have %s", d.Path, d.Want, d.Have))
			}
		}
		if len(lines) > 0 {
			step := c.Steps[i].Step
			found = append(found, fmt.Sprintf("step %d: %s %s (token %q)\n%s", i+1, step.Request(), step.Body, step.Token, strings.Join(lines, "\n")))
		}
	}
	return found, nil
}

// known reports whether a difference is meant: listed here with its reason.
func known(step replay.Step, d replay.Difference) bool {
	request := step.Request()
	for _, k := range []struct {
		request, path, want *regexp.Regexp
		reason              string
	}{
		{regexp.MustCompile(` /( |$)`), regexp.MustCompile(`^body`), nil,
			"the page at / is the servers' own text for a missing user interface"},
		{regexp.MustCompile(`/tune `), regexp.MustCompile(`^body\.errors`), regexp.MustCompile(`cannot tune parameter`),
			"servers take the fields in the random order of a map"},
		{regexp.MustCompile(`policy|policies`), regexp.MustCompile(`(policy|rules)$`), nil,
			"the default policy has its effects in words of its own"},
		{regexp.MustCompile(`sys/(internal/ui/)?namespaces`), regexp.MustCompile(`\.keys`), nil,
			"servers list namespaces in the random order of a map"},
		{regexp.MustCompile(`sys/leases/lookup`), regexp.MustCompile(`\.keys`), nil,
			"lease IDs are random"},
		{regexp.MustCompile(`.`), regexp.MustCompile(`^body`), regexp.MustCompile(`route entry (not found|(or namespace )?is tainted)`),
			"a remount goes on after its answer: how far it is at the next request is a matter of time"},
		{regexp.MustCompile(`.`), regexp.MustCompile(`^body\.errors`), regexp.MustCompile(`^"Field validation failed`),
			"servers look at the fields in the random order of a map"},
	} {
		if k.request.MatchString(request) && k.path.MatchString(d.Path) && (k.want == nil || k.want.MatchString(d.Want)) {
			return true
		}
	}
	return false
}

func number(t *testing.T, variable string, fallback int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
