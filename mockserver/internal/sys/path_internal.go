// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// internalPaths are those of sys/internal that clients ask before they do
// something else: the command line's kv commands, user interfaces.
func (b *backend) internalPaths() []*framework.Path {
	return []*framework.Path{
		path("internal/ui/mounts$", "Information about mounts returned according to their tuned visibility.", nil, operations{logical.ReadOperation: b.visibleMounts}),
		path("internal/ui/mounts/(?P<path>.+)", "Information about one mount.", map[string]*framework.FieldSchema{
			"path": field(framework.TypeString, "The path of the mount."),
		}, operations{logical.ReadOperation: b.visibleMount}),
	}
}

// visibleMounts shows the mounts that the caller may see: with a token those it
// has any right on, and always those tuned to be listed without one.
func (b *backend) visibleMounts(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	may, err := b.core.Access().MountFilter(ctx, req)
	if err != nil {
		return nil, err
	}
	secret, auth := map[string]any{}, map[string]any{}
	for _, r := range b.core.Mounts(ctx) {
		e := r.Entry()
		if e.Config.ListingVisibility != "unauth" && (may == nil || !may(e.TablePath())) {
			continue
		}
		var info any = map[string]any{"type": e.Type, "description": e.Description, "options": e.Options}
		if may != nil {
			info = b.visible(e)
		}
		if e.Auth {
			auth[e.Path] = info
		} else {
			secret[e.Path] = info
		}
	}
	return &logical.Response{Data: map[string]any{"secret": secret, "auth": auth}}, nil
}

// visibleMount shows the mount that a path belongs to. A path without one looks
// like one without rights, so that nobody can find out what there is.
func (b *backend) visibleMount(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	p := mounts.CleanPath(d.Get("path").(string))
	denied := logical.ErrorResponse("preflight capability check returned 403, please ensure client's policies grant access to path %q", p)
	may, err := b.core.Access().MountFilter(ctx, req)
	if err != nil {
		return nil, err
	}
	if may == nil {
		return nil, logical.ErrPermissionDenied
	}
	r, err := b.core.MountOf(ctx, p)
	if err != nil {
		return denied, logical.ErrPermissionDenied
	}
	shown, table, at := r.Entry().Path, r.Entry().TablePath(), namespace.From(ctx).Path
	if r.Entry().Namespace != at {
		// Below a namespace that is not the root, servers look for rights on a path that
		// nobody has.
		shown, table = table, at+table
	}
	if !may(table) {
		return denied, logical.ErrPermissionDenied
	}
	info := b.visible(r.Entry()).fields()
	info["path"] = shown
	return &logical.Response{Data: info}, nil
}
