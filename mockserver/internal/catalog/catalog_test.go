// SPDX-License-Identifier: MPL-2.0

package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

const secrets = consts.PluginTypeSecrets

// prober answers for plugins that are never started.
type prober struct {
	version string
	kind    consts.PluginType
	err     error
}

func (p prober) Probe(context.Context, *catalog.Entry) (string, error) { return p.version, p.err }

func (p prober) DetectType(context.Context, *catalog.Entry) (consts.PluginType, error) {
	return p.kind, p.err
}

// newCatalog returns a catalog with the file plug in its directory.
func newCatalog(t *testing.T, name string) (c *catalog.Catalog, directory string) {
	t.Helper()
	d, err := dialect.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	directory, err = filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(directory, "plug"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	return catalog.New(&logical.InmemStorage{}, directory, d, nil), directory
}

func entry(name, version string) *catalog.Entry {
	return &catalog.Entry{
		Key: catalog.Key{Type: secrets, Name: name, Version: version}, Command: "plug", SHA256: bytes.Repeat([]byte{1}, 32),
	}
}

func set(t *testing.T, c *catalog.Catalog, entries ...*catalog.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := c.Set(t.Context(), e, prober{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhereACommandMayLie(t *testing.T) {
	t.Parallel()
	c, directory := newCatalog(t, "vault-1.14")
	outside := filepath.Join(t.TempDir(), "other")
	if err := errors.Join(
		os.WriteFile(outside, nil, 0o700), os.Symlink(outside, filepath.Join(directory, "link")),
		os.Symlink("plug", filepath.Join(directory, "alias")), os.Mkdir(filepath.Join(directory, "below"), 0o700),
		os.WriteFile(filepath.Join(directory, "below", "plug"), nil, 0o700),
	); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]error{
		"plug": nil, "alias": nil, "link": catalog.ErrOutside, "below/plug": catalog.ErrOutside,
		"../x": catalog.ErrParentReference, "missing": os.ErrNotExist,
	} {
		e := entry("p", "")
		e.Command = command
		if err := c.Set(t.Context(), e, prober{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", command, err, want)
		}
	}
	none := catalog.New(&logical.InmemStorage{}, "", dialect.Newest(), nil)
	if err := none.Set(t.Context(), entry("p", ""), prober{}); !errors.Is(err, catalog.ErrNoDirectory) {
		t.Errorf("without directory: %v", err)
	}
	e := entry("..", "")
	if err := c.Set(t.Context(), e, prober{}); !errors.Is(err, catalog.ErrParentReference) {
		t.Errorf("the name ..: %v", err)
	}
}

func TestReportedVersion(t *testing.T) {
	t.Parallel()
	c, _ := newCatalog(t, "vault-1.14")
	for _, test := range []struct {
		registered, reported string
		want                 string // the version, or what is wrong
	}{
		{"", "", ""},
		{"", "v1.2.3", "v1.2.3"},
		{"v1.2.3", "", "v1.2.3"},
		{"v1.2.3", "v1.2.3", "v1.2.3"},
		{"v1.2.3", "v2.0.0", "plugin version mismatch: p reported version (v2.0.0) did not match requested version (v1.2.3)"},
		{"", "soon", `plugin self-reported version "soon" is not a valid semantic version: Malformed version: soon`},
	} {
		e := entry("p", test.registered)
		err := c.Set(t.Context(), e, prober{version: test.reported})
		got := e.Version
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("registered %q, reported %q: %q, want %q", test.registered, test.reported, got, test.want)
		}
	}
	// A plugin that does not start is registered all the same.
	if err := c.Set(t.Context(), entry("p", "v9.0.0"), prober{err: errors.New("boom")}); err != nil {
		t.Error(err)
	}
	typeless := entry("p", "")
	typeless.Type = consts.PluginTypeUnknown
	if err := c.Set(t.Context(), typeless, prober{kind: consts.PluginTypeCredential}); err != nil || typeless.Type != consts.PluginTypeCredential {
		t.Errorf("without type: %s %v", typeless.Type, err)
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := newCatalog(t, "vault-1.16")
	selected := func(want string) {
		t.Helper()
		if got, err := c.Select(ctx, secrets, "p"); got != want || err != nil {
			t.Errorf("selected %q %v, want %q", got, err, want)
		}
	}
	selected("") // nothing there: the mount finds out
	set(t, c, entry("p", "v1.9.0"), entry("p", "v1.10.0"), entry("p", "v1.10.0-rc1"))
	selected("v1.10.0")
	set(t, c, entry("p", ""))
	selected("")
	pinned := catalog.Key{Type: secrets, Name: "p", Version: "v1.9.0"}
	if err := c.SetPin(ctx, pinned); err != nil {
		t.Fatal(err)
	}
	selected("v1.9.0")
	if err := c.Delete(ctx, pinned); !errors.Is(err, catalog.ErrPinned) {
		t.Errorf("deleting a pinned version: %v", err)
	}
	if err := c.SetPin(ctx, catalog.Key{Type: secrets, Name: "p", Version: "v8.0.0"}); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("pinning what is not there: %v", err)
	}
	if pins, err := c.Pins(ctx); err != nil || !slices.Equal(pins, []catalog.Key{pinned}) {
		t.Errorf("pins %v %v", pins, err)
	}
	if err := errors.Join(c.DeletePin(ctx, secrets, "p"), c.Delete(ctx, pinned), c.Delete(ctx, pinned)); err != nil {
		t.Error(err)
	}
	versions, err := c.Versions(ctx, secrets, "p")
	if err != nil || len(versions) != 2 || versions[0].Version != "v1.10.0-rc1" || versions[1].Version != "v1.10.0" {
		t.Errorf("versions %v %v", versions, err)
	}
}

// unreadable is storage that fails to read pins.
type unreadable struct{ logical.Storage }

func (u unreadable) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	if strings.HasPrefix(key, "pins/") {
		return nil, errors.New("the disk is gone")
	}
	return u.Storage.Get(ctx, key)
}

// TestSelectUnreadablePin: a pin that cannot be read is not taken for none.
func TestSelectUnreadablePin(t *testing.T) {
	t.Parallel()
	d, err := dialect.Lookup("vault-1.16")
	if err != nil {
		t.Fatal(err)
	}
	c := catalog.New(unreadable{&logical.InmemStorage{}}, t.TempDir(), d, nil)
	if got, err := c.Select(t.Context(), secrets, "p"); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("selected %q %v, want the storage's error", got, err)
	}
}

// TestDeleteUnreadablePin: the version that may be pinned stays.
func TestDeleteUnreadablePin(t *testing.T) {
	t.Parallel()
	d, err := dialect.Lookup("vault-1.16")
	if err != nil {
		t.Fatal(err)
	}
	c := catalog.New(unreadable{&logical.InmemStorage{}}, t.TempDir(), d, nil)
	if err := c.Delete(t.Context(), catalog.Key{Type: secrets, Name: "p", Version: "v1.0.0"}); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("deleted: %v, want the storage's error", err)
	}
}

