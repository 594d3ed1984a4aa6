// SPDX-License-Identifier: MPL-2.0

package core_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
	"github.com/plugproof/plugproof/mockserver/internal/sys"
)

const rootToken = "root"

// engine is a backend of this process that keeps values at kv/ and logs in at
// login; as an auth method it does the same.
type engine struct {
	kind     logical.BackendType
	cleanups atomic.Int32
	// system is the view that the latest backend got.
	system   logical.SystemView
	periodic func(context.Context, *logical.Request) error
}

func (e *engine) factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	name := map[string]*framework.FieldSchema{"name": {Type: framework.TypeString}, "value": {Type: framework.TypeString}}
	write := func(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
		err := req.Storage.Put(ctx, &logical.StorageEntry{Key: d.Get("name").(string), Value: []byte(d.Get("value").(string))})
		return &logical.Response{Data: map[string]any{"operation": string(req.Operation)}}, err
	}
	b := &framework.Backend{
		BackendType:  e.kind,
		PathsSpecial: &logical.Paths{Unauthenticated: []string{"login"}, Root: []string{"kv/rooted"}},
		PeriodicFunc: e.periodic,
		Clean:        func(context.Context) { e.cleanups.Add(1) },
		Paths: []*framework.Path{
			{
				Pattern: "kv/(?P<name>.+)", Fields: name,
				ExistenceCheck: func(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
					entry, err := req.Storage.Get(ctx, d.Get("name").(string))
					return entry != nil, err
				},
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.CreateOperation: &framework.PathOperation{Callback: write},
					logical.UpdateOperation: &framework.PathOperation{Callback: write},
					logical.ReadOperation: &framework.PathOperation{Callback: func(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
						entry, err := req.Storage.Get(ctx, d.Get("name").(string))
						if entry == nil || err != nil {
							return nil, err
						}
						return &logical.Response{Data: map[string]any{"value": string(entry.Value), "token": req.ClientToken, "headers": req.Headers}}, nil
					}},
				},
			},
			{Pattern: "login", Operations: map[logical.Operation]framework.OperationHandler{
				logical.UpdateOperation: &framework.PathOperation{Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
					return &logical.Response{Auth: &logical.Auth{Policies: []string{"default"}}}, nil
				}},
			}},
		},
	}
	e.system = conf.System
	return b, b.Setup(ctx, conf)
}

// newCore returns a server with the engine as secrets engine "engine" and, if it
// is one, as auth method "method".
func newCore(t *testing.T, e *engine, physical storage.Physical, clk *clock.Clock) *core.Core {
	t.Helper()
	kind, name := consts.PluginTypeSecrets, "engine"
	if e.kind == logical.TypeCredential {
		kind, name = consts.PluginTypeCredential, "method"
	}
	c, err := core.New(t.Context(), core.Options{
		Dialect: dialect.Newest(), Physical: physical, APIAddr: func() string { return "" }, RootToken: rootToken,
		Environ: func() []string { return nil }, Clock: clk, Logger: hclog.NewNullLogger(),
		Backends: map[catalog.Key]logical.Factory{{Type: kind, Name: name}: e.factory},
	}, sys.Factory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func enable(t *testing.T, c *core.Core, path, kind string) {
	t.Helper()
	if err := c.EnableMount(t.Context(), &mounts.Entry{Path: path, Type: kind}); err != nil {
		t.Fatal(err)
	}
}

// handle sends a request with the root token.
func handle(t *testing.T, c *core.Core, op logical.Operation, path string, data map[string]any) *logical.Response {
	t.Helper()
	resp, err := c.Handle(t.Context(), &logical.Request{ID: "1", Operation: op, Path: path, Data: data, ClientToken: rootToken})
	if err != nil || resp.IsError() {
		t.Fatalf("%s %s: %+v %v", op, path, resp, err)
	}
	return resp
}

// entries returns the names below a prefix of the storage.
func entries(t *testing.T, physical storage.Physical, prefix string) []string {
	t.Helper()
	names, err := physical.List(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	return names
}
