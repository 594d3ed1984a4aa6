// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/go-sockaddr"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// Path is what is known of a request's path when the request comes.
type Path struct {
	// Root: the mount says that the path needs sudo.
	Root bool
	// Unauthenticated: the mount says that the path needs no token.
	Unauthenticated bool
	// CheckExistence, if set, is called once the token is known to be good and before
	// its policies are asked. It sets the request's operation from the backend's
	// existence check, which isn't bothered by strangers that way.
	CheckExistence func() error
}

// Authorize finds the token of the request (req.ClientToken) and checks its
// policies for the operation, and for sudo if the path needs it. It sets what
// backends may see: accessor, remaining uses, display name, entity ID and the
// token entry. Without token an unauthenticated path has no entry.
//
// The errors are those of Vault: "permission denied" alone for a missing token,
// with "invalid token" for a bad one in newer versions, and a multierror for
// policies that don't allow it; see logical.RespondErrorCommon for the status.
//
// Each successful call must be followed by one of Answer, which ends a token
// that was used up.
func (a *Authority) Authorize(ctx context.Context, req *logical.Request, path Path) (*logical.TokenEntry, error) {
	if isUnwrapping(req.Path) {
		if err := a.checkWrapping(ctx, req); err != nil {
			return nil, err
		}
	}
	if err := checkTokenField(req); err != nil {
		return nil, err
	}
	e, acl, err := a.caller(ctx, req)
	if path.Unauthenticated {
		// Who calls doesn't matter, but is told if known.
		if err != nil {
			return nil, checkExistence(path)
		}
		introduce(req, e)
		return &e.TokenEntry, checkExistence(path)
	}
	if err != nil {
		return nil, err
	}
	if e, err = a.use(ctx, e); err != nil {
		return nil, err
	}
	introduce(req, e)
	if err := checkExistence(path); err != nil {
		return nil, a.denied(ctx, e, err)
	}
	verdict := acl.Allow(req)
	if !verdict.Allowed || path.Root && !verdict.Sudo {
		return nil, a.denied(ctx, e, multierror.Append(nil, logical.ErrPermissionDenied))
	}
	return &e.TokenEntry, nil
}

func checkExistence(path Path) error {
	if path.CheckExistence == nil {
		return nil
	}
	return path.CheckExistence()
}

// introduce sets in the request who makes it.
func introduce(req *logical.Request, e *token.Entry) {
	req.ClientTokenAccessor = e.Accessor
	req.ClientTokenRemainingUses = e.NumUses
	req.DisplayName = e.DisplayName
	req.EntityID = e.EntityID
	req.SetTokenEntry(&e.TokenEntry)
}

// denied ends a token in its last use, since no answer will.
func (a *Authority) denied(ctx context.Context, e *token.Entry, err error) error {
	if endErr := a.endUsedUp(ctx, e); endErr != nil {
		return endErr
	}
	return err
}

// caller returns the valid token of a request and what it may do.
func (a *Authority) caller(ctx context.Context, req *logical.Request) (*token.Entry, *policy.ACL, error) {
	if req.ClientToken == "" {
		return nil, nil, logical.ErrPermissionDenied
	}
	e, err := a.validToken(ctx, req.ClientToken)
	if errors.Is(err, token.ErrNotFound) {
		return nil, nil, a.badToken()
	}
	if err != nil {
		return nil, nil, a.failed("failed to lookup acl token", err)
	}
	if !inBounds(e, req) {
		return nil, nil, logical.ErrPermissionDenied
	}
	acl, err := a.acl(ctx, e)
	switch {
	case errors.Is(err, identity.ErrNotFound):
		a.logger.Warn("permission denied as the entity on the token is invalid")
		return nil, nil, logical.ErrPermissionDenied
	case errors.Is(err, identity.ErrDisabled):
		a.logger.Warn("permission denied as the entity on the token is disabled")
		return nil, nil, logical.ErrPermissionDenied
	case err != nil:
		return nil, nil, a.failed("failed to construct ACL", err)
	}
	return e, acl, nil
}

func (a *Authority) badToken() error {
	if a.dialect.Tokens.BadTokenTwice {
		return multierror.Append(nil, logical.ErrPermissionDenied, logical.ErrInvalidToken)
	}
	return logical.ErrPermissionDenied
}

// failed logs an internal failure and returns what the caller gets.
func (a *Authority) failed(what string, err error) error {
	a.logger.Error(what, "error", err)
	return errInternal
}

// validToken finds a token that may be used: it isn't in its last use, and its
// lease says that its time isn't over. Only root tokens may be without lease.
func (a *Authority) validToken(ctx context.Context, id string) (*token.Entry, error) {
	e, err := a.findToken(ctx, id)
	if err != nil {
		return nil, err
	}
	if e.NumUses < 0 {
		return nil, token.ErrNotFound
	}
	return e, a.checkAlive(ctx, e)
}

// findToken finds a token of a namespace that still exists; batch tokens outlive theirs.
func (a *Authority) findToken(ctx context.Context, id string) (*token.Entry, error) {
	e, err := a.tokens.Lookup(ctx, id)
	if err != nil {
		return nil, err
	}
	if _, err := a.namespaces.ByID(namespaceOf(e)); err != nil {
		return nil, token.ErrNotFound
	}
	return e, nil
}

