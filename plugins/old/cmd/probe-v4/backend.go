// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const kvPrefix = "kv/"

// factory returns the only backend of the process: this SDK does not multiplex.
func factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		Help:         "A secrets engine built with an old plugin SDK.",
		BackendType:  logical.TypeLogical,
		PathsSpecial: &logical.Paths{Unauthenticated: []string{"public"}},
		Paths:        []*framework.Path{pathEnv(), pathKVList(), pathKV(), pathPublic()},
	}
	if err := b.Setup(ctx, conf); err != nil {
		return nil, err
	}
	return b, nil
}

func pathEnv() *framework.Path {
	return &framework.Path{
		Pattern: `env/(?P<name>.+)`,
		Fields: map[string]*framework.FieldSchema{
			"name": {Type: framework.TypeString, Description: "Name of the variable; case matters."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: readEnv},
		},
		HelpSynopsis: "Show one variable of the process.",
	}
}

func readEnv(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	value, set := os.LookupEnv(d.Get("name").(string))
	return &logical.Response{Data: map[string]any{"set": set, "value": value}}, nil
}

func pathPublic() *framework.Path {
	return &framework.Path{
		Pattern: `public`,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: readPublic},
		},
		HelpSynopsis: "A path that needs no token.",
	}
}

func readPublic(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return &logical.Response{Data: map[string]any{"hello": "anyone", "token_seen": req.ClientToken != ""}}, nil
}

func pathKVList() *framework.Path {
	return &framework.Path{
		Pattern: `kv/(?P<folder>.*/)?$`,
		Fields: map[string]*framework.FieldSchema{
			"folder": {Type: framework.TypeString, Description: "Folder to list; it ends in a slash."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{Callback: listKV},
		},
		HelpSynopsis: "List the names that have a value.",
	}
}

func pathKV() *framework.Path {
	return &framework.Path{
		Pattern: `kv/(?P<name>.+)`,
		Fields: map[string]*framework.FieldSchema{
			"name":  {Type: framework.TypeString, Description: "Name of the value."},
			"value": {Type: framework.TypeString, Description: "The value to keep."},
		},
		ExistenceCheck: kvExists,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: &framework.PathOperation{Callback: writeKV},
			logical.UpdateOperation: &framework.PathOperation{Callback: writeKV},
			logical.ReadOperation:   &framework.PathOperation{Callback: readKV},
			logical.DeleteOperation: &framework.PathOperation{Callback: deleteKV},
		},
		HelpSynopsis: "Keep one value under a name.",
	}
}

func listKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	keys, err := req.Storage.List(ctx, kvPrefix+d.Get("folder").(string))
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	return logical.ListResponse(keys), nil
}

func kvExists(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
	entry, err := req.Storage.Get(ctx, kvPrefix+d.Get("name").(string))
	return entry != nil, err
}

func writeKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	entry := &logical.StorageEntry{Key: kvPrefix + d.Get("name").(string), Value: []byte(d.Get("value").(string))}
	if err := req.Storage.Put(ctx, entry); err != nil {
		return nil, fmt.Errorf("write: %w", err)
	}
	return nil, nil
}

func readKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	entry, err := req.Storage.Get(ctx, kvPrefix+d.Get("name").(string))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if entry == nil {
		// The SDK's "not found", which the server answers with 404.
		return nil, nil
	}
	return &logical.Response{Data: map[string]any{"value": string(entry.Value)}}, nil
}

func deleteKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if err := req.Storage.Delete(ctx, kvPrefix+d.Get("name").(string)); err != nil {
		return nil, fmt.Errorf("delete: %w", err)
	}
	return nil, nil
}
