// SPDX-License-Identifier: MPL-2.0

package passthrough

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// pathData matches every path. The pattern captures no field, since a captured
// one would hide a field of that name in the request.
func pathData() *framework.Path {
	return &framework.Path{
		Pattern:             `.*`,
		TakesArbitraryInput: true,
		ExistenceCheck:      dataExists,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: &framework.PathOperation{Callback: writeData, Summary: "Store the fields of the request at a new path."},
			logical.ReadOperation:   &framework.PathOperation{Callback: readData, Summary: "Return what was stored."},
			logical.UpdateOperation: &framework.PathOperation{Callback: writeData, Summary: "Replace what was stored."},
			logical.DeleteOperation: &framework.PathOperation{Callback: deleteData, Summary: "Delete what was stored."},
			logical.ListOperation:   &framework.PathOperation{Callback: listData, Summary: "List the names below a path."},
		},
		HelpSynopsis:    "Store any fields at any path, and read them back.",
		HelpDescription: "A write replaces all fields of the path. A list returns names; a name that ends in / has names below it.",
	}
}

func dataExists(ctx context.Context, req *logical.Request, _ *framework.FieldData) (bool, error) {
	entry, err := req.Storage.Get(ctx, req.Path)
	if err != nil {
		return false, fmt.Errorf("existence check: %w", err)
	}
	return entry != nil, nil
}

func readData(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	entry, err := req.Storage.Get(ctx, req.Path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", req.Path, err)
	}
	if entry == nil {
		// The SDK's "not found", which the server answers with 404.
		return nil, nil
	}
	var data map[string]any
	if err := entry.DecodeJSON(&data); err != nil {
		return nil, fmt.Errorf("decode what is stored at %s: %w", req.Path, err)
	}
	return &logical.Response{Data: data}, nil
}

func writeData(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	if req.Path == "" {
		return logical.ErrorResponse("missing path"), nil
	}
	if len(req.Data) == 0 {
		return logical.ErrorResponse("missing data fields"), nil
	}
	entry, err := logical.StorageEntryJSON(req.Path, req.Data)
	if err != nil {
		return nil, fmt.Errorf("encode the fields for %s: %w", req.Path, err)
	}
	if err := req.Storage.Put(ctx, entry); err != nil {
		return nil, fmt.Errorf("write %s: %w", req.Path, err)
	}
	return nil, nil
}

func deleteData(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	if err := req.Storage.Delete(ctx, req.Path); err != nil {
		return nil, fmt.Errorf("delete %s: %w", req.Path, err)
	}
	return nil, nil
}

// listData lists the names below the path. A server ends the path of a list
// request with a slash; a caller in the same process may not.
func listData(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	prefix := req.Path
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	names, err := req.Storage.List(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	return logical.ListResponse(names), nil
}
