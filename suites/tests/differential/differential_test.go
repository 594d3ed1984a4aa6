// SPDX-License-Identifier: MPL-2.0

// Package differential sends random sequences of requests to a real server and to
// the mock that behaves like it, compares every answer, and shrinks what differs to
// the shortest sequence that shows it.
package differential

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
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
// another number of sequences and another first seed, PLUGPROOF_TEST_SHRINK how many
// kinds of differences are shrunk.
const (
	sequences   = 40
	steplimit   = 40
	shrunk      = 10
	attempts    = 60
	neededEqual = 0.998
)

// volatile are the parts of answers that differ at each request.
var volatile = regexp.MustCompile(`(^|\.)(server_time_utc|creation_time|expire_time|issue_time|last_renewal_time|modified|version|commit_date|build_date|cluster_name|ttl|lease_duration|last_renewal|creation_ttl|random_bytes)$`)

// TestRandomSequences needs a real server. A difference is mended in the mock, or
// listed with its reason in known.
func TestRandomSequences(t *testing.T) {
	t.Parallel()
	name := servertest.RealTarget(t)
	server, err := targets.Parse(name, targets.Options{})
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
		t.Skipf("%s is %s, which no dialect behaves like: %v", name, identity, err)
	}
	binaries, err := build.Plugins(t.Context(), build.Options{Names: []string{"probe", "probe-v4", "memdb"}})
	if err != nil {
		t.Fatal(err)
	}
	p := pair{
		real: &replay.Runner{Target: server, Binaries: binaries, Settles: true},
		mock: &replay.Runner{Target: mock, Binaries: binaries, Settles: true},
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

// result is what a run of sequences found.
type result struct {
	mu       sync.Mutex
	compared int
	found    []finding
}

func (p pair) compareAll(t *testing.T, dialect string) {
	t.Helper()
	behaves, err := dialects.Lookup(dialect)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := behaves.Namespaces.Enabled
	first, count := number(t, "PLUGPROOF_TEST_SEED", rand.IntN(1_000_000)), number(t, "PLUGPROOF_TEST_SEQUENCES", sequences)
	t.Logf("%s: seeds %d to %d", dialect, first, first+count-1)
	var r result
	twoAtATime(first, first+count, func(seed int) {
		c := newGenerator(seed, namespaces).sequence(steplimit)
		found, err := p.compare(t.Context(), c)
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			return
		}
		r.compared += len(c.Steps)
		for _, f := range found {
			t.Logf("seed %d, step %d: %s\n%s", seed, len(f.sequence.Steps), describe(f.last()), f.list())
		}
		r.found = append(r.found, found...)
	})
	p.shrinkAll(t, r.found)
	equal := 1 - float64(len(r.found))/float64(max(1, r.compared))
	t.Logf("%s: %.2f %% of %d answers are equal", dialect, 100*equal, r.compared)
	if equal < neededEqual {
		t.Errorf("%.2f %% are equal, want %.1f %%", 100*equal, 100*neededEqual)
	}
}

// shrinkAll shrinks the first finding of each kind.
func (p pair) shrinkAll(t *testing.T, found []finding) {
	t.Helper()
	seen := map[string]bool{}
	var first []finding
	for _, f := range found {
		if kind := f.kind(); !seen[kind] {
			seen[kind] = true
			first = append(first, f)
		}
	}
	limit := number(t, "PLUGPROOF_TEST_SHRINK", shrunk)
	if len(first) > limit {
		t.Logf("there are %d kinds of differences, of which %d are shrunk", len(first), limit)
		first = first[:limit]
	}
	twoAtATime(0, len(first), func(i int) {
		t.Logf("shrunk to:\n%s", p.shrink(t.Context(), first[i], attempts))
	})
}

// twoAtATime calls do with from, from+1 … up to but not including to.
func twoAtATime(from, to int, do func(int)) {
	var wg sync.WaitGroup
	tokens := make(chan struct{}, 2)
	for i := from; i < to; i++ {
		tokens <- struct{}{}
		wg.Go(func() {
			defer func() { <-tokens }()
			do(i)
		})
	}
	wg.Wait()
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
