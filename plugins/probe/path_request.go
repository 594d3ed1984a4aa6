// SPDX-License-Identifier: MPL-2.0

package probe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// operationKey is the storage key of the marker that "operation" was written.
const operationKey = "mark/operation"

func (b *backend) pathsRequest() []*framework.Path {
	read := func(callback framework.OperationFunc) map[logical.Operation]framework.OperationHandler {
		return map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: callback},
		}
	}
	operation := &framework.PathOperation{Callback: writeOperation}
	return []*framework.Path{
		{
			Pattern:             `operation`,
			TakesArbitraryInput: true,
			ExistenceCheck:      operationExists,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.CreateOperation: operation,
				logical.UpdateOperation: operation,
				logical.PatchOperation:  operation,
			},
			HelpSynopsis:    "Show which operation a write was.",
			HelpDescription: "The existence check says yes after the first write.",
		},
		{
			Pattern:         `public`,
			Operations:      read(readPublic),
			HelpSynopsis:    "A path that needs no token.",
			HelpDescription: "`token_seen` says whether the request that reached the plugin carried one.",
		},
		{
			Pattern:         `rooted`,
			Operations:      read(readRooted),
			HelpSynopsis:    "A path that needs sudo.",
			HelpDescription: "It is one of the plugin's root paths.",
		},
		{
			Pattern:         `warn`,
			Operations:      read(readWarn),
			HelpSynopsis:    "An answer with a warning.",
			HelpDescription: "The warning is always the same.",
		},
		{
			Pattern:         `raw`,
			Operations:      read(readRaw),
			HelpSynopsis:    "An HTTP answer of the plugin's own.",
			HelpDescription: "Status, content type and body come from the plugin.",
		},
		{
			Pattern:         `headers`,
			Operations:      read(readHeaders),
			HelpSynopsis:    "Show the request headers that the server let through.",
			HelpDescription: "Servers pass on only what the mount's passthrough_request_headers name.",
		},
	}
}

func operationExists(ctx context.Context, req *logical.Request, _ *framework.FieldData) (bool, error) {
	entry, err := req.Storage.Get(ctx, operationKey)
	if err != nil {
		return false, fmt.Errorf("probe: existence check: %w", err)
	}
	return entry != nil, nil
}

func writeOperation(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	if err := req.Storage.Put(ctx, &logical.StorageEntry{Key: operationKey, Value: []byte("1")}); err != nil {
		return nil, fmt.Errorf("probe: write the mark: %w", err)
	}
	return dataResponse(map[string]any{"operation": string(req.Operation)})
}

func readPublic(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return dataResponse(map[string]any{"hello": "anyone", "token_seen": req.ClientToken != ""})
}

func readRooted(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return dataResponse(map[string]any{"ok": true})
}

func readWarn(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	resp := &logical.Response{Data: map[string]any{"ok": true}}
	resp.AddWarning("probe: a warning")
	return resp, nil
}

func readRaw(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return dataResponse(map[string]any{
		logical.HTTPStatusCode:  http.StatusAccepted,
		logical.HTTPContentType: "text/plain",
		logical.HTTPRawBody:     []byte("raw body\n"),
	})
}

func readHeaders(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return dataResponse(map[string]any{"headers": req.Headers})
}
