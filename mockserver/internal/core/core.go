// SPDX-License-Identifier: MPL-2.0

// Package core routes an authorized request to its mount's backend and turns the
// backend's answer into the caller's. It creates, reloads, moves and removes mounts.
package core

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/mockserver/fileperm"
	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/builtin"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/policy/password"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"github.com/plugproof/plugproof/mockserver/internal/quota"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// SystemTTL is the default and greatest lease time of servers that say nothing
// else: 768 hours.
const SystemTTL = 768 * time.Hour

// Options configure New.
type Options struct {
	Dialect *dialect.Dialect
	// Physical keeps the state; Close closes it.
	Physical storage.Physical
	// PluginDir is absolute and free of symlinks; empty for none.
	PluginDir string
	// PluginFiles is what the files in it must be like where the environment says so.
	PluginFiles fileperm.Rule
	// PluginTmpdir is the directory for the sockets of plugins in containers that the
	// configuration names; empty for none.
	PluginTmpdir string
	// ArtifactKey is the key that extracted artifacts are signed with.
	ArtifactKey catalog.ArtifactKey
	// APIAddr is the server's api_addr, asked for when an old plugin starts;
	// empty for none.
	APIAddr   func() string
	RootToken string
	// Environ is the environment that plugin processes inherit.
	Environ func() []string
	// Backends run in this process; the keys have no version.
	Backends map[catalog.Key]logical.Factory
	// Declared are the plugins that the server's configuration registers; nil leaves
	// the catalog as it is.
	Declared     []catalog.Declaration
	StartTimeout time.Duration
	// Digests are those of binaries that were hashed already; nil for none.
	Digests *process.Digests
	// Versions are those that equal registrations had; nil for none.
	Versions *process.Versions
	// Clock is the server's time; nil for one that runs with the system's.
	Clock *clock.Clock
	// Faults are what is made to go wrong; nil for nothing.
	Faults *fault.Injector
	// Trace makes the spans of plugins' processes and calls; nil for none.
	Trace  *trace.Tracer
	Logger hclog.Logger
}

// Core is a running server without its HTTP side. All methods may be called
// concurrently.
type Core struct {
	dialect  *dialect.Dialect
	logger   hclog.Logger
	physical storage.Physical
	view     *storage.View
	table    *mounts.Table
	catalog  *catalog.Catalog
	pool     *process.Pool
	access   *access.Authority
	// namespaces has the root only where the dialect has none.
	namespaces *namespace.Store
	environ    func() []string
	pluginDir  string
	// pluginFiles are Options.PluginFiles.
	pluginFiles fileperm.Rule
	cluster     Cluster
	rollbacks   *rollbacks
	failures    *failures
	faults      *fault.Injector
	trace       *trace.Tracer
	passwords   *password.Store
	quotas      *quota.Manager
	clock       *clock.Clock
	// own are the backends that the server itself is, by type.
	own map[string]logical.Factory
	// backends are those of the embedding program.
	backends map[catalog.Key]logical.Factory

	// ctx ends when the server closes; work that outlives its request, as a
	// remount does, belongs to it.
	ctx        context.Context
	cancel     context.CancelFunc
	background sync.WaitGroup
	migrations sync.Map // id → *Migration
	deletions  sync.Map // UUIDs of the namespaces that are being deleted
}

