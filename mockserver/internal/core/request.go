// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/helper/errutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// Handle authorizes, routes and answers one request. The error is what
// logical.RespondErrorCommon turns into a status; a nil answer without an error
// is an empty one.
//
// A panic on the way, for example over an answer of a plugin that no server
// expects, is logged and fails this request only.
func (c *Core) Handle(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	defer func() {
		if value := recover(); value != nil {
			c.logger.Error("panic in a request", "path", req.Path, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
			resp, err = nil, multierror.Append(nil, errInternal)
		}
	}()
	return c.handle(ctx, req)
}

func (c *Core) handle(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if c.dialect.Requests.DotsRefused && isRelative(req.Path) {
		return nil, logical.CodedError(http.StatusBadRequest, logical.ErrRelativePath.Error())
	}
	ctx, err := c.enterNamespace(ctx, req)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(req.Path, "/") && isWrite(req.Operation) {
		if !c.trimsSlash(ctx, req.Path) {
			return logical.ErrorResponse("cannot write to a path ending in '/'"), nil
		}
		req.Path = strings.TrimSuffix(req.Path, "/")
	}
	if req.Operation == "" && c.dialect.Requests.InternalOperationsRefused {
		return logical.ErrorResponse("cannot handle internal-only request operation"), nil
	}
	if c.dialect.Leases.IDChecked && !isLeaseID(req) {
		return logical.ErrorResponse("invalid lease ID"), logical.ErrInvalidRequest
	}
	if ctx, err = c.access.Redirect(ctx, req); err != nil {
		return nil, err
	}
	login, root := c.specialPath(ctx, req)
	if login {
		return c.handleLogin(ctx, req)
	}
	te, err := c.access.Authorize(ctx, req, access.Path{Root: root, CheckExistence: c.existenceCheck(ctx, req)})
	if err != nil {
		return nil, err
	}
	resp, routeErr := c.Route(ctx, req)
	if routeErr != nil {
		// The answer is what there is to say; the token's use still counts.
		if _, err := c.access.Answer(ctx, req, te, nil, false); err != nil {
			return nil, err
		}
		return resp, multierror.Append(nil, routeErr)
	}
	return c.access.Answer(ctx, req, te, resp, false)
}

// isRelative reports whether a part of the path is . or ..; an empty part is none.
func isRelative(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// isLeaseID reports whether the lease ID of a request to sys/leases/ is a text, if
// it has one: servers with namespaces look there for the lease's namespace
// (handleCancelableRequest in OpenBao's vault/request_handling.go).
func isLeaseID(req *logical.Request) bool {
	rest, ok := strings.CutPrefix(req.Path, "sys/leases/")
	if !ok {
		return true
	}
	named := slices.Contains([]string{"lookup", "renew", "revoke"}, rest) ||
		strings.HasPrefix(rest, "renew/") || strings.HasPrefix(rest, "revoke/")
	id := req.Data["lease_id"]
	if !named || id == nil {
		return true
	}
	_, isText := id.(string)
	return isText
}

// handleLogin handles a request to an unauthenticated path: it needs no token, and
// an answer with auth is turned into one.
func (c *Core) handleLogin(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	te, err := c.access.Authorize(ctx, req, access.Path{Unauthenticated: true, CheckExistence: c.existenceCheck(ctx, req)})
	if err != nil {
		return nil, err
	}
	resp, err := c.Route(ctx, req)
	if err != nil {
		return resp, err
	}
	return c.access.Answer(ctx, req, te, resp, true)
}

// trimsSlash reports whether the path's mount is tuned to trim the slash at the
// end of the paths of writes.
func (c *Core) trimsSlash(ctx context.Context, path string) bool {
	r, _, err := c.match(ctx, path)
	return err == nil && r.Entry().Config.TrimTrailingSlashes
}

func isWrite(op logical.Operation) bool {
	return op == logical.CreateOperation || op == logical.UpdateOperation || op == logical.PatchOperation
}

// specialPath reports whether the request's path is an unauthenticated or a root path
// of its backend. It starts the backend if nobody has; if that fails it is
// neither, and the caller learns why after authorization.
func (c *Core) specialPath(ctx context.Context, req *logical.Request) (login, root bool) {
	r, mount, err := c.match(ctx, req.Path)
	if err != nil {
		return false, false
	}
	b, leave, err := r.Enter(ctx)
	if err != nil {
		return false, false
	}
	defer leave()
	path := strings.TrimPrefix(namespace.From(ctx).Path+req.Path, mount)
	return b.Login(path), b.Root(path)
}

// NeedsSudo implements access.Router.
func (c *Core) NeedsSudo(ctx context.Context, path string) bool {
	_, root := c.specialPath(ctx, &logical.Request{Path: path})
	return root
}

// errInternal is what a caller gets for an error that only the log shows.
var errInternal = errors.New("internal error")

// existenceCheck returns a function that asks the backend whether the path that
// the request writes to exists, and changes the operation to create if it does
// not. Access calls it for a valid token, before it evaluates policies.
func (c *Core) existenceCheck(ctx context.Context, req *logical.Request) func() error {
	if req.Operation != logical.UpdateOperation {
		return nil
	}
	return func() error {
		r, mount, err := c.match(ctx, req.Path)
		if err != nil {
			return nil // the router says so later
		}
		// The mount itself is asked for, and policies are about its path with the slash,
		// where other operations are not routed yet: routeCommon in vault/router.go.
		if namespace.From(ctx).Path+req.Path+"/" == mount {
			req.Path += "/"
		}
		if r.Tainted() {
			return nil
		}
		found, exists, err := c.exists(ctx, req, r, mount)
		// What is routed a second time knows its mount.
		req.MountAccessor = r.Entry().Accessor
		switch {
		case errors.Is(err, logical.ErrUnsupportedPath), errors.Is(err, mounts.ErrNoBackend), errors.Is(err, mounts.ErrStopped):
			return nil // "failed to find the path" is not a reason to refuse here
		case err != nil:
			c.logger.Error("failed to run existence check", "error", err)
			if user := (errutil.UserError{}); errors.As(err, &user) {
				return logical.CodedError(http.StatusBadRequest, user.Error())
			}
			return multierror.Append(nil, errInternal)
		case found && !exists:
			req.Operation = logical.CreateOperation
		}
		return nil
	}
}

// exists passes the existence check to the mount's backend.
func (c *Core) exists(ctx context.Context, req *logical.Request, r *mounts.Route, mount string) (found, exists bool, err error) {
	b, leave, err := r.Enter(ctx)
	if err != nil {
		return false, false, err
	}
	defer leave()
	return b.HandleExistenceCheck(c.about(ctx, r.Entry(), mount), c.backendRequest(ctx, req, r, mount))
}

// Route passes the request to its backend without authorization.
// It implements access.Router, through which leases are renewed and revoked.
func (c *Core) Route(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	ns := namespace.From(ctx)
	r, mount, err := c.match(ctx, req.Path)
	if err != nil {
		return notFound(req)
	}
	if r.Missing() {
		return noBackend(req)
	}
	if (r.Tainted() || ns.Tainted) && req.Operation != logical.RevokeOperation && req.Operation != logical.RollbackOperation {
		return c.tainted(ns, req)
	}
	b, leave, err := r.Enter(ctx)
	switch {
	case errors.Is(err, mounts.ErrNoBackend):
		return noBackend(req)
	case errors.Is(err, mounts.ErrStopped):
		return notFound(req) // it waited for the removal
	case err != nil:
		return nil, err
	}
	defer leave()
	e := r.Entry()
	defer c.killAround(b)()
	resp, err := b.HandleRequest(c.about(ctx, e, mount), c.backendRequest(ctx, req, r, mount))
	req.MountPoint, req.MountType, req.MountAccessor = mount, e.Type, e.Accessor
	if resp != nil {
		resp.Headers = filterHeaders(resp.Headers, e.Config.AllowedResponseHeaders)
		if c.dialect.Requests.MountType {
			resp.MountType = e.Type
		}
		if c.OwnType(e.Type) != tokenType {
			applyTokenType(resp.Auth, e)
		}
	}
	return resp, err
}

// notFound answers a request to no mount.
func notFound(req *logical.Request) (*logical.Response, error) {
	return logical.ErrorResponse("no handler for route %q. route entry not found.", req.Path), logical.ErrUnsupportedPath
}

// noBackend answers a request to a mount that was skipped when the server started.
func noBackend(req *logical.Request) (*logical.Response, error) {
	return logical.ErrorResponse("no handler for route %q. route entry found, but backend is nil.", req.Path), logical.ErrUnsupportedPath
}

// backendRequest returns the request as its backend sees it: the path within the mount, the
// mount's storage, only the headers that the mount lets through, and a token
// that says nothing outside of this mount.
func (c *Core) backendRequest(ctx context.Context, req *logical.Request, r *mounts.Route, mount string) *logical.Request {
	e := r.Entry()
	path, within := strings.CutPrefix(namespace.From(ctx).Path+req.Path, mount)
	if !within {
		path = "" // the mount's path without its slash
	}
	if path == "/" {
		path = ""
	}
	in := &logical.Request{
		ID: req.ID, Operation: req.Operation, Path: path, Data: req.Data, Storage: r.Storage,
		Secret: req.Secret, Auth: req.Auth,
		Headers:    passedHeaders(req, e.Config.PassthroughRequestHeaders),
		Connection: req.Connection, ClientTokenAccessor: req.ClientTokenAccessor,
		DisplayName: req.DisplayName, MountPoint: mount, MountType: e.Type, MountAccessor: req.MountAccessor,
		WrapInfo: req.WrapInfo, EntityID: req.EntityID, Unauthenticated: req.Unauthenticated,
		ClientTokenSource: req.ClientTokenSource,
	}
	if c.Internal(e.Type) {
		// The server's own backends see the request as it came.
		in.ClientToken, in.ClientTokenRemainingUses = req.ClientToken, req.ClientTokenRemainingUses
		in.Headers, in.HTTPRequest = req.Headers, req.HTTPRequest
		in.SetTokenEntry(req.TokenEntry())
	} else {
		in.ClientToken = saltToken(e.UUID, req.ClientToken)
	}
	return in
}

// PluginToken returns a token as the plugin at a mount sees it.
func (c *Core) PluginToken(mount, token string) (string, error) {
	r, err := c.MountAt(context.Background(), mount)
	if err != nil {
		return "", err
	}
	return saltToken(r.Entry().UUID, token), nil
}

// saltToken returns the token as one mount sees it: stable for a caller, useless as a
// token, and different in every mount.
func saltToken(mount, token string) string {
	h := hmac.New(sha256.New, []byte(mount))
	h.Write([]byte(token))
	return hex.EncodeToString(h.Sum(nil))
}

// applyTokenType sets the type of a login's token to what the mount is tuned to, also
// where it is a secrets engine that logs in (vault/router.go of OpenBao 2.3.2).
func applyTokenType(auth *logical.Auth, e *mounts.Entry) {
	if auth == nil {
		return
	}
	batch := auth.TokenType == logical.TokenTypeBatch || auth.TokenType == logical.TokenTypeDefaultBatch
	switch e.Config.TokenType {
	case logical.TokenTypeService, logical.TokenTypeBatch:
		auth.TokenType = e.Config.TokenType
	case logical.TokenTypeDefaultBatch:
		if batch || auth.TokenType == logical.TokenTypeDefault {
			auth.TokenType = logical.TokenTypeBatch
		} else {
			auth.TokenType = logical.TokenTypeService
		}
	default:
		auth.TokenType = logical.TokenTypeService
		if batch {
			auth.TokenType = logical.TokenTypeBatch
		}
	}
}

// Mount implements access.Router: it returns the mount that a path belongs to.
func (c *Core) Mount(ctx context.Context, path string) (access.Mount, bool) {
	r, mount, err := c.match(ctx, path)
	if err != nil {
		return access.Mount{}, false
	}
	e := r.Entry()
	def, longest := TTLs(e)
	return access.Mount{
		Path: strings.TrimPrefix(mount, namespace.From(ctx).Path), Accessor: e.Accessor, Type: e.Type, DefaultTTL: def, MaxTTL: longest, Local: e.Local,
		// Vault's handleRequest: leases would only slow down what doesn't end.
		Unleased: !e.Auth && e.PluginName() == "kv" && e.Options["leased_passthrough"] != "true",
	}, true
}
