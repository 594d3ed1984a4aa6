// SPDX-License-Identifier: MPL-2.0

// Package core is the way of a request through the server: it finds the mount,
// lets access decide whether the caller may, routes to the backend and turns
// the backend's answer into the caller's. It owns the lives of the mounts.
package core

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/builtin"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// SystemTTL is the default and greatest lease time of servers that say nothing
// else: 768 hours.
const SystemTTL = 768 * time.Hour

// Options are what a server is made of.
type Options struct {
	Dialect *dialect.Dialect
	// Physical keeps the state; Close closes it.
	Physical storage.Physical
	// PluginDir is absolute and free of symlinks; empty for none.
	PluginDir string
	// APIAddr is the server's api_addr, asked for when an old plugin starts;
	// empty for none.
	APIAddr   func() string
	RootToken string
	// Environ is the environment that plugin processes inherit.
	Environ func() []string
	// Backends run in this process; the keys have no version.
	Backends     map[catalog.Key]logical.Factory
	StartTimeout time.Duration
	Logger       hclog.Logger
}

// Core is a running server without its HTTP side. All methods may be called
// concurrently.
type Core struct {
	dialect   *dialect.Dialect
	logger    hclog.Logger
	physical  storage.Physical
	view      *storage.View
	table     *mounts.Table
	catalog   *catalog.Catalog
	pool      *process.Pool
	access    *access.Authority
	environ   func() []string
	pluginDir string
	cluster   Cluster

	// life ends when the server closes; work that outlives its request, as a
	// remount does, belongs to it.
	life       context.Context
	endLife    context.CancelFunc
	work       sync.WaitGroup
	migrations sync.Map // id → *Migration
}

