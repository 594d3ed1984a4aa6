// SPDX-License-Identifier: MPL-2.0

package turn_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/mockserver/internal/access/turn"
)

func TestOneAtATimeByKey(t *testing.T) {
	t.Parallel()
	var turns turn.Turns
	counts := make([]int, 4) // without other synchronisation: -race tells
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			k := i % len(counts)
			done, err := turns.Take(context.Background(), string(rune('a'+k)))
			if err != nil {
				t.Error(err)
				return
			}
			defer done()
			counts[k]++
		})
	}
	wg.Wait()
	for k, n := range counts {
		if n != 100 {
			t.Errorf("key %d was worked on %d times", k, n)
		}
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var turns turn.Turns
	done, err := turns.Take(context.Background(), "k")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := turns.Take(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	other, err := turns.Take(context.Background(), "other")
	if err != nil {
		t.Errorf("another key: %v", err)
	}
	other()
	done()
	if done, err = turns.Take(context.Background(), "k"); err != nil {
		t.Errorf("after its end: %v", err)
	}
	done()
}
