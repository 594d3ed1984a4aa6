// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

func (a *Authority) renewSelf(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return a.renewID(ctx, req, CallerID(req), d)
}

func (a *Authority) renew(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return a.renewID(ctx, req, d.Get("token").(string), d)
}

func (a *Authority) renewID(ctx context.Context, req *logical.Request, id string, d *framework.FieldData) (*logical.Response, error) {
	if id == "" {
		return logical.ErrorResponse("missing token ID"), logical.ErrInvalidRequest
	}
	e, err := a.validToken(ctx, id)
	if errors.Is(err, token.ErrNotFound) {
		return logical.ErrorResponse("token not found"), logical.ErrInvalidRequest
	}
	if err != nil {
		return nil, fmt.Errorf("error looking up token to renew: %w", err)
	}
	return a.renewToken(ctx, req, e, increment(d))
}

func (a *Authority) renewAccessor(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	e, err := a.byAccessor(ctx, d)
	if err != nil {
		return nil, err
	}
	return a.renewToken(ctx, req, e, increment(d))
}

func increment(d *framework.FieldData) time.Duration {
	return time.Duration(d.Get("increment").(int)) * time.Second
}

// errRefused carries a response that stands for a failure through
// lease.Manager.Change.
type errRefused struct {
	resp *logical.Response
	// cause decides on the status; nil for a bad request.
	cause error
}

func (e errRefused) Error() string { return e.resp.Error().Error() }

func (e errRefused) Unwrap() error { return e.cause }

// Refusal returns the response that an error of this package carries, if it does.
func Refusal(err error) (*logical.Response, bool) {
	var refused errRefused
	ok := errors.As(err, &refused)
	return refused.resp, ok
}

// renewToken asks the auth method of a token for how long it may live on, and
// extends its lease within the mount's bounds.
func (a *Authority) renewToken(ctx context.Context, req *logical.Request, e *token.Entry, increment time.Duration) (*logical.Response, error) {
	if e.Batch() {
		return logical.ErrorResponse("batch tokens cannot be renewed"), nil
	}
	if namespaceOf(e) != namespace.From(ctx).ID {
		return nil, errors.New("cannot renew a token across namespaces")
	}
	resp := &logical.Response{}
	err := a.leases.Change(ctx, tokenLeaseID(e), func(l *lease.Lease) error {
		if err := l.CheckRenewable(a.clock.Now()); err != nil {
			return invalid{err}
		}
		auth, err := a.renewAuth(ctx, req, e, l, increment)
		if err != nil || auth == nil {
			return err
		}
		m, err := a.mount(ctx, l.Path)
		if err != nil {
			return err
		}
		ttl, warnings, err := framework.CalculateTTL(m.ttls(), increment, auth.TTL, auth.Period, auth.MaxTTL, auth.ExplicitMaxTTL, a.clock.System(l.Issued))
		if err != nil {
			return err
		}
		for _, warning := range warnings {
			resp.AddWarning(warning)
		}
		auth.TTL = ttl
		if err := a.renewGroups(ctx, auth); err != nil {
			return err
		}
		kept := *auth
		kept.ClientToken = ""
		l.Auth, l.Ends, l.Renewed = &kept, a.ends(auth.LeaseOptions), a.clock.Now()
		auth.ClientToken = e.ID
		resp.Auth = auth
		return nil
	})
	var bad invalid
	switch refused, is := Refusal(err); {
	case is:
		return &logical.Response{Data: refused.Data}, nil
	case errors.As(err, &bad):
		return logical.ErrorResponse(bad.Error()), logical.ErrInvalidRequest
	case errors.Is(err, lease.ErrNotFound):
		return logical.ErrorResponse("invalid lease ID"), logical.ErrInvalidRequest
	case err != nil:
		return nil, err
	case resp.Auth == nil:
		return nil, nil
	}
	return resp, nil
}

// renewGroups makes the entity of a renewed token a member of the groups that the renewal
// named, of which the mount is what the auth method says. A renewal without alias, as those
// of tokens that other tokens made, takes the entity out of all others (RenewToken in
// OpenBao's vault/expiration.go).
func (a *Authority) renewGroups(ctx context.Context, auth *logical.Auth) (err error) {
	if auth.EntityID == "" {
		return nil
	}
	accessor := ""
	if auth.Alias != nil {
		accessor = auth.Alias.MountAccessor
	}
	auth.GroupAliases, err = a.entities.RefreshGroups(ctx, auth.EntityID, accessor, auth.GroupAliases)
	return err
}

// invalid marks what the caller should not have asked.
type invalid struct{ error }

// renewAuth asks who made the token: the role or the token itself, if
// auth/token did, else the auth method.
func (a *Authority) renewAuth(ctx context.Context, req *logical.Request, e *token.Entry, l *lease.Lease, increment time.Duration) (*logical.Auth, error) {
	auth := *l.Auth
	auth.IssueTime, auth.Increment = a.clock.System(l.Issued), increment
	if strings.HasPrefix(l.Path, "auth/token/") {
		auth.Period, auth.ExplicitMaxTTL = e.Period, e.ExplicitMaxTTL
		if e.Role == "" {
			return &auth, nil
		}
		role, err := a.tokens.Role(ctx, e.Role)
		if errors.Is(err, token.ErrNotFound) {
			return nil, fmt.Errorf("failed to renew entry: original token role %q could not be found, not renewing", e.Role)
		}
		if err != nil {
			return nil, err
		}
		auth.Period, auth.ExplicitMaxTTL = role.TokenPeriod, role.TokenExplicitMaxTTL
		return &auth, nil
	}
	ask := logical.RenewAuthRequest(l.Path, &auth, nil)
	ask.Connection = req.Connection
	resp, err := a.router.Route(ctx, ask)
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to renew entry: %w", err)
	case resp.IsError():
		return nil, errRefused{resp: resp}
	case resp == nil:
		return nil, nil
	}
	return resp.Auth, nil
}
