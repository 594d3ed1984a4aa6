// SPDX-License-Identifier: MPL-2.0

package process

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestGate(t *testing.T) {
	t.Parallel()
	g := newGate()
	if !g.enter() {
		t.Fatal("an open gate keeps out")
	}
	drained := g.shut()
	if g.enter() {
		t.Fatal("a shut gate lets in")
	}
	select {
	case <-drained:
		t.Fatal("drained with somebody inside")
	default:
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { g.enter(); g.shut() })
	}
	wg.Wait()
	g.leave()
	<-drained
}

func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]Entry{}
	for _, e := range []Entry{
		{}, {Name: "a"}, {Version: "a"}, {Command: "a"}, {Args: []string{"a"}}, {Env: []string{"a"}},
		{Env: []string{"a", "b"}}, {Env: []string{"a;b"}}, {Args: []string{"a"}, Env: []string{"b"}}, {SHA256: []byte("a")},
	} {
		if other, found := seen[e.key()]; found {
			t.Errorf("%+v and %+v share a process", e, other)
		}
		seen[e.key()] = e
	}
}

func TestDigestsNoticeEveryChange(t *testing.T) {
	t.Parallel()
	for name, settle := range map[string]time.Duration{"kept": -time.Hour, "fresh": settleTime} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDigests()
			d.settle = settle
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte("one"), 0o755); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			one, two := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("two"))
			for range 2 {
				if err := d.check(path, one[:]); err != nil {
					t.Fatal(err)
				}
			}
			if settle > 0 && len(d.known) != 0 {
				t.Fatal("the digest of a file that has just changed was kept")
			}
			if settle < 0 {
				if len(d.known) != 1 {
					t.Fatal("the digest was not kept")
				}
				return // a change within the clock's step is what settle is for
			}
			// Same size, and the time set back: only the change time tells.
			if err := os.WriteFile(path, []byte("two"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
			if err := d.check(path, one[:]); err == nil {
				t.Fatal("a changed file passes")
			}
			if err := d.check(path, two[:]); err != nil {
				t.Fatal(err)
			}
		})
	}
}
