// SPDX-License-Identifier: MPL-2.0

package storage_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// each runs a test with every Physical.
func each(t *testing.T, test func(t *testing.T, p storage.Physical)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, storage.NewMemory())
	})
	t.Run("bolt", func(t *testing.T) {
		t.Parallel()
		p := openBolt(t, t.TempDir())
		defer p.Close()
		test(t, p)
	})
}

func openBolt(t *testing.T, dir string) storage.Physical {
	t.Helper()
	p, err := storage.OpenBolt(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func put(t *testing.T, p storage.Physical, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := p.Put(t.Context(), key, []byte("value of "+key)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPhysical(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p storage.Physical) {
		ctx := t.Context()
		put(t, p, "a/x", "a/b/y", "a/b/z", "a", "ab", "b/x")
		for prefix, want := range map[string][]string{
			"":     {"a", "a/", "ab", "b/"},
			"a/":   {"b/", "x"},
			"a/b/": {"y", "z"},
			"c/":   nil,
		} {
			if got, err := p.List(ctx, prefix); err != nil || !slices.Equal(got, want) {
				t.Errorf("List(%q): %q %v, want %q", prefix, got, err, want)
			}
		}
		value, err := p.Get(ctx, "a/x")
		if err != nil || string(value) != "value of a/x" {
			t.Errorf("Get: %q %v", value, err)
		}
		value[0] = '!' // the caller's copy
		if value, _ := p.Get(ctx, "a/x"); string(value) != "value of a/x" {
			t.Errorf("a caller changed what is stored: %q", value)
		}
		if err := p.Put(ctx, "empty", nil); err != nil {
			t.Fatal(err)
		}
		if value, err := p.Get(ctx, "empty"); value == nil || len(value) != 0 || err != nil {
			t.Errorf("an empty value is %v %v, not there and empty", value, err)
		}
		if err := errors.Join(p.Delete(ctx, "a/x"), p.Delete(ctx, "never/there"), p.Clear(ctx, "a/b/")); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"a/x", "a/b/y", "a/b/z", "never/there"} {
			if value, err := p.Get(ctx, key); value != nil || err != nil {
				t.Errorf("%s is %q %v, not gone", key, value, err)
			}
		}
		if value, err := p.Get(ctx, "ab"); value == nil || err != nil {
			t.Errorf("ab is gone with a/b/: %v", err)
		}
	})
}

func TestBoltSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := openBolt(t, dir)
	put(t, p, "a")
	if _, err := storage.OpenBolt(dir); err == nil {
		t.Error("two servers opened one directory")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	again := openBolt(t, dir)
	defer again.Close()
	if value, err := again.Get(t.Context(), "a"); string(value) != "value of a" || err != nil {
		t.Errorf("%q %v", value, err)
	}
}

func TestViewStaysBelowItsPrefix(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		key    string
		dotted bool
		err    error
	}{
		{key: "a/b"},
		{key: "a/../b", err: logical.ErrRelativePath},
		{key: "..", err: logical.ErrRelativePath},
		{key: "a..b", err: logical.ErrRelativePath},
		{key: "a..b", dotted: true},
		{key: "a/../b", dotted: true, err: logical.ErrRelativePath},
		{key: "a/..", dotted: true, err: logical.ErrRelativePath},
	} {
		p := storage.NewMemory()
		view := storage.NewView(p, "mine/")
		view.Dotted = test.dotted
		part := view.Sub("part/")
		entry := &logical.StorageEntry{Key: test.key, Value: []byte("1")}
		_, listErr := part.List(t.Context(), test.key)
		_, getErr := part.Get(t.Context(), test.key)
		for _, err := range []error{part.Put(t.Context(), entry), getErr, listErr, part.Delete(t.Context(), test.key)} {
			if !errors.Is(err, test.err) {
				t.Errorf("%q, dotted %v: %v, want %v", test.key, test.dotted, err, test.err)
			}
		}
	}
}

func TestView(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := storage.NewMemory()
	put(t, p, "other/x")
	view := storage.NewView(p, "mine/")
	part := view.Sub("part/")
	if err := part.Put(ctx, &logical.StorageEntry{Key: "k", Value: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	if value, _ := p.Get(ctx, "mine/part/k"); string(value) != "1" {
		t.Errorf("the value is not below the prefix: %q", value)
	}
	if err := part.Put(ctx, nil); !errors.Is(err, storage.ErrNilEntry) {
		t.Errorf("without entry: %v", err)
	}
	if entry, err := part.Get(ctx, "missing"); entry != nil || err != nil {
		t.Errorf("missing: %v %v", entry, err)
	}

	part.SetReadOnly(logical.ErrSetupReadOnly)
	for _, err := range []error{part.Put(ctx, &logical.StorageEntry{Key: "k"}), part.Delete(ctx, "k")} {
		if !errors.Is(err, logical.ErrSetupReadOnly) {
			t.Errorf("read-only: %v", err)
		}
	}
	if entry, err := part.Get(ctx, "k"); err != nil || string(entry.Value) != "1" {
		t.Errorf("a read of a read-only view: %v %v", entry, err)
	}
	if err := view.Put(ctx, &logical.StorageEntry{Key: "whole"}); err != nil {
		t.Errorf("the whole is read-only with its part: %v", err)
	}
	part.SetReadOnly(nil)
	if err := part.Delete(ctx, "k"); err != nil {
		t.Error(err)
	}

	if err := view.Clear(ctx); err != nil {
		t.Fatal(err)
	}
	if names, _ := p.List(ctx, ""); !slices.Equal(names, []string{"other/"}) {
		t.Errorf("left after Clear: %q", names)
	}
}
