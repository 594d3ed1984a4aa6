// SPDX-License-Identifier: MPL-2.0

package keylock_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

func TestOneAtATimeByKey(t *testing.T) {
	t.Parallel()
	var locks keylock.Locks
	counts := make([]int, 4) // without other synchronisation: -race tells
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			k := i % len(counts)
			unlock, err := locks.Lock(context.Background(), string(rune('a'+k)))
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
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
	var locks keylock.Locks
	unlock, err := locks.Lock(context.Background(), "k")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := locks.Lock(ctx, "k"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	other, err := locks.Lock(context.Background(), "other")
	if err != nil {
		t.Errorf("another key: %v", err)
	}
	other()
	unlock()
	if unlock, err = locks.Lock(context.Background(), "k"); err != nil {
		t.Errorf("after its end: %v", err)
	}
	unlock()
}
