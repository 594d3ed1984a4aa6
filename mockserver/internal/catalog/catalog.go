// SPDX-License-Identifier: MPL-2.0

// Package catalog is the plugin catalog: registered plugins with and without
// versions, the server's builtins, pinned versions and container runtimes. It
// decides which plugin a name means; it starts none. It has no state but its
// storage, and so needs no lock.
package catalog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// Prober starts a plugin once, as the server does when one is registered.
type Prober interface {
	// Probe learns the version that the plugin reports; empty if it reports none.
	Probe(ctx context.Context, e *Entry) (string, error)
	// DetectType learns what a plugin is that was registered without a type.
	DetectType(ctx context.Context, e *Entry) (consts.PluginType, error)
}

// Catalog is the plugins of one server. All methods may be called concurrently.
type Catalog struct {
	storage   logical.Storage
	directory string
	dialect   *dialect.Dialect
	builtins  map[Key]*Entry
	// artifactKey is the key that artifacts are signed with.
	artifactKey ArtifactKey
}

// New returns the catalog over its part of the storage. directory is the
// absolute plugin directory, without symlinks, or empty. factories make
// builtins work: those of the dialect by type and name, and additional ones.
func New(storage logical.Storage, directory string, d *dialect.Dialect, factories map[Key]logical.Factory) *Catalog {
	c := &Catalog{storage: storage, directory: directory, dialect: d, builtins: map[Key]*Entry{}}
	for _, b := range d.Builtins {
		kind, err := consts.ParsePluginType(b.Type)
		if err != nil {
			panic(fmt.Sprintf("dialect %s: builtin %s: %v", d.Name, b.Name, err))
		}
		k := Key{Type: kind, Name: b.Name}
		c.builtins[k] = &Entry{Key: Key{Type: kind, Name: b.Name, Version: b.Version}, Builtin: true, Status: string(b.Status), Factory: factories[k]}
	}
	for k, f := range factories {
		if _, ok := c.builtins[k]; !ok {
			c.builtins[k] = &Entry{Key: Key{Type: k.Type, Name: k.Name, Version: d.OwnVersion()}, Builtin: true, Status: string(dialect.Supported), Factory: f}
		}
	}
	return c
}

// Path is the absolute path of an entry's command.
func (c *Catalog) Path(e *Entry) string { return filepath.Join(c.directory, e.Command) }

// Builtin returns the server's own plugin of that type and name. The error
// wraps ErrNotFound.
func (c *Catalog) Builtin(kind consts.PluginType, name string) (*Entry, error) {
	if b, ok := c.builtins[Key{Type: kind, Name: name}]; ok {
		return b, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, name)
}

// Get returns the plugin that the key names: the registered one, or the builtin
// if no version is asked for or the builtin's own. A builtin that an
// unversioned plugin hides is not found by its version. The error wraps
// ErrNotFound and names the plugin.
func (c *Catalog) Get(ctx context.Context, k Key) (*Entry, error) {
	if c.directory != "" || c.dialect.Catalog.Images {
		e, err := c.registered(ctx, k)
		if !errors.Is(err, ErrNotFound) {
			return e, err
		}
	}
	b := c.builtins[Key{Type: k.Type, Name: k.Name}]
	if b != nil && (k.Version == "" || k.Version == b.Version && !c.hidden(ctx, k)) {
		return b, nil
	}
	name := k.Name
	if k.Version != "" {
		name += ", version=" + k.Version
	}
	return nil, fmt.Errorf("%w: %s", ErrNotFound, name)
}

// hidden reports whether an unversioned plugin replaces the builtin.
func (c *Catalog) hidden(ctx context.Context, k Key) bool {
	_, err := c.registered(ctx, Key{Type: k.Type, Name: k.Name})
	return err == nil
}

// registered returns the registered plugin with exactly that key. The error wraps
// ErrNotFound if there is none.
func (c *Catalog) registered(ctx context.Context, k Key) (*Entry, error) {
	raw, err := c.storage.Get(ctx, "plugins/"+k.storageKey())
	if err != nil {
		return nil, fmt.Errorf("failed to retrieve plugin %q: %w", k.Name, err)
	}
	if raw == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, k.Name)
	}
	return decode(raw)
}

func decode(raw *logical.StorageEntry) (*Entry, error) {
	var s stored
	if err := raw.DecodeJSON(&s); err != nil {
		return nil, fmt.Errorf("failed to decode plugin entry: %w", err)
	}
	return s.entry()
}

// Set registers a plugin after checking that its command lies in the plugin
// directory and asking the plugin for its version. A plugin that can't be
// started is registered all the same: a mount finds out. Only an image is refused,
// where the dialect says so.
func (c *Catalog) Set(ctx context.Context, e *Entry, probe Prober) error {
	if e.Image == "" {
		if err := c.checkRequested(e); err != nil {
			return err
		}
	}
	return c.set(ctx, e, probe)
}

// set is Set for whoever may name any command.
func (c *Catalog) set(ctx context.Context, e *Entry, probe Prober) error {
	if e.Image == "" {
		if err := c.checkCommand(e); err != nil {
			return err
		}
	}
	if e.Type == consts.PluginTypeUnknown {
		var err error
		if e.Type, err = probe.DetectType(ctx, e); err != nil {
			return err
		}
	}
	if err := c.adoptVersion(ctx, e, probe); err != nil {
		return err
	}
	value, err := json.Marshal(e.stored())
	if err != nil {
		return fmt.Errorf("failed to encode plugin entry: %w", err)
	}
	if err := c.storage.Put(ctx, &logical.StorageEntry{Key: "plugins/" + e.storageKey(), Value: value}); err != nil {
		return fmt.Errorf("failed to persist plugin entry: %w", err)
	}
	return nil
}

