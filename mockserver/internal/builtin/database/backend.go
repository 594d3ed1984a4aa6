// SPDX-License-Identifier: MPL-2.0

// Package database is the builtin database secrets engine. It runs registered plugins
// of type database through vault/sdk's dbplugin, one connection for each of its
// configurations, and gives out the credentials that they create.
//
// Source: builtin/logical/database of Vault and OpenBao, whose texts the errors have.
package database

import (
	"context"
	"strings"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

// Where things are in the mount's storage.
const (
	configPrefix     = "config/"
	rolePrefix       = "role/"
	staticRolePrefix = "static-role/"
)

// backend is one mount of the engine.
type backend struct {
	*framework.Backend
	dialect *dialect.Dialect
	clock   *clock.Clock
	storage logical.Storage

	// mu guards connections, by the name of their configuration.
	mu          sync.Mutex
	connections map[string]*connection
	// opening is held by name while a connection is made, roots while its user gets a new
	// password, static while a static role is changed or rotated.
	opening, roots, static keylock.Locks
	rotations              *rotations
}

// Factory returns the factory of the engine as servers of the dialect have it. Static
// roles are rotated by clk.
func Factory(d *dialect.Dialect, clk *clock.Clock) logical.Factory {
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &backend{dialect: d, clock: clk, storage: conf.StorageView, connections: map[string]*connection{}}
		b.rotations = newRotations(b)
		b.Backend = &framework.Backend{
			Help:        strings.ReplaceAll(strings.TrimSpace(help), "SERVER", d.DisplayName),
			BackendType: logical.TypeLogical,
			PathsSpecial: &logical.Paths{
				LocalStorage:    []string{framework.WALPrefix},
				SealWrapStorage: []string{"config/*", "static-role/*"},
			},
			Paths: framework.PathAppend(
				b.configPaths(), b.rolePaths(), b.staticRolePaths(), b.credentialPaths(), b.rotatePaths(),
			),
			Secrets:        []*framework.Secret{b.secret()},
			InitializeFunc: b.initialize,
			Clean:          b.clean,
		}
		return b, b.Setup(ctx, conf)
	}
}

const help = `
The database backend supports using many different databases
as secret backends, including but not limited to:
cassandra, mssql, mysql, postgres

After mounting this backend, configure it using the endpoints within
the "database/config/" path.
`

func (b *backend) initialize(ctx context.Context, _ *logical.InitializationRequest) error {
	return b.rotations.load(ctx)
}

// clean closes all connections and stops rotating.
func (b *backend) clean(context.Context) {
	b.rotations.stop()
	b.mu.Lock()
	all := b.connections
	b.connections = map[string]*connection{}
	b.mu.Unlock()
	var closing sync.WaitGroup
	for _, c := range all {
		closing.Go(c.close)
	}
	closing.Wait()
}

// operations are the handlers of a path.
type operations map[logical.Operation]framework.OperationFunc

type fields map[string]*framework.FieldSchema

func path(pattern, synopsis string, f fields, ops operations) *framework.Path {
	p := &framework.Path{
		Pattern: pattern, Fields: f, HelpSynopsis: synopsis, HelpDescription: synopsis,
		Operations: map[logical.Operation]framework.OperationHandler{},
	}
	for op, handle := range ops {
		p.Operations[op] = &framework.PathOperation{Callback: handle}
	}
	return p
}

// exists is an existence check for what is stored below prefix.
func exists(prefix string) framework.ExistenceFunc {
	return func(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
		entry, err := req.Storage.Get(ctx, prefix+d.Get("name").(string))
		return entry != nil, err
	}
}

// stringsOr returns a list that is shown as [] rather than null.
func stringsOr(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