func (a *Authority) checkAlive(ctx context.Context, e *token.Entry) error {
	if e.Batch() || e.IsRoot() && e.TTL == 0 {
		return nil
	}
	l, err := a.leases.Get(ctx, tokenLeaseID(e))
	if err != nil {
		return asMissingToken(err)
	}
	if l.Over(a.clock.Now()) {
		return token.ErrNotFound
	}
	return nil
}

// acl is the sum of a token's policies and its entity's, which are those of the token's
// namespace, for requests to that of ctx.
func (a *Authority) acl(ctx context.Context, e *token.Entry) (*policy.ACL, error) {
	at := namespace.From(ctx)
	ctx = a.home(ctx, e)
	policies, caller := e.Policies, policy.Caller{}
	if e.EntityID != "" {
		entity, err := a.entities.Current(ctx, e.EntityID)
		if err != nil {
			return nil, err
		}
		if entity.Disabled {
			return nil, identity.ErrDisabled
		}
		rights, err := a.entities.Rights(ctx, entity)
		if err != nil {
			return nil, err
		}
		caller = policy.Caller{Entity: entity.ForPolicies(), Groups: rights.Groups}
		if len(rights.Policies) > 0 {
			policies = sanitized(slices.Concat(policies, rights.Policies), false)
		}
	}
	acl, err := a.policies.ACL(ctx, policies, caller)
	if err != nil {
		return nil, err
	}
	return acl.At(at), nil
}

// Policies returns the policies of the server.
func (a *Authority) Policies() *policy.Store { return a.policies }

// ACLByToken returns what a token may do. The error wraps token.ErrNotFound, or
// identity.ErrNotFound if the token's entity is gone, identity.ErrDisabled if it is disabled.
func (a *Authority) ACLByToken(ctx context.Context, id string) (*policy.ACL, error) {
	e, err := a.validToken(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.acl(ctx, e)
}

// ACLByAccessor returns what the token of an accessor may do, with the errors of
// ACLByToken.
func (a *Authority) ACLByAccessor(ctx context.Context, accessor string) (*policy.ACL, error) {
	e, err := a.aliveByAccessor(ctx, accessor)
	if err != nil {
		return nil, err
	}
	return a.acl(ctx, e)
}

// inBounds reports whether the request comes from where the token may be used.
// Root tokens without end may be used from everywhere.
func inBounds(e *token.Entry, req *logical.Request) bool {
	if e.TTL == 0 || len(e.BoundCIDRs) == 0 {
		return true
	}
	if req.Connection == nil {
		return false
	}
	remote, err := sockaddr.NewSockAddr(req.Connection.RemoteAddr)
	if err != nil {
		return false
	}
	for _, bound := range e.BoundCIDRs {
		if bound.Contains(remote) {
			return true
		}
	}
	return false
}

// use counts a use of the token.
func (a *Authority) use(ctx context.Context, e *token.Entry) (*token.Entry, error) {
	used, err := a.tokens.Use(ctx, e)
	if err != nil {
		return nil, a.failed("failed to use token", err)
	}
	return used, nil
}

// endUsedUp sees to the revocation of a token that was in its last use.
func (a *Authority) endUsedUp(ctx context.Context, e *token.Entry) error {
	if e == nil || e.NumUses != token.Pending {
		return nil
	}
	if err := a.revokeTokenSoon(ctx, e); err != nil {
		return a.failed("failed to revoke token", err)
	}
	return nil
}

// isUnwrapping reports whether a path takes a wrapping token.
func isUnwrapping(path string) bool {
	return path == "sys/wrapping/lookup" || path == "sys/wrapping/rewrap" || path == "sys/wrapping/unwrap"
}

// checkWrapping makes sure that the token to unwrap, in the body or else the
// caller's own, is a wrapping token, and replaces a JWT by the token in it.
func (a *Authority) checkWrapping(ctx context.Context, req *logical.Request) error {
	id, inBody, err := wrappingToken(req)
	if err == nil {
		id, err = a.fromJWT(id)
	}
	if err == nil && id == "" {
		err = errors.New("token is empty")
	}
	if err != nil {
		return logical.CodedError(http.StatusForbidden, "error validating wrapping token: "+err.Error())
	}
	if inBody {
		req.Data["token"] = id
	} else {
		req.ClientToken = id
	}
	e, err := a.validToken(ctx, id)
	if errors.Is(err, token.ErrNotFound) || err == nil && !isWrappingToken(e) {
		return consts.ErrInvalidWrappingToken
	}
	return err
}

// checkTokenField refuses a token in the body that isn't a text, before the
// caller's own is looked at.
func checkTokenField(req *logical.Request) error {
	switch req.Path {
	case "auth/token/lookup", "auth/token/renew", "auth/token/revoke", "auth/token/revoke-orphan":
		if raw, given := req.Data["token"]; given {
			if _, ok := raw.(string); !ok {
				return logical.CodedError(http.StatusForbidden, "invalid token")
			}
		}
	}
	return nil
}

func wrappingToken(req *logical.Request) (id string, inBody bool, err error) {
	raw, ok := req.Data["token"]
	if !ok || raw == nil {
		return req.ClientToken, false, nil
	}
	id, ok = raw.(string)
	switch {
	case !ok:
		return "", true, errors.New("could not decode token in request body")
	case id == "":
		return "", true, errors.New("empty token in request body")
	}
	return id, true, nil
}

func isWrappingToken(e *token.Entry) bool {
	return len(e.Policies) == 1 && e.Policies[0] == policy.Wrapping
}