// Cluster is how the server names itself; made once for a state.
type Cluster struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// New makes a server over its storage: one with nothing in it gets the mounts
// of a development server. Plugins of mounts that are there already start with
// their first request. system makes the backend of sys/.
func New(ctx context.Context, o Options, system func(*Core) logical.Factory) (*Core, error) {
	c := &Core{
		dialect: o.Dialect, logger: o.Logger, physical: o.Physical,
		view: storage.NewView(o.Physical, ""), table: mounts.NewTable(),
		environ: o.Environ, pluginDir: o.PluginDir,
	}
	c.view.Dotted = o.Dialect.DottedKeys
	c.life, c.endLife = context.WithCancel(context.WithoutCancel(ctx))
	factories := builtin.Factories(o.Dialect)
	for k, f := range o.Backends {
		factories[k] = f
	}
	c.catalog = catalog.New(c.view.Sub("catalog/"), o.PluginDir, o.Dialect, factories)
	var err error
	c.access, err = access.New(ctx, access.Options{
		Storage: c.view.Sub("access/"), Router: c, Dialect: o.Dialect, RootToken: o.RootToken,
		APIAddr: o.APIAddr, Logger: o.Logger.Named("access"),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare tokens and policies: %w", err)
	}
	c.pool = process.New(process.Host{
		Environ: c.hostEnviron, Rule: o.Dialect.Environment, OwnVariables: o.Dialect.OwnVariables,
		Version: o.Dialect.Version, Wrap: c.access.WrapCertificate, StartTimeout: o.StartTimeout,
		HandshakeHint: o.Dialect.HandshakeHint, Logger: o.Logger,
	})
	if err := c.loadCluster(ctx); err != nil {
		return nil, err
	}
	if err := c.loadMounts(ctx, system(c)); err != nil {
		return nil, err
	}
	// Only now can plugins be asked to revoke what has ended.
	c.access.Start()
	return c, c.logConflicts(ctx)
}

// Close ends all plugin processes and the storage. Requests that are still
// under way fail.
func (c *Core) Close() error {
	c.endLife()
	c.work.Wait()
	c.access.Close()
	c.pool.Close()
	return c.physical.Close()
}

// Dialect is what the server behaves like.
func (c *Core) Dialect() *dialect.Dialect { return c.dialect }

// Catalog is the server's plugin catalog.
func (c *Core) Catalog() *catalog.Catalog { return c.catalog }

// Access is the server's authority over tokens, policies and leases.
func (c *Core) Access() *access.Authority { return c.access }

// Cluster is how the server names itself.
func (c *Core) Cluster() Cluster { return c.cluster }

// Processes lists the plugin processes that are running.
func (c *Core) Processes() []process.Info { return c.pool.Processes() }

// Mounts returns all mounts, sorted by full path.
func (c *Core) Mounts() []*mounts.Route { return c.table.All() }

// MountAt returns the mount at exactly the full path; the error wraps
// mounts.ErrNotFound.
func (c *Core) MountAt(path string) (*mounts.Route, error) { return c.table.Exact(path) }

// MountOf returns the mount that a request's path belongs to; the error wraps
// mounts.ErrNotFound.
func (c *Core) MountOf(path string) (*mounts.Route, error) {
	r, _, err := c.table.Match(path)
	return r, err
}

// hostEnviron is the server process's environment as plugins inherit it: what
// the server was given, and what this version of it sets for itself.
func (c *Core) hostEnviron() []string {
	return slices.Concat(c.environ(), c.dialect.ProcessVariables)
}

// Probe starts a plugin once and returns the version that it reports.
func (c *Core) Probe(ctx context.Context, e *catalog.Entry) (string, error) {
	return c.pool.Version(ctx, c.processEntry(e))
}

// DetectType starts a plugin once to learn whether it is a secrets engine or an
// auth method, for registrations that don't say.
func (c *Core) DetectType(ctx context.Context, e *catalog.Entry) (consts.PluginType, error) {
	lookup := func(context.Context) (process.Entry, error) { return c.processEntry(e), nil }
	b, err := c.pool.Backend(ctx, lookup, &logical.BackendConfig{
		StorageView: &logical.InmemStorage{}, Logger: c.logger.Named(e.Name), System: &logical.StaticSystemView{VersionString: c.dialect.Version},
	})
	if err != nil {
		return consts.PluginTypeUnknown, notDetected(err)
	}
	defer b.Cleanup(ctx)
	switch b.Type() {
	case logical.TypeCredential:
		return consts.PluginTypeCredential, nil
	case logical.TypeLogical:
		return consts.PluginTypeSecrets, nil
	}
	return consts.PluginTypeUnknown, catalog.ErrBadType
}

// notDetected says of what could not be started, because of err, what it could
// not be started as. The mock tries no database plugins; they would not start
// either.
func notDetected(err error) error {
	var tries *multierror.Error
	if !errors.As(err, &tries) || len(tries.Errors) != 2 {
		return err
	}
	return multierror.Append(nil,
		fmt.Errorf("failed to load plugin as database v5: %w", tries.Errors[0]),
		fmt.Errorf("failed to load plugin as database v4: %w", tries.Errors[1]),
		fmt.Errorf("failed to dispense v4 backend plugin: %w", tries.Errors[1]))
}

// StorageType is what sys/seal-status says of the storage: inmem, or file for
// one that survives the process.
func (c *Core) StorageType() string {
	if _, ok := c.physical.(*storage.Memory); ok {
		return "inmem"
	}
	return "file"
}

// processEntry is a catalog entry as the process pool needs it.
func (c *Core) processEntry(e *catalog.Entry) process.Entry {
	return process.Entry{Name: e.Name, Type: e.Type, Version: e.Version, Command: c.catalog.Path(e), Args: e.Args, Env: e.Env, SHA256: e.SHA256}
}

func (c *Core) loadCluster(ctx context.Context) error {
	raw, err := c.view.Get(ctx, "core/cluster")
	if err != nil {
		return err
	}
	if raw != nil {
		return raw.DecodeJSON(&c.cluster)
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		return err
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	c.cluster = Cluster{Name: "vault-cluster-" + hex.EncodeToString(random[:]), ID: id}
	entry, err := logical.StorageEntryJSON("core/cluster", c.cluster)
	if err != nil {
		return err
	}
	return c.view.Put(ctx, entry)
}

// logConflicts logs, as servers do when they are unsealed with the opt-out on,
// which variables of the server hide registered ones.
func (c *Core) logConflicts(ctx context.Context) error {
	host := c.hostEnviron()
	if !environ.OptedOut(host) {
		return nil
	}
	var plugins []environ.Plugin
	for _, kind := range consts.PluginTypes {
		entries, err := c.catalog.List(ctx, kind)
		if err != nil {
			return err
		}
		for _, e := range entries {
			plugins = append(plugins, environ.Plugin{Type: kind.String(), Name: e.Name, Version: e.Version, Env: e.Env})
		}
	}
	for _, n := range environ.Notices(c.dialect.Environment, host, plugins) {
		if n.Warn {
			c.logger.Warn(n.Message, n.Fields...)
		} else {
			c.logger.Info(n.Message, n.Fields...)
		}
	}
	return nil
}
