// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// namespaceOf returns the ID of a token's namespace.
func namespaceOf(e *token.Entry) string {
	if e.NamespaceID == "" {
		return namespace.RootID
	}
	return e.NamespaceID
}

// home returns a context of the token's own namespace; that of ctx if it is gone.
func (a *Authority) home(ctx context.Context, e *token.Entry) context.Context {
	return a.in(ctx, namespaceOf(e))
}

// within returns a context of the namespace that a lease ID is marked with.
func (a *Authority) within(ctx context.Context, leaseID string) context.Context {
	if mark := namespace.MarkOf(leaseID); mark != "" {
		return a.in(ctx, mark)
	}
	return namespace.With(ctx, namespace.Root())
}

func (a *Authority) in(ctx context.Context, id string) context.Context {
	ns, err := a.namespaces.ByID(id)
	if err != nil {
		return ctx
	}
	return namespace.With(ctx, ns)
}

// Redirect returns the context in which a request goes on: requests about tokens and
// leases that say their namespace go to that one, whichever they were sent to.
//
// Source: handleCancelableRequest in vault/request_handling.go of OpenBao 2.6.2.
func (a *Authority) Redirect(ctx context.Context, req *logical.Request) (context.Context, error) {
	if !a.dialect.Namespaces.Enabled {
		return ctx, nil
	}
	switch path := req.Path; {
	case isUnwrapping(path), path == "auth/token/lookup-self", path == "auth/token/renew-self", path == "auth/token/revoke-self":
		return a.callersHome(ctx, req)
	case path == "auth/token/lookup" && req.Data["token"] == nil:
		return a.callersHome(ctx, req)
	case path == "auth/token/lookup", path == "auth/token/renew", path == "auth/token/revoke", path == "auth/token/revoke-orphan":
		if id, ok := req.Data["token"].(string); ok {
			return a.tokensHome(ctx, id)
		}
	case strings.HasPrefix(path, "sys/leases/"):
		if id, ok := leaseID(req); ok {
			if mark := namespace.MarkOf(id); mark != "" {
				return a.in(ctx, mark), nil
			}
		}
	}
	return ctx, nil
}

// callersHome returns a context of the namespace of the caller's token.
func (a *Authority) callersHome(ctx context.Context, req *logical.Request) (context.Context, error) {
	e, err := a.tokens.Lookup(ctx, req.ClientToken)
	switch {
	case errors.Is(err, token.ErrNotFound):
		return ctx, nil // it is refused later
	case err != nil:
		return ctx, a.failed("failed to lookup acl token", err)
	}
	return a.home(ctx, e), nil
}

// tokensHome returns a context of the namespace that a token is marked with.
func (a *Authority) tokensHome(ctx context.Context, id string) (context.Context, error) {
	if mark := a.tokens.MarkOf(id); mark != "" {
		return a.in(ctx, mark), nil
	}
	return ctx, nil
}

// leaseID returns the lease ID of a request to sys/leases/, of its body or else its
// path. It is not ok if it has none.
func leaseID(req *logical.Request) (id string, ok bool) {
	rest := strings.TrimPrefix(req.Path, "sys/leases/")
	switch id, given := req.Data["lease_id"].(string); {
	case rest == "lookup", rest == "renew", rest == "revoke":
		return id, given
	case strings.HasPrefix(rest, "renew/"), strings.HasPrefix(rest, "revoke/"):
		if given {
			return id, true
		}
		_, id, _ = strings.Cut(rest, "/")
		return id, true
	}
	return "", false
}

// errOtherNamespace refuses accessors of other namespaces.
var errOtherNamespace = errors.New("cannot lookup token in different namespace")

// checkAccessor refuses accessors that are not of the namespace of ctx, where servers do.
func (a *Authority) checkAccessor(ctx context.Context, accessor string) error {
	if !a.dialect.Namespaces.OwnTokensOnly {
		return nil
	}
	ns := namespace.From(ctx)
	mark := namespace.MarkOf(accessor)
	if _, err := a.namespaces.ByID(mark); mark != "" && err != nil {
		return nil // it is not found
	}
	if !ns.Owns(accessor) {
		return errOtherNamespace
	}
	return nil
}

// OpenNamespace writes what a new namespace has from the beginning.
func (a *Authority) OpenNamespace(ctx context.Context) error {
	if err := a.policies.Open(ctx); err != nil {
		return fmt.Errorf("error creating default policies: %w", err)
	}
	return nil
}

// RemoveNamespace removes the roles, policies, entities and cubbyholes of the
// namespace of ctx. Its tokens and leases go with its mounts.
func (a *Authority) RemoveNamespace(ctx context.Context) error {
	return namespace.Clear(ctx, a.storage)
}