func TestListAndNames(t *testing.T) {
	t.Parallel()
	for name, versionedListed := range map[string]bool{"vault-1.16": false, "openbao-2.6": true} {
		c, _ := newCatalog(t, name)
		set(t, c, entry("a/b", ""), entry("c", "v1.0.0"), entry("c", "v2.0.0"), entry("kv", ""))
		names, err := c.Names(t.Context(), secrets)
		if err != nil || !slices.IsSorted(names) || !slices.Contains(names, "a/b") || !slices.Contains(names, "transit") {
			t.Errorf("%s: names %q %v", name, names, err)
		}
		if got := slices.Contains(names, "c"); got != versionedListed {
			t.Errorf("%s: a plugin that has only versions is listed: %v", name, got)
		}
		all, err := c.List(t.Context(), secrets)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, e := range all {
			if e.Name == "c" || e.Name == "kv" {
				found = append(found, e.Name+strings.TrimSuffix("@"+e.Version, "@"))
			}
			if e.Status == string(dialect.Removed) {
				t.Errorf("%s: %s was removed, and is listed", name, e.Name)
			}
		}
		if !slices.Equal(found, []string{"c@v1.0.0", "c@v2.0.0", "kv"}) { // the registered kv hides the builtin
			t.Errorf("%s: %q", name, found)
		}
		if got, err := c.Get(t.Context(), catalog.Key{Type: secrets, Name: "kv"}); err != nil || got.Builtin {
			t.Errorf("%s: kv is %+v %v", name, got, err)
		}
		if got, err := c.Get(t.Context(), catalog.Key{Type: secrets, Name: "transit"}); err != nil || !got.Builtin {
			t.Errorf("%s: transit is %+v %v", name, got, err)
		}
		if _, err := c.Get(t.Context(), catalog.Key{Type: consts.PluginTypeCredential, Name: "a/b"}); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: another type: %v", name, err)
		}
	}
}

func TestRuntimes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, _ := newCatalog(t, "vault-1.16")
	want := catalog.Runtime{Name: "with/slash", OCIRuntime: "runc", CPU: 5, Memory: 6, Rootless: true}
	if err := c.SetRuntime(ctx, want); err != nil {
		t.Fatal(err)
	}
	if all, err := c.Runtimes(ctx); err != nil || !slices.Equal(all, []catalog.Runtime{want}) {
		t.Errorf("%+v %v", all, err)
	}
	inContainer := entry("p", "")
	inContainer.Image, inContainer.Runtime = "image", want.Name
	set(t, c, inContainer)
	var inUse *catalog.RuntimeInUseError
	if err := c.DeleteRuntime(ctx, want.Name); !errors.As(err, &inUse) || !slices.Equal(inUse.Plugins, []string{"p"}) {
		t.Errorf("deleting a runtime in use: %v", err)
	}
	if err := errors.Join(c.Delete(ctx, inContainer.Key), c.DeleteRuntime(ctx, want.Name)); err != nil {
		t.Error(err)
	}
	if _, err := c.Runtime(ctx, want.Name); !errors.Is(err, catalog.ErrNoRuntime) {
		t.Errorf("after its end: %v", err)
	}
}
