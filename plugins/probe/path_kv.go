// SPDX-License-Identifier: MPL-2.0

package probe

import (
	"context"
	"fmt"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// kvPrefix separates the stored values from the probe's own markers.
const kvPrefix = "kv/"

// stored is the value of a key.
type stored struct {
	Value string `json:"value"`
}

func (b *backend) pathsKV() []*framework.Path {
	return []*framework.Path{
		{
			Pattern: `kv/(?P<folder>.*/)?$`,
			Fields: map[string]*framework.FieldSchema{
				"folder": {Type: framework.TypeString, Description: "Folder to list; it ends in a slash."},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ListOperation: &framework.PathOperation{Callback: listKV},
			},
			HelpSynopsis:    "List the names that have a value.",
			HelpDescription: "Returns `keys`.",
		},
		{
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
			HelpSynopsis:    "Keep one value under a name.",
			HelpDescription: "A first write is a create, later ones are updates.",
		},
	}
}

func listKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	keys, err := req.Storage.List(ctx, kvPrefix+d.Get("folder").(string))
	if err != nil {
		return nil, fmt.Errorf("probe: list: %w", err)
	}
	return logical.ListResponse(keys), nil
}

func kvExists(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
	entry, err := req.Storage.Get(ctx, kvPrefix+d.Get("name").(string))
	if err != nil {
		return false, fmt.Errorf("probe: existence check: %w", err)
	}
	return entry != nil, nil
}

func writeKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	entry, err := logical.StorageEntryJSON(kvPrefix+d.Get("name").(string), stored{Value: d.Get("value").(string)})
	if err != nil {
		return nil, fmt.Errorf("probe: encode: %w", err)
	}
	if err := req.Storage.Put(ctx, entry); err != nil {
		return nil, fmt.Errorf("probe: write: %w", err)
	}
	return nil, nil
}

func readKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	entry, err := req.Storage.Get(ctx, kvPrefix+d.Get("name").(string))
	if err != nil {
		return nil, fmt.Errorf("probe: read: %w", err)
	}
	if entry == nil {
		// The SDK's "not found", which the server answers with 404.
		return nil, nil
	}
	var s stored
	if err := entry.DecodeJSON(&s); err != nil {
		return nil, fmt.Errorf("probe: decode: %w", err)
	}
	return dataResponse(map[string]any{"value": s.Value})
}

func deleteKV(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if err := req.Storage.Delete(ctx, kvPrefix+d.Get("name").(string)); err != nil {
		return nil, fmt.Errorf("probe: delete: %w", err)
	}
	return nil, nil
}
