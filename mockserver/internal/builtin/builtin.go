// SPDX-License-Identifier: MPL-2.0

// Package builtin has the backends of the server's own plugins: kv works, made
// from its public module, and so does the database engine; the others can be mounted, listed, tuned and removed,
// and say that they are not emulated when they are used.
package builtin

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/database"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/fielderrors"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

// Factories are the builtins that work, as servers of the dialect have them.
func Factories(d *dialect.Dialect) map[catalog.Key]logical.Factory {
	return map[catalog.Key]logical.Factory{
		{Type: consts.PluginTypeSecrets, Name: "kv"}: keyValueFactory(d),
	}
}

// Linked returns the factory of a builtin that servers have without listing it in the
// catalog; nil if there is none of that name.
func Linked(kind consts.PluginType, name string, d *dialect.Dialect, clk *clock.Clock) logical.Factory {
	if kind != consts.PluginTypeSecrets || name != "database" {
		return nil
	}
	engine := database.Factory(d, clk)
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b, err := engine(ctx, conf)
		if err != nil {
			return nil, err
		}
		return fielderrors.Wrap(b, d.Requests.FieldErrors), nil
	}
}

// Fixed reports whether mounts of that name always get the server's own backend,
// even if a plugin is registered under it: Vault and OpenBao link kv and
// database in besides listing them (server source, LogicalBackends; recorded
// in reg-shadow-builtin).
func Fixed(kind consts.PluginType, name string) bool {
	return kind == consts.PluginTypeSecrets && (name == "kv" || name == "database")
}

// Unemulated returns the backend of a builtin that the mock only lists: each
// request to it gets an error that says so.
func Unemulated(ctx context.Context, name string, kind consts.PluginType, conf *logical.BackendConfig) (logical.Backend, error) {
	say := func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
		return logical.ErrorResponse("plugproof's mock server lists the builtin plugin %q but does not emulate it: register the plugin's binary under this name to use it", name), logical.ErrInvalidRequest
	}
	path := &framework.Path{Pattern: ".*", Operations: map[logical.Operation]framework.OperationHandler{}}
	for _, op := range []logical.Operation{logical.ReadOperation, logical.ListOperation, logical.UpdateOperation, logical.PatchOperation, logical.DeleteOperation} {
		path.Operations[op] = &framework.PathOperation{Callback: say}
	}
	b := &framework.Backend{
		Help:         "A builtin plugin that plugproof's mock server does not emulate.",
		BackendType:  logical.TypeLogical,
		Paths:        []*framework.Path{path},
		PathsSpecial: &logical.Paths{},
	}
	if kind == consts.PluginTypeCredential {
		b.BackendType = logical.TypeCredential
		b.PathsSpecial.Unauthenticated = []string{"login", "login/*"}
	}
	return b, b.Setup(ctx, conf)
}
