// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/helper/errutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// Handle carries one request out: authorize, route, answer. The error is what
// logical.RespondErrorCommon turns into a status; a nil answer without an error
// is an empty one.
func (c *Core) Handle(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if strings.HasSuffix(req.Path, "/") && writes(req.Operation) {
		if !c.trims(req.Path) {
			return logical.ErrorResponse("cannot write to a path ending in '/'"), nil
		}
		req.Path = strings.TrimSuffix(req.Path, "/")
	}
	login, root := c.special(ctx, req)
	if login {
		return c.handleLogin(ctx, req)
	}
	te, err := c.access.Authorize(ctx, req, access.Path{Root: root, Settle: c.existence(ctx, req)})
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

// handleLogin carries a request to an unauthenticated path out: no token is
// needed, and an answer with auth becomes one.
func (c *Core) handleLogin(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	te, err := c.access.Authorize(ctx, req, access.Path{Unauthenticated: true, Settle: c.existence(ctx, req)})
	if err != nil {
		return nil, err
	}
	resp, err := c.Route(ctx, req)
	if err != nil {
		return resp, err
	}
	return c.access.Answer(ctx, req, te, resp, true)
}

// trims tells whether the path's mount is tuned to have slashes trimmed that
// end the paths of writes.
func (c *Core) trims(path string) bool {
	r, _, err := c.table.Match(path)
	return err == nil && r.Entry().Config.TrimTrailingSlashes
}

func writes(op logical.Operation) bool {
	return op == logical.CreateOperation || op == logical.UpdateOperation || op == logical.PatchOperation
}

// special tells whether the request's path is an unauthenticated or a root path
// of its backend. It starts the backend if nobody has; if that fails it is
// neither, and the caller learns why after authorization.
func (c *Core) special(ctx context.Context, req *logical.Request) (login, root bool) {
	r, mount, err := c.table.Match(req.Path)
	if err != nil {
		return false, false
	}
	b, leave, err := r.Enter(ctx)
	if err != nil {
		return false, false
	}
	defer leave()
	path := strings.TrimPrefix(req.Path, mount)
	return b.Login(path), b.Root(path)
}

// errInternal is all that a caller learns of what the log has.
var errInternal = errors.New("internal error")

// existence asks the backend whether what the request writes to is there, and
// makes its operation create if not. Access calls it once the token is known
// to be good, before policies are looked at.
func (c *Core) existence(ctx context.Context, req *logical.Request) func() error {
	if req.Operation != logical.UpdateOperation {
		return nil
	}
	return func() error {
		r, mount, err := c.table.Match(req.Path)
		if err != nil {
			return nil // the router says so later
		}
		if r.Tainted() {
			return nil
		}
		var found, exists bool
		b, leave, err := r.Enter(ctx)
		if err == nil {
			found, exists, err = b.HandleExistenceCheck(ctx, c.inner(req, r, mount))
			leave()
		}
		// What is routed a second time knows its mount.
		req.MountAccessor = r.Entry().Accessor
		switch {
		case errors.Is(err, logical.ErrUnsupportedPath):
			return nil // "failed to find the path" is no reason to refuse here
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

// Route gives the request to its backend without asking whether the caller may.
// It implements access.Router, through which leases are renewed and revoked.
func (c *Core) Route(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	r, mount, err := c.table.Match(req.Path)
	if err != nil {
		return logical.ErrorResponse("no handler for route %q. route entry not found.", req.Path), logical.ErrUnsupportedPath
	}
	if r.Tainted() && req.Operation != logical.RevokeOperation && req.Operation != logical.RollbackOperation {
		return logical.ErrorResponse("no handler for route %q. route entry is tainted.", req.Path), logical.ErrUnsupportedPath
	}
	b, leave, err := r.Enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	e := r.Entry()
	resp, err := b.HandleRequest(ctx, c.inner(req, r, mount))
	req.MountPoint, req.MountType, req.MountAccessor = mount, e.Type, e.Accessor
	if resp != nil {
		resp.Headers = allowed(resp.Headers, e.Config.AllowedResponseHeaders)
		if c.dialect.MountType {
			resp.MountType = e.Type
		}
		applyTokenType(resp.Auth, e)
	}
	return resp, err
}

// inner is the request as its backend sees it: the path within the mount, the
// mount's storage, only the headers that the mount lets through, and a token
// that says nothing outside of this mount.
func (c *Core) inner(req *logical.Request, r *mounts.Route, mount string) *logical.Request {
	e := r.Entry()
	path := strings.TrimPrefix(req.Path, mount)
	if len(path) == len(req.Path) && !strings.HasPrefix(req.Path, mount) {
		path = "" // the mount's path without its slash
	}
	if path == "/" {
		path = ""
	}
	in := &logical.Request{
		ID: req.ID, Operation: req.Operation, Path: path, Data: req.Data, Storage: r.Storage,
		Secret: req.Secret, Auth: req.Auth,
		Headers:    passed(req, e.Config.PassthroughRequestHeaders),
		Connection: req.Connection, ClientTokenAccessor: req.ClientTokenAccessor,
		DisplayName: req.DisplayName, MountPoint: mount, MountType: e.Type, MountAccessor: req.MountAccessor,
		WrapInfo: req.WrapInfo, EntityID: req.EntityID, Unauthenticated: req.Unauthenticated,
		ClientTokenSource: req.ClientTokenSource,
	}
	if Internal(e.Type) {
		// The server's own backends see the request as it came.
		in.ClientToken, in.ClientTokenRemainingUses = req.ClientToken, req.ClientTokenRemainingUses
		in.Headers, in.HTTPRequest = req.Headers, req.HTTPRequest
		in.SetTokenEntry(req.TokenEntry())
	} else {
		in.ClientToken = salted(e.UUID, req.ClientToken)
	}
	return in
}

// salted is the token as one mount sees it: it can tell callers apart, but
// not pass for one, and another mount sees something else.
func salted(mount, token string) string {
	h := hmac.New(sha256.New, []byte(mount))
	h.Write([]byte(token))
	return hex.EncodeToString(h.Sum(nil))
}

// applyTokenType gives a login's token the type that the mount is tuned to.
func applyTokenType(auth *logical.Auth, e *mounts.Entry) {
	if auth == nil || !e.Auth || e.Type == tokenType {
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

// Mount tells access about the mount that a path belongs to.
func (c *Core) Mount(path string) (access.Mount, bool) {
	r, mount, err := c.table.Match(path)
	if err != nil {
		return access.Mount{}, false
	}
	e := r.Entry()
	def, longest := TTLs(e)
	return access.Mount{
		Path: mount, Accessor: e.Accessor, Type: e.Type, DefaultTTL: def, MaxTTL: longest, Local: e.Local,
		// Vault's handleRequest: leases would only slow down what doesn't end.
		Unleased: !e.Auth && e.PluginName() == "kv" && e.Options["leased_passthrough"] != "true",
	}, true
}