// Cluster is the name and identifier of a server, chosen once for its storage.
type Cluster struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// New returns a server over its storage: one with nothing in it gets the mounts
// of a development server. Plugins of mounts that are there already start with
// their first request. system makes the backend of sys/.
func New(ctx context.Context, o Options, system func(*Core) logical.Factory) (_ *Core, err error) {
	c := newCore(ctx, o)
	defer func() {
		if err != nil {
			c.stop() // the caller closes the storage
		}
	}()
	c.namespaces, err = namespace.Open(ctx, c.view.Sub("namespaces/"), o.Dialect.Namespaces.IDLength)
	if err != nil {
		return nil, err
	}
	if c.quotas, err = quota.NewManager(ctx, c.view.Sub("quotas/"), c.clock.Now); err != nil {
		return nil, err
	}
	c.access, err = access.New(ctx, access.Options{
		Storage: c.view.Sub("access/"), Router: c, Namespaces: c.namespaces, Dialect: o.Dialect, RootToken: o.RootToken,
		APIAddr: o.APIAddr, Clock: c.clock, Logger: o.Logger.Named("access"),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare tokens and policies: %w", err)
	}
	if c.pool, err = c.newPool(o); err != nil {
		return nil, err
	}
	if err := errors.Join(c.loadCluster(ctx), c.recordVersion(ctx)); err != nil {
		return nil, err
	}
	if o.Declared != nil {
		if err := c.RegisterDeclared(ctx, o.Declared); err != nil {
			return nil, err
		}
	}
	if err := c.loadMounts(ctx, system(c)); err != nil {
		return nil, err
	}
	c.trace.Hide(c.access.RootToken())
	// Only now can plugins be asked to revoke what has ended.
	c.access.Start()
	return c, c.logConflicts(ctx)
}

// newCore returns a core of which nothing has been read from the storage.
func newCore(ctx context.Context, o Options) *Core {
	c := &Core{
		dialect: o.Dialect, logger: o.Logger, physical: o.Physical,
		view: storage.NewView(o.Physical, ""), table: mounts.NewTable(),
		environ: o.Environ, pluginDir: o.PluginDir, pluginFiles: o.PluginFiles, backends: o.Backends, faults: o.Faults, trace: o.Trace,
		clock: o.Clock, failures: &failures{logger: o.Logger},
	}
	c.view.Dotted = o.Dialect.Requests.DottedKeys
	c.ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if c.clock == nil {
		c.clock = clock.New()
	}
	c.rollbacks = newRollbacks(c, c.clock)
	c.passwords = password.NewStore(namespace.Scoped(c.view.Sub("access/"), "password-policies/"))
	factories := builtin.Factories(o.Dialect)
	maps.Copy(factories, o.Backends)
	c.catalog = catalog.New(c.view.Sub("catalog/"), o.PluginDir, o.Dialect, factories)
	c.catalog.TrustArtifacts(o.ArtifactKey)
	return c
}

// newPool returns the pool of plugin processes, which needs the access of the core.
func (c *Core) newPool(o Options) (*process.Pool, error) {
	tmpdir, err := pluginTmpdir(o)
	if err != nil {
		return nil, err
	}
	return process.New(process.Host{
		Environ: c.hostEnviron, Rule: o.Dialect.Processes.Environment, OwnVariables: o.Dialect.Processes.OwnVariables,
		Tmpdir: tmpdir, ClusterID: func() string { return c.cluster.ID },
		Version: o.Dialect.Version, Wrap: c.access.WrapCertificate, StartTimeout: o.StartTimeout,
		Callbacks: o.Dialect.Processes.Callbacks, HandshakeHint: o.Dialect.Processes.HandshakeHint, OnFailure: c.failures.add,
		Digests: o.Digests, Versions: o.Versions, Trace: o.Trace, Logger: o.Logger,
	}), nil
}

// Close ends all plugin processes and the storage. Requests that are still
// under way fail.
func (c *Core) Close() error {
	c.stop()
	return c.physical.Close()
}

// stop ends whatever runs, of a server that may not have come to its start.
func (c *Core) stop() {
	c.cancel()
	c.rollbacks.close()
	c.background.Wait()
	if c.access != nil {
		c.access.Close()
	}
	if c.pool != nil {
		c.pool.Close()
	}
}

// Dialect returns the version that the server behaves like.
func (c *Core) Dialect() *dialect.Dialect { return c.dialect }

// Now returns the time of the server's clock.
func (c *Core) Now() time.Time { return c.clock.Now() }

// Catalog returns the plugin catalog.
func (c *Core) Catalog() *catalog.Catalog { return c.catalog }

// Access returns the authority over tokens, policies and leases.
func (c *Core) Access() *access.Authority { return c.access }

// Passwords returns the password policies.
func (c *Core) Passwords() *password.Store { return c.passwords }

// Cluster returns the name and identifier of the server.
func (c *Core) Cluster() Cluster { return c.cluster }

// Namespaces returns the namespaces.
func (c *Core) Namespaces() *namespace.Store { return c.namespaces }

// Mounts returns the mounts of the request's namespace, sorted by full path.
func (c *Core) Mounts(ctx context.Context) []*mounts.Route {
	ns := namespace.From(ctx)
	return slices.DeleteFunc(c.table.All(), func(r *mounts.Route) bool { return r.Entry().Namespace != ns.Path })
}

// MountsWithKey returns the sorted paths of the mounts of the request's namespace whose
// identity_token_key that is.
func (c *Core) MountsWithKey(ctx context.Context, key string) []string {
	var paths []string
	for _, r := range c.Mounts(ctx) {
		if e := r.Entry(); e.Config.IdentityTokenKey == key {
			paths = append(paths, e.Path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// MountByAccessor returns the mount with that accessor, of any namespace.
func (c *Core) MountByAccessor(accessor string) (identity.Mount, bool) {
	r, err := c.table.WithAccessor(accessor)
	if err != nil {
		return identity.Mount{}, false
	}
	e := r.Entry()
	ns, err := c.namespaces.At(e.Namespace)
	if err != nil { // it is being deleted
		return identity.Mount{}, false
	}
	return identity.Mount{Path: e.FullPath(), Type: e.Type, NamespaceID: ns.ID, Local: e.Local}, true
}

// MountAt returns the mount at exactly the full path, seen from the request's
// namespace; the error wraps mounts.ErrNotFound.
func (c *Core) MountAt(ctx context.Context, path string) (*mounts.Route, error) {
	return c.table.Exact(namespace.From(ctx).Path + path)
}

// MountOf returns the mount that a path belongs to, seen from the request's namespace:
// it may be one of a namespace below. The error wraps mounts.ErrNotFound.
func (c *Core) MountOf(ctx context.Context, path string) (*mounts.Route, error) {
	r, _, err := c.match(ctx, path)
	return r, err
}

// match is MountOf with the mount's table path.
func (c *Core) match(ctx context.Context, path string) (*mounts.Route, string, error) {
	return c.table.Match(namespace.From(ctx).Path + path)
}

// StorageType returns the storage type that sys/seal-status shows: inmem, or file for
// one that survives the process.
func (c *Core) StorageType() string {
	physical := c.physical
	for {
		switch p := physical.(type) {
		case *storage.Faulty:
			physical = p.Physical
		case *storage.Transactor:
			physical = p.Physical
		case *storage.Memory:
			return "inmem"
		default:
			return "file"
		}
	}
}

func (c *Core) loadCluster(ctx context.Context) error {
	if found, err := storage.GetJSON(ctx, c.view, "core/cluster", &c.cluster); err != nil || found {
		return err
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		return err
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	c.cluster = Cluster{Name: "vault-cluster-" + hex.EncodeToString(random[:]), ID: id}
	return storage.PutJSON(ctx, c.view, "core/cluster", c.cluster)
}
