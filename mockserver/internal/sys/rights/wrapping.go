// SPDX-License-Identifier: MPL-2.0

package rights

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (e *endpoints) wrappingPaths() []*framework.Path {
	wrap := writePath("wrapping/wrap$", nil, wrapData, "Wrap any values.")
	wrap.TakesArbitraryInput = true
	return []*framework.Path{
		wrap,
		writePath("wrapping/unwrap$", tokenField(), withToken(e.authority.Unwrap), "Unwrap an answer."),
		path("wrapping/lookup$", tokenField(), withToken(e.authority.LookupWrapping),
			"Look up when and how a wrapping token was made.", logical.ReadOperation, logical.UpdateOperation),
		writePath("wrapping/rewrap$", tokenField(), withToken(e.authority.Rewrap), "Put a wrapped answer into a new wrapping token."),
	}
}

// withToken passes the token of a request's body to handle.
func withToken(handle func(ctx context.Context, req *logical.Request, id string) (*logical.Response, error)) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
		return handle(ctx, req, d.Get("token").(string))
	}
}

// wrapData answers with what the caller sent, to be wrapped.
func wrapData(_ context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if req.WrapInfo == nil || req.WrapInfo.TTL == 0 {
		return logical.ErrorResponse("endpoint requires response wrapping to be used"), logical.ErrInvalidRequest
	}
	// Never a JWT: the server signs those, so nobody may choose their content.
	req.WrapInfo.Format = "uuid"
	return &logical.Response{Data: d.Raw}, nil
}
