// SPDX-License-Identifier: MPL-2.0

package cache_test

import (
	"errors"
	"testing"

	"github.com/plugproof/plugproof/mockserver/internal/storage/cache"
)

func TestValuesAreLoadedOnce(t *testing.T) {
	t.Parallel()
	c := cache.New[int](8)
	loads := 0
	get := func() int {
		v, err := c.Get("k", func() (int, error) { loads++; return loads, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range 2 {
		if get() != 1 {
			t.Error("loaded more than once")
		}
	}
	c.Forget("k")
	if get() != 2 {
		t.Error("not loaded again after Forget")
	}
	c.ForgetIf(func(v int) bool { return v == 2 })
	if get() != 3 {
		t.Error("not loaded again after ForgetIf")
	}
}

// A load that began before a write must not be kept: it may have read what was
// there before.
func TestLoadDuringAWriteIsNotKept(t *testing.T) {
	t.Parallel()
	c := cache.New[string](8)
	got, err := c.Get("k", func() (string, error) {
		c.Forget("k") // the write, while this load has the old value in hand
		return "old", nil
	})
	if err != nil || got != "old" {
		t.Fatalf("%q, %v", got, err)
	}
	if got, _ := c.Get("k", func() (string, error) { return "new", nil }); got != "new" {
		t.Errorf("%q was kept over the write", got)
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	t.Parallel()
	c := cache.New[int](8)
	boom := errors.New("boom")
	if _, err := c.Get("k", func() (int, error) { return 0, boom }); !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	if v, err := c.Get("k", func() (int, error) { return 1, nil }); v != 1 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	c := cache.New[int](2)
	loads := 0
	for range 2 {
		for _, key := range []string{"a", "b", "c"} {
			if _, err := c.Get(key, func() (int, error) { loads++; return 0, nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if loads < 4 {
		t.Errorf("three values were kept where two have room")
	}
}