// adoptVersion compares the version that the plugin reports with the one it is
// registered with, or takes it over.
func (c *Catalog) adoptVersion(ctx context.Context, e *Entry, probe Prober) error {
	reported, err := probe.Probe(ctx, e)
	switch {
	case err != nil && e.Image != "" && c.dialect.Catalog.ImageMustRun:
		return &UnableToRunError{err}
	case err != nil || reported == "":
		return nil
	case e.Version == "":
		if _, err := version.NewVersion(reported); err != nil {
			return fmt.Errorf("plugin self-reported version %q is not a valid semantic version: %s", reported, c.dialect.Catalog.VersionError(err))
		}
		e.Version = reported
	case e.Version != reported:
		return &VersionMismatchError{Name: e.Name, Reported: reported, Requested: e.Version}
	}
	return nil
}

// Delete removes a registered plugin; one that does not exist is not an error.
func (c *Catalog) Delete(ctx context.Context, k Key) error {
	if k.Version != "" {
		pin, err := c.Pin(ctx, k.Type, k.Name)
		switch {
		case err == nil && pin.Version == k.Version:
			return ErrPinned
		case err != nil && !errors.Is(err, ErrNoPin):
			return err
		}
	}
	return c.storage.Delete(ctx, "plugins/"+k.storageKey())
}

// List returns all plugins of a type: registered ones and builtins that no
// unversioned plugin hides, sorted by name and version.
func (c *Catalog) List(ctx context.Context, kind consts.PluginType) ([]*Entry, error) {
	all, err := c.allRegistered(ctx, kind)
	if err != nil {
		return nil, err
	}
	hidden := map[string]bool{}
	for _, e := range all {
		if e.Version == "" {
			hidden[e.Name] = true
		}
	}
	for k, b := range c.builtins {
		if k.Type == kind && !hidden[k.Name] && b.Status != string(dialect.Removed) {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(a, b *Entry) int {
		if byName := cmp.Compare(a.Name, b.Name); byName != 0 {
			return byName
		}
		// Versions that differ in metadata only have no order; this is how the
		// servers' storage gives them.
		return cmp.Or(compareVersions(a.Version, b.Version), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}

// Names returns the names of all plugins of a type, sorted, without those that have
// only versions where the dialect leaves them out. No entry is read: name and version
// stand in the key.
func (c *Catalog) Names(ctx context.Context, kind consts.PluginType) ([]string, error) {
	prefix := "plugins/" + kind.String() + "/"
	keys, err := logical.CollectKeysWithPrefix(ctx, c.storage, prefix)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(keys)+len(c.builtins))
	for _, key := range keys {
		name, version, _ := strings.Cut(strings.TrimPrefix(key, prefix), "/")
		if version == "" || c.dialect.Catalog.ListsVersionedOnly {
			names = append(names, unescape(name))
		}
	}
	for k, b := range c.builtins {
		if k.Type == kind && b.Status != string(dialect.Removed) {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Versions returns the registered plugins with a version of that name, oldest
// first.
func (c *Catalog) Versions(ctx context.Context, kind consts.PluginType, name string) ([]*Entry, error) {
	all, err := c.registeredBelow(ctx, Key{Type: kind, Name: name}.storageKey())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(e *Entry) bool { return e.Name != name || e.Version == "" })
	slices.SortFunc(all, func(a, b *Entry) int { return compareVersions(a.Version, b.Version) })
	return all, nil
}

// Select returns the version that a mount gets when it asks for none: the
// pinned one, else the unversioned plugin (an empty string), else the newest.
func (c *Catalog) Select(ctx context.Context, kind consts.PluginType, name string) (string, error) {
	if c.dialect.Catalog.Pins {
		if pin, err := c.Pin(ctx, kind, name); !errors.Is(err, ErrNoPin) {
			return pin.Version, err
		}
	}
	if _, err := c.registered(ctx, Key{Type: kind, Name: name}); !errors.Is(err, ErrNotFound) {
		return "", err
	}
	versions, err := c.Versions(ctx, kind, name)
	if err != nil || len(versions) == 0 {
		return "", err
	}
	return versions[len(versions)-1].Version, nil
}

// allRegistered returns the registered plugins of a type.
func (c *Catalog) allRegistered(ctx context.Context, kind consts.PluginType) ([]*Entry, error) {
	return c.registeredBelow(ctx, kind.String()+"/")
}

// registeredBelow returns the registered plugins whose storage keys have the prefix.
func (c *Catalog) registeredBelow(ctx context.Context, prefix string) ([]*Entry, error) {
	keys, err := logical.CollectKeysWithPrefix(ctx, c.storage, "plugins/"+prefix)
	if err != nil {
		return nil, err
	}
	var all []*Entry
	for _, key := range keys {
		raw, err := c.storage.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		if raw == nil { // deleted meanwhile
			continue
		}
		e, err := decode(raw)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// compareVersions orders by semantic version, the unversioned one first.
func compareVersions(a, b string) int {
	va, errA := version.NewVersion(a)
	vb, errB := version.NewVersion(b)
	switch {
	case errA != nil && errB != nil:
		return cmp.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	return va.Compare(vb)
}
