// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/builtin"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"github.com/plugproof/plugproof/mockserver/internal/restate"
)

// start makes the backend of a mount from the catalog: a process for a
// registered plugin, an object for a builtin. It is the mounts.Starter of all
// mounts but the server's own.
func (c *Core) start(ctx context.Context, r *mounts.Route) (*mounts.Backend, error) {
	// What a backend does at start may outlive the request that started it.
	ctx = context.WithoutCancel(ctx)
	e := r.Entry()
	key, err := c.wanted(ctx, e)
	if err != nil {
		return nil, err
	}
	plug, err := c.plugin(ctx, key)
	if err != nil {
		return nil, err
	}
	conf := c.config(r, key.Version)
	var b logical.Backend
	switch {
	case !plug.Builtin:
		b, err = c.pool.Backend(ctx, c.lookup(key), conf)
	case plug.Factory == nil:
		b, err = builtin.Unemulated(ctx, plug.Name, plug.Type, conf)
	default:
		// A factory sets its backend up itself, as behind gRPC.
		b, err = plug.Factory(ctx, conf)
		if err == nil && b == nil { // kv's answer to a version of its storage that isn't
			err = fmt.Errorf("nil backend of type %q returned from factory", plug.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	err = initialize(ctx, b, r)
	if err == nil {
		err = c.noteRunning(ctx, r, plug)
	}
	if err != nil {
		b.Cleanup(ctx) // nobody else knows of it
		return nil, err
	}
	return mounts.NewBackend(b), nil
}

// plugin is what a mount of that key runs.
func (c *Core) plugin(ctx context.Context, key catalog.Key) (*catalog.Entry, error) {
	if !builtin.Fixed(key.Type, key.Name) {
		return c.catalog.Get(ctx, key)
	}
	own, err := c.catalog.Builtin(key.Type, key.Name)
	if errors.Is(err, catalog.ErrNotFound) { // linked in, but not listed
		key.Version = c.dialect.OwnVersion()
		return &catalog.Entry{Key: key, Builtin: true}, nil
	}
	return own, err
}

// wanted is the catalog entry that a mount runs: of the pinned version if there
// is one, else of its own.
func (c *Core) wanted(ctx context.Context, e *mounts.Entry) (catalog.Key, error) {
	key := catalog.Key{Type: e.PluginType(), Name: e.PluginName(), Version: e.Version}
	if c.dialect.Pins {
		if pin, err := c.catalog.Pin(ctx, key.Type, key.Name); err == nil {
			return pin, nil
		}
	}
	return key, nil
}

// lookup finds what a process is started with each time one is: a plugin that
// was registered anew with another environment gets that when it comes back.
func (c *Core) lookup(key catalog.Key) func(context.Context) (process.Entry, error) {
	return func(ctx context.Context) (process.Entry, error) {
		plug, err := c.catalog.Get(ctx, key)
		if err != nil {
			return process.Entry{}, err
		}
		if plug.Image != "" {
			return process.Entry{}, fmt.Errorf("plugproof's mock server does not run plugins from container images: register %s with a command", plug.Name)
		}
		return c.processEntry(plug), nil
	}
}

// config is what a backend is set up with.
func (c *Core) config(r *mounts.Route, version string) *logical.BackendConfig {
	e := r.Entry()
	options := maps.Clone(e.Options)
	if options == nil {
		options = map[string]string{}
	}
	options["plugin_name"], options["plugin_type"], options["plugin_version"] = e.PluginName(), e.PluginType().String(), version
	kind := "secrets."
	if e.Auth {
		kind = "auth."
	}
	return &logical.BackendConfig{
		StorageView: r.Storage, Config: options, BackendUUID: e.BackendUUID,
		Logger: c.logger.Named(kind + e.Type + "." + e.Accessor),
		System: newSystemView(c, r),
	}
}

func initialize(ctx context.Context, b logical.Backend, r *mounts.Route) error {
	return b.Initialize(ctx, &logical.InitializationRequest{Storage: r.Storage})
}

// noteRunning writes down what runs now, if it is something else than before.
func (c *Core) noteRunning(ctx context.Context, r *mounts.Route, plug *catalog.Entry) error {
	version, sha := plug.Version, hex.EncodeToString(plug.SHA256)
	if e := r.Entry(); e.RunningVersion == version && e.RunningSHA256 == sha {
		return nil
	}
	return r.Modify(func(e *mounts.Entry) error {
		e.RunningVersion, e.RunningSHA256 = version, sha
		raw, err := c.view.Get(ctx, mountKey(e))
		if err != nil || raw == nil { // not stored yet: the mount is being made
			return err
		}
		return c.persist(ctx, e)
	})
}

// startOwn makes the backends of the server's own mounts.
func (c *Core) startOwn(factory logical.Factory) mounts.Starter {
	return func(ctx context.Context, r *mounts.Route) (*mounts.Backend, error) {
		ctx = context.WithoutCancel(ctx)
		b, err := factory(ctx, c.config(r, ""))
		if err != nil {
			return nil, err
		}
		b = restate.Wrap(b, c.dialect.FieldErrors)
		if err := initialize(ctx, b, r); err != nil {
			return nil, err
		}
		return mounts.NewBackend(b), nil
	}
}
