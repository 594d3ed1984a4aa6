// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/builtin"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/fielderrors"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// start creates the backend of a mount from the catalog: a process for a
// registered plugin, an object for a builtin. It is the mounts.Starter of all
// mounts but the server's own.
func (c *Core) start(ctx context.Context, r *mounts.Route) (*mounts.Backend, error) {
	// What a backend does at start may outlive the request that started it.
	ctx = c.within(context.WithoutCancel(ctx), r.Entry())
	e := r.Entry()
	ctx = c.about(ctx, e, e.FullPath())
	key, err := c.resolve(ctx, e)
	if err != nil {
		return nil, err
	}
	plug, err := c.catalogEntry(ctx, key)
	if err != nil {
		return nil, err
	}
	conf := c.config(r, key.Version)
	var b logical.Backend
	switch {
	case !plug.Builtin:
		if plug.Image == "" {
			if err := c.CheckPluginFile(plug.Command); err != nil {
				return nil, err
			}
		}
		b, err = c.pool.Backend(ctx, c.lookup(key), conf)
	case plug.Factory == nil:
		b, err = builtin.Unemulated(ctx, plug.Name, plug.Type, conf)
	default:
		// A factory sets its backend up itself, as behind gRPC.
		b, err = newInProcess(ctx, plug.Name, plug.Factory, conf)
	}
	if err != nil {
		return nil, err
	}
	// Writes are refused from the making of the mount until here, see mountView. Where
	// a mount was skipped when the server started, they stay refused until the next
	// start.
	if !r.Skipped() {
		r.Storage.SetReadOnly(nil)
	}
	failed := initialize(ctx, b, r)
	err = checkSpecialPaths(b.SpecialPaths())
	if err == nil {
		err = c.recordRunning(ctx, r, plug)
	}
	if err != nil {
		b.Cleanup(ctx) // no other reference exists
		return nil, err
	}
	if failed != nil {
		failed = &initializeError{failed}
	}
	return mounts.NewBackend(b), failed
}

// initializeError is returned with a backend that failed to initialize: it is used all the
// same, and only who started it learns of the failure (mountInternal, setupMounts and
// reloadBackendCommon of Vault and OpenBao).
type initializeError struct{ error }

func (e *initializeError) Unwrap() error { return e.error }

// about returns ctx for calls of the plugin at a mount, whose spans name it. The server's
// own mounts start plugins too, which have no mount then.
func (c *Core) about(ctx context.Context, e *mounts.Entry, mount string) context.Context {
	if c.trace == nil || c.Internal(e.Type) {
		return ctx
	}
	return trace.WithMount(ctx, mount)
}

// catalogEntry returns what a mount of that key runs.
func (c *Core) catalogEntry(ctx context.Context, key catalog.Key) (*catalog.Entry, error) {
	if !builtin.Fixed(key.Type, key.Name) {
		return c.catalog.Get(ctx, key)
	}
	own, err := c.catalog.Builtin(key.Type, key.Name)
	if errors.Is(err, catalog.ErrNotFound) { // linked in, but not listed
		key.Version = c.dialect.OwnVersion()
		return &catalog.Entry{Key: key, Builtin: true, Factory: builtin.Linked(key.Type, key.Name, c.dialect, c.clock)}, nil
	}
	return own, err
}

// resolve returns the catalog entry that a mount runs: of the pinned version if there
// is one that the mount does not override, else of its own.
func (c *Core) resolve(ctx context.Context, e *mounts.Entry) (catalog.Key, error) {
	key := catalog.Key{Type: e.PluginType(), Name: e.PluginName(), Version: e.Version}
	if c.dialect.Catalog.Pins && !e.Config.OverridePin {
		pin, err := c.catalog.Pin(ctx, key.Type, key.Name)
		if !errors.Is(err, catalog.ErrNoPin) {
			return pin, err
		}
	}
	return key, nil
}

// lookup returns the entry for each start of a process: a plugin that
// was registered anew with another environment gets that when it comes back.
func (c *Core) lookup(key catalog.Key) func(context.Context) (process.Entry, error) {
	return func(ctx context.Context) (process.Entry, error) {
		if err := c.delayStart(ctx); err != nil {
			return process.Entry{}, err
		}
		plug, err := c.catalog.Get(ctx, key)
		if err != nil {
			return process.Entry{}, err
		}
		return c.processEntry(ctx, plug)
	}
}

// mountView returns the storage of a mount whose backend was never set up in this
// server's life: writes are refused until it is. A backend may write from
// Initialize on, and also in the Setup of a later reload.
//
// Source: mountInternal, setupMounts and reloadBackendCommon of Vault and
// OpenBao.
func (c *Core) mountView(e *mounts.Entry) *storage.View {
	view := c.view.Sub("logical/" + e.UUID + "/")
	view.SetReadOnly(logical.ErrSetupReadOnly)
	return view
}

// config returns the configuration for Setup of a backend.
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

// recordRunning isWrite down what runs now, if it is something else than before.
func (c *Core) recordRunning(ctx context.Context, r *mounts.Route, plug *catalog.Entry) error {
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

// rootBackend returns the backend of one of the server's own mounts in the root.
func (c *Core) rootBackend(ctx context.Context, path string) (*mounts.Backend, error) {
	r, err := c.table.Exact(path)
	if err != nil {
		return nil, err
	}
	b, leave, err := r.Enter(ctx)
	if err != nil {
		return nil, err
	}
	leave() // it ends with the server
	return b, nil
}

// startInternal is the starter of the backends of the server's own mounts. They have no
// state: namespaces use those of the root.
func (c *Core) startInternal(ctx context.Context, r *mounts.Route) (*mounts.Backend, error) {
	ctx = c.within(context.WithoutCancel(ctx), r.Entry())
	r.Storage.SetReadOnly(nil)
	if r.Entry().Namespace != "" {
		return c.rootBackend(ctx, r.Entry().FullPath())
	}
	b, err := c.own[c.OwnType(r.Entry().Type)](ctx, c.config(r, ""))
	if err != nil {
		return nil, err
	}
	b = fielderrors.Wrap(b, c.dialect.Requests.FieldErrors)
	if err := initialize(ctx, b, r); err != nil {
		return nil, err
	}
	return mounts.NewBackend(b), nil
}
