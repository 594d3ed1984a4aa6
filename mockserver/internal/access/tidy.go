// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/envelope"
	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// tidyTokens removes tokens whose lease is gone, with everything they hold.
func (a *Authority) tidyTokens(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return a.tidy(req, "failed to tidy tokens", func(ctx context.Context) error {
		accessors, err := a.tokens.Accessors(ctx)
		if err != nil {
			return err
		}
		for _, accessor := range accessors {
			e, err := a.tokens.ByAccessor(ctx, accessor)
			if errors.Is(err, token.ErrNotFound) {
				err = a.tokens.Delete(ctx, &token.Entry{TokenEntry: logical.TokenEntry{Accessor: accessor}})
			} else if err == nil && errors.Is(a.checkAlive(ctx, e), token.ErrNotFound) {
				err = a.revokeToken(ctx, e)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// TidyLeases ends secrets whose token is gone, in the background, and returns the
// answer to the request.
func (a *Authority) TidyLeases(req *logical.Request) (*logical.Response, error) {
	return a.tidy(req, "failed to tidy leases", func(ctx context.Context) error {
		return a.leases.Each(ctx, func(l *lease.Lease) error {
			if l.Holder == "" {
				return nil
			}
			_, err := a.tokens.ByKey(ctx, l.Holder)
			switch {
			case !errors.Is(err, token.ErrNotFound):
				return err
			case l.Auth != nil:
				return a.leases.Drop(ctx, l.ID)
			}
			return a.leases.Hasten(ctx, l.ID)
		})
	})
}

// tidy does the work in the background and answers at once, as the servers do.
// It goes on when the request has ended, until the server stops.
func (a *Authority) tidy(req *logical.Request, failure string, work func(context.Context) error) (*logical.Response, error) {
	a.leases.Go(func(ctx context.Context) {
		if err := work(ctx); err != nil && ctx.Err() == nil {
			a.logger.Error(failure, "error", err)
		}
	})
	resp := &logical.Response{}
	resp.AddWarning(fmt.Sprintf("Tidy operation successfully started. Any information from the operation will be printed to %s's server logs.", a.dialect.DisplayName))
	body, err := json.Marshal(envelope.Of(req.ID, resp, a.dialect.Requests.MountType))
	if err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	return &logical.Response{Data: map[string]any{
		logical.HTTPContentType: "application/json", logical.HTTPStatusCode: http.StatusAccepted, logical.HTTPRawBody: body,
	}}, nil
}
