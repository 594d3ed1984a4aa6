// SPDX-License-Identifier: MPL-2.0

// Package access decides who may do what in the mock server, and hands out
// what is limited in time: it checks a request's token and policies, makes
// tokens of logins, leases of secrets and wrapping tokens of answers, and
// revokes them. It answers for auth/token, cubbyhole, identity and the paths
// below sys/ that are about these things.
//
// The order of the checks and the texts are those of Vault and OpenBao. During
// plugin calls and storage accesses only locks of single keys are held, for which
// others may stop waiting.
package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/access/wrapjwt"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/cubbyhole"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// errInternal is all that a caller learns of an internal failure; the log has
// the rest.
var errInternal = errors.New("internal error")

// Mount is what access needs to know about a mount.
type Mount struct {
	// Path is how requests to its namespace begin: "auth/jwt/", "secret/".
	Path string
	// Accessor and Type are as listed.
	Accessor, Type string
	// DefaultTTL and MaxTTL are those in effect: the server's where the mount
	// has none.
	DefaultTTL, MaxTTL time.Duration
	// Local mounts aren't replicated.
	Local bool
	// Unleased: secrets of this mount show a TTL but aren't leased (kv).
	Unleased bool
}

// Router is what access needs of the core.
type Router interface {
	// Mount returns the mount that a request path belongs to.
	Mount(ctx context.Context, path string) (Mount, bool)
	// Route sends a request to its backend, unchecked: revocation and renewal. Both go
	// by the namespace of ctx.
	// An answer with auth has the token type that the mount is tuned to.
	Route(ctx context.Context, req *logical.Request) (*logical.Response, error)
	// NeedsSudo reports whether a request path is one of its mount's root paths.
	NeedsSudo(ctx context.Context, path string) bool
	identity.Mounts
}

// Options are what an Authority is made of; all are needed.
type Options struct {
	// Storage is the authority's own.
	Storage logical.Storage
	Router  Router
	// Namespaces are those of the server.
	Namespaces *namespace.Store
	Dialect    *dialect.Dialect
	// RootToken is the ID of a root token without end, made if it doesn't exist;
	// if empty, the server chooses one.
	RootToken string
	// APIAddr is the server's api_addr, for wrapping tokens in the JWT format.
	APIAddr func() string
	// Clock is the time by which leases and tokens end.
	Clock  *clock.Clock
	Logger hclog.Logger
}

// Authority knows all tokens, policies, leases and entities of a server. It is
// safe for concurrent use.
type Authority struct {
	storage    logical.Storage
	router     Router
	namespaces *namespace.Store
	dialect    *dialect.Dialect
	apiAddr    func() string
	logger     hclog.Logger
	clock      *clock.Clock
	tokens     *token.Store
	policies   *policy.Store
	leases     *lease.Manager
	entities   *identity.Store
	cubbyholes *cubbyhole.Store
	signer     *wrapjwt.Signer
	rootToken  string
	// earlierRoots: see EarlierRoots.
	earlierRoots []string
}

// New opens what is in storage. Nothing that has ended is revoked before Start.
func New(ctx context.Context, o Options) (*Authority, error) {
	view := func(prefix string) logical.Storage { return logical.NewStorageView(o.Storage, prefix) }
	scoped := func(prefix string) logical.Storage { return namespace.Scoped(o.Storage, prefix) }
	a := &Authority{
		storage: o.Storage, router: o.Router, namespaces: o.Namespaces, dialect: o.Dialect, apiAddr: o.APIAddr, logger: o.Logger, clock: o.Clock,
		cubbyholes: cubbyhole.NewStore(scoped("cubbyhole/")),
		signer:     wrapjwt.NewSigner(),
	}
	var err error
	a.tokens, err = token.New(ctx, view("token/"), scoped("token/role/"), token.Format{
		Service: o.Dialect.Tokens.ServicePrefix, Batch: o.Dialect.Tokens.BatchPrefix, Signed: o.Dialect.Tokens.Signed,
	}, o.Clock)
	if err != nil {
		return nil, fmt.Errorf("open the token store: %w", err)
	}
	a.policies, err = policy.NewStore(ctx, scoped("policy/"), policy.Extras{
		Capabilities: o.Dialect.Policies.MoreCapabilities, Keys: o.Dialect.Policies.MoreKeys,
		DefaultLacks: o.Dialect.Policies.DefaultLacks,
		SlashFirst:   o.Dialect.Policies.ListsWithSlashFirst, TemplateLimits: o.Dialect.Policies.TemplateLimits, Now: a.clock.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("open the policy store: %w", err)
	}
	a.entities = identity.NewStore(scoped("identity/"), o.Dialect.Entities, o.Router, a.clock, a.policies.ForgetEntity)
	a.leases = lease.New(view("lease/"), a.revokeLeased, o.Clock, o.Logger.Named("expiration"))
	if a.rootToken, err = a.ensureRoot(ctx, o.RootToken); err != nil {
		return nil, fmt.Errorf("make the root token: %w", err)
	}
	if a.earlierRoots, err = a.noteRoot(ctx, o.Storage); err != nil {
		return nil, err
	}
	return a, nil
}

// Start begins to revoke what ends, and what has ended while no server ran.
// Call it once, when the router knows all mounts.
func (a *Authority) Start() { a.leases.Start() }

// Close stops revoking what has ended.
func (a *Authority) Close() { a.leases.Close() }

// ensureRoot makes the root token as development servers do: with the
// generated root token as a parent that is gone since.
func (a *Authority) ensureRoot(ctx context.Context, id string) (string, error) {
	if id != "" {
		_, err := a.tokens.Lookup(ctx, id)
		if err == nil || !errors.Is(err, token.ErrNotFound) {
			return id, err
		}
	}
	e, err := a.tokens.Create(ctx, logical.TokenEntry{
		ID: id, Policies: []string{policy.Root}, Path: "auth/token/create", DisplayName: "token",
		CreationTime: a.clock.Now().Unix(),
	})
	if err != nil {
		return "", err
	}
	return e.ID, a.leases.Add(ctx, a.tokenLease(e, &logical.Auth{Policies: e.Policies, Accessor: e.Accessor}))
}

// RootToken is the ID of the root token that New made or found.
func (a *Authority) RootToken() string { return a.rootToken }

// TokenBackend returns the auth method at auth/token/.
func (a *Authority) TokenBackend(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	b := a.newTokenBackend()
	return b, b.Setup(ctx, config)
}

// CubbyholeBackend returns the secrets engine at cubbyhole/. Requests to it
// need their token entry, see logical.Request.SetTokenEntry.
func (a *Authority) CubbyholeBackend(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	return a.cubbyholes.Backend(ctx, config)
}

// IdentityBackend returns the secrets engine at identity/.
func (a *Authority) IdentityBackend(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	return a.entities.Backend(ctx, config)
}
