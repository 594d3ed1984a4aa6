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
	d := NewDigests()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("one"), 0o755); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	one, two := sha256.Sum256([]byte("one")), sha256.Sum256([]byte("two"))
	check := func(want [sha256.Size]byte) error {
		file, err := d.open(path, want[:])
		if err == nil {
			file.close()
		}
		return err
	}
	for range 2 {
		if err := check(one); err != nil {
			t.Fatal(err)
		}
	}
	// Same size, and the time set back: only the change time tells.
	if err := os.WriteFile(path, []byte("two"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := check(one); err == nil {
		t.Fatal("a changed file passes")
	}
	if err := check(two); err != nil {
		t.Fatal(err)
	}
}

func TestDigestsAreKeptForOldFilesOnly(t *testing.T) {
	t.Parallel()
	changed := time.Unix(1_700_000_000, 0)
	for name, c := range map[string]struct {
		changed time.Time
		age     time.Duration
		want    bool
	}{
		"fine, fresh":   {changed: changed.Add(123456789), age: 20 * time.Millisecond},
		"fine, old":     {changed: changed.Add(123456789), age: 40 * time.Millisecond, want: true},
		"coarse, fresh": {changed: changed, age: 2 * time.Second},
		"coarse, old":   {changed: changed, age: 4 * time.Second, want: true},
		"10 ms, fresh":  {changed: changed.Add(120 * time.Millisecond), age: 2 * time.Second},
		"in the future": {changed: changed.Add(123456789), age: -time.Hour},
	} {
		if got := (identity{changed: c.changed.UnixNano()}).stable(c.changed.Add(c.age)); got != c.want {
			t.Errorf("%s: stable %v, want %v", name, got, c.want)
		}
	}
	// This binary was built before it ran; its digest is worth keeping.
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d := NewDigests()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sum, err := d.sum(file)
	if err != nil {
		t.Fatal(err)
	}
	if old := sum.stable(time.Now().Add(-time.Second)); old && len(d.known) != 1 {
		t.Error("the digest of an old file was not kept")
	}
}
