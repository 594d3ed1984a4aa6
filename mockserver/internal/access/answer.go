// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// Answer turns what a backend answered into what the caller gets: a secret
// becomes a lease, a login's auth becomes a token, and the answer is wrapped if
// the caller wants it. It must be called once for each request that was
// authorized, with a nil answer if the backend failed, since it also ends
// tokens that were used up. login is whether the path needs no token.
func (a *Authority) Answer(ctx context.Context, req *logical.Request, te *logical.TokenEntry, resp *logical.Response, login bool) (*logical.Response, error) {
	resp, err := a.answer(ctx, req, te, resp, login)
	if te == nil || login || te.NumUses != token.Pending {
		return resp, err
	}
	if endErr := a.endUsedUp(context.WithoutCancel(ctx), a.entry(te)); endErr != nil {
		return nil, endErr
	}
	if resp != nil && resp.Secret != nil && resp.Secret.LeaseID != "" {
		return logical.ErrorResponse("Secret cannot be returned; token had one use left, so leased credentials were immediately revoked."), err
	}
	return resp, err
}

// entry is a token entry with its key.
func (a *Authority) entry(te *logical.TokenEntry) *token.Entry {
	e := &token.Entry{TokenEntry: *te}
	if !e.Batch() {
		e.Key = a.tokens.Key(te.ID)
	}
	return e
}

func (a *Authority) answer(ctx context.Context, req *logical.Request, te *logical.TokenEntry, resp *logical.Response, login bool) (*logical.Response, error) {
	if resp == nil || resp.IsError() {
		return resp, nil
	}
	setWrapping(req, resp)
	if err := a.filterKeys(ctx, req, te, resp); err != nil {
		return nil, err
	}
	switch {
	case login && resp.Secret != nil:
		a.logger.Error("unexpected Secret response for login path", "request_path", req.Path)
		return nil, errInternal
	case login && resp.Auth != nil:
		if refused, err := a.login(ctx, req, resp); refused != nil || err != nil {
			return refused, err
		}
	case resp.Auth != nil:
		if err := a.registerToken(ctx, req, resp.Auth); err != nil {
			return nil, err
		}
	case resp.Secret != nil && !strings.HasPrefix(req.Path, "sys/leases/renew") && !strings.HasPrefix(req.Path, "sys/renew"):
		if err := a.leaseSecret(ctx, req, te, resp); err != nil {
			return nil, a.failed("failed to register lease", err)
		}
	}
	a.warnOfOldUnwrapping(req, te, resp)
	// What a backend keeps for itself doesn't leave the server.
	if resp.Secret != nil {
		resp.Secret.InternalData = nil
	}
	if resp.Auth != nil {
		resp.Auth.InternalData = nil
	}
	return a.wrapAnswer(ctx, req, te, resp)
}

// setWrapping decides whether and for how long the answer is wrapped: the
// shorter of what the caller and what the backend want.
func setWrapping(req *logical.Request, resp *logical.Response) {
	var wrap wrapping.ResponseWrapInfo
	if resp.WrapInfo != nil {
		wrap.TTL = max(resp.WrapInfo.TTL, 0)
		wrap.Format, wrap.CreationPath = resp.WrapInfo.Format, resp.WrapInfo.CreationPath
		resp.WrapInfo = nil
	}
	if req.WrapInfo != nil {
		if ttl := req.WrapInfo.TTL; ttl > 0 && (wrap.TTL == 0 || ttl < wrap.TTL) {
			wrap.TTL = ttl
		}
		if wrap.Format == "" {
			wrap.Format = req.WrapInfo.Format
		}
	}
	if wrap.TTL > 0 {
		resp.WrapInfo = &wrap
	}
}

// registerToken leases a token that auth/token/ has made, and completes the
// answer for those and for renewed ones. No other backend may answer with a
// token on a path that isn't a login.
func (a *Authority) registerToken(ctx context.Context, req *logical.Request, auth *logical.Auth) error {
	switch {
	case strings.HasPrefix(req.Path, "auth/token/renew"):
		auth.Policies = sanitized(auth.TokenPolicies, false)
		return a.addIdentityPolicies(ctx, auth)
	case !strings.HasPrefix(req.Path, "auth/token/"):
		a.logger.Error("unexpected auth response for non-token backend", "request_path", req.Path)
		return errInternal
	}
	auth.TokenPolicies = sanitized(auth.Policies, false)
	if auth.TokenType != logical.TokenTypeBatch {
		e, err := a.tokens.Lookup(ctx, auth.ClientToken)
		if err == nil {
			err = a.leases.Add(ctx, a.tokenLease(e, auth))
		}
		if err != nil {
			return a.failed("failed to register token lease during auth/token/ request", err)
		}
	}
	return a.addIdentityPolicies(ctx, auth)
}

func (a *Authority) warnOfOldUnwrapping(req *logical.Request, te *logical.TokenEntry, resp *logical.Response) {
	if req.Path == "cubbyhole/response" && te != nil && len(te.Policies) == 1 && te.Policies[0] == policy.Wrapping {
		resp.AddWarning("Reading from 'cubbyhole/response' is deprecated. Please use sys/wrapping/unwrap to unwrap responses, as it provides additional security checks and other benefits.")
	}
}
