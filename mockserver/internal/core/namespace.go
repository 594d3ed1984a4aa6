// SPDX-License-Identifier: MPL-2.0

package core

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// errNoNamespace refuses a request whose header names no namespace.
var errNoNamespace = logical.CodedError(http.StatusNotFound, "namespace not found")

// enterNamespace finds the namespace of a request in its header and at the beginning of
// its path, which it takes away, and returns a context that carries it. Locked
// namespaces refuse all but their unlocking, and some of sys/ is the root's alone.
//
// Source: switchedLockHandleRequest in vault/request_handling.go of OpenBao 2.6.2.
func (c *Core) enterNamespace(ctx context.Context, req *logical.Request) (context.Context, error) {
	if !c.dialect.Namespaces.Enabled {
		root, err := c.namespaces.ByID(namespace.RootID)
		return namespace.With(ctx, root), err
	}
	header := http.Header(req.Headers).Get(consts.NamespaceHeaderName)
	if c.dialect.Namespaces.RootNamed && namespace.Canonical(header) == "root/" {
		header = ""
	}
	ns, path, err := c.namespaces.Resolve(header, req.Path)
	if err != nil {
		return ctx, errNoNamespace
	}
	req.Path = path
	if ns.IsRoot() {
		return namespace.With(ctx, ns), nil
	}
	if locking, err := c.namespaces.Locking(ns); err == nil && path != "sys/namespaces/api-lock/unlock" {
		return ctx, logical.CodedError(http.StatusServiceUnavailable, fmt.Sprintf(
			"API access to this namespace has been locked by an administrator - %q must be unlocked to gain access.", locking.Path))
	}
	if rest, ok := strings.CutPrefix(path, "sys/"); ok && namespace.Covers(c.dialect.Namespaces.RootOnly, rest) {
		return ctx, c.rootOnly()
	}
	return namespace.With(ctx, ns), nil
}

// rootOnly is the error for a path of sys/ that is the root's alone.
func (c *Core) rootOnly() error {
	if text := c.dialect.Namespaces.RootOnlyText; text != "" {
		return logical.CodedError(http.StatusBadRequest, text)
	}
	return multierror.Append(nil, logical.ErrUnsupportedPath)
}

// tainted answers a request to a mount or a namespace that is being removed.
func (c *Core) tainted(ns *namespace.Namespace, req *logical.Request) (*logical.Response, error) {
	text := fmt.Sprintf("no handler for route %q. route entry is tainted.", req.Path)
	if c.dialect.Namespaces.TaintNamed {
		text = fmt.Sprintf("no handler for route %q on namespace %q. route entry or namespace is tainted.", req.Path, ns.Path)
	}
	return logical.ErrorResponse("%s", text), logical.ErrUnsupportedPath
}

// within returns a context of work on a mount, as if for a request to its namespace.
func (c *Core) within(ctx context.Context, e *mounts.Entry) context.Context {
	if e.Namespace == "" {
		return namespace.With(ctx, namespace.Root())
	}
	ns, err := c.namespaces.At(e.Namespace)
	if err != nil { // gone while its mount was worked on
		return ctx
	}
	return namespace.With(ctx, ns)
}

// ErrNamespaceHasChildren is returned for the deletion of a namespace that has others
// below it.
var ErrNamespaceHasChildren = errors.New("unable to delete namespace containing child namespaces")

// CreateNamespace makes a namespace below that of the request, with the mounts and the
// policies that each has.
func (c *Core) CreateNamespace(ctx context.Context, name string, metadata map[string]string) (*namespace.Namespace, error) {
	if err := namespace.CheckName(name); err != nil {
		return nil, err
	}
	path := namespace.From(ctx).Path + name
	conflict := func() error {
		if other := c.table.Conflict(path); other != nil {
			return fmt.Errorf("new namespace conflicts with existing mount: %v", other.Entry().TablePath())
		}
		return nil
	}
	if err := conflict(); err != nil {
		return nil, err
	}
	ns, err := c.namespaces.Create(ctx, path, metadata)
	if err != nil {
		return nil, err
	}
	// A mount that was made meanwhile sees the namespace, or this sees the mount.
	if err := conflict(); err != nil {
		return nil, errors.Join(err, c.namespaces.Delete(ctx, ns))
	}
	ctx = namespace.With(context.WithoutCancel(ctx), ns)
	err = c.access.OpenNamespace(ctx)
	for _, e := range requiredMounts(c.dialect.Namespaces.MountTypePrefix) {
		if err == nil {
			err = c.makeOwnMount(ctx, e)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("failed to initialize namespace: %w", errors.Join(err, c.clearNamespace(ctx, ns)))
	}
	return ns, nil
}

// DeleteNamespace begins to delete a namespace with all that is in it. The error is
// ErrNamespaceHasChildren or wraps namespace.ErrNotFound.
func (c *Core) DeleteNamespace(ctx context.Context, path string) error {
	ns, err := c.namespaces.At(path)
	if err != nil {
		return err
	}
	if len(c.namespaces.Below(ns, false)) > 0 {
		return ErrNamespaceHasChildren
	}
	if _, under := c.deletions.LoadOrStore(ns.UUID, true); under {
		return nil
	}
	tainted, err := c.namespaces.Update(ctx, path, func(n *namespace.Namespace) error {
		n.Tainted = true
		return nil
	})
	if err != nil {
		c.deletions.Delete(ns.UUID)
		return err
	}
	ns = tainted
	c.background.Go(func() {
		defer c.deletions.Delete(ns.UUID)
		if err := c.clearNamespace(namespace.With(c.ctx, ns), ns); err != nil {
			c.logger.Error("failed to handle namespace deletion; job may be retried", "namespace", ns.Path, "ns_uuid", ns.UUID, "error", err)
		}
	})
	return nil
}

// removalOrder returns the place of a mount in the order in which those of a namespace
// are removed: auth methods first, as the tokens go with them.
func (c *Core) removalOrder(e *mounts.Entry) int {
	switch own := c.OwnType(e.Type) == cubbyholeType; {
	case e.Auth:
		return 0
	case own && c.dialect.Namespaces.CubbyholeFirst:
		return 1
	case own:
		return 3
	}
	return 2
}

// clearNamespace unmounts everything in a namespace and removes what is left.
func (c *Core) clearNamespace(ctx context.Context, ns *namespace.Namespace) error {
	all := c.Mounts(ctx)
	slices.SortStableFunc(all, func(a, b *mounts.Route) int {
		return cmp.Compare(c.removalOrder(a.Entry()), c.removalOrder(b.Entry()))
	})
	for _, r := range all {
		path := r.Entry().FullPath()
		if err := c.DisableMount(ctx, path); err != nil && !errors.Is(err, mounts.ErrNotFound) {
			return fmt.Errorf("failed to unmount %v: %w", path, err)
		}
	}
	if err := errors.Join(c.access.RemoveNamespace(ctx), c.quotas.Drop(ctx, ns.Path, "")); err != nil {
		return err
	}
	return c.namespaces.Delete(ctx, ns)
}
