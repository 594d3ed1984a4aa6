// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/envelope"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// untypedReload is the path that reloads mounts of the request's namespace alone.
const untypedReload = "plugins/reload/backend"

// reloadPaths are sys/plugins/reload.
func (b *backend) reloadPaths() []*framework.Path {
	scope := field(framework.TypeString, "The scope of the reload: empty for this node, or global")
	paths := []*framework.Path{
		path(untypedReload+"$", "Reloads mounted plugin backends", map[string]*framework.FieldSchema{
			"plugin": field(framework.TypeString, "The name of the plugin to reload, as registered in the plugin catalog."),
			"mounts": field(framework.TypeCommaStringSlice, "The mount paths of the plugin backends to reload."),
			"scope":  scope,
		}, operations{logical.UpdateOperation: b.reload}),
	}
	if b.dialect.Reloads.Typed {
		paths = append(paths, path("plugins/reload/(?P<type>auth|database|secret|unknown)/"+framework.GenericNameRegex("name")+"$", "Reloads all mounts of a plugin", map[string]*framework.FieldSchema{
			"type":  field(framework.TypeString, "The type of plugin to reload, as registered in the plugin catalog."),
			"name":  field(framework.TypeString, "The name of the plugin to reload, as registered in the plugin catalog."),
			"scope": scope,
		}, operations{logical.UpdateOperation: b.reloadTyped}))
	}
	return paths
}

func (b *backend) reload(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name, paths := d.Get("plugin").(string), d.Get("mounts").([]string)
	switch {
	case name != "" && len(paths) > 0:
		return logical.ErrorResponse("plugin and mounts cannot be set at the same time"), nil
	case name == "" && len(paths) == 0:
		return logical.ErrorResponse("plugin or mounts must be provided"), nil
	}
	if bad := b.checkScope(d); bad != nil {
		return bad, nil
	}
	if name != "" {
		return b.reloadByName(ctx, req, d, consts.PluginTypeUnknown, name)
	}
	if err := b.reloadMounts(ctx, paths); err != nil {
		if b.dialect.Reloads.KnownOnly {
			return badRequest(err)
		}
		return nil, err
	}
	return b.reloaded(req, d, len(paths))
}

// errSingleton refuses the reload of what is mounted once, by the server.
var errSingleton = errors.New("singleton plugin cannot be reloaded")

func (b *backend) reloadTyped(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if bad := b.checkScope(d); bad != nil {
		return bad, nil
	}
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	return b.reloadByName(ctx, req, d, kind, d.Get("name").(string))
}

// reloadedNamespaces returns the namespaces whose mounts a reload by name reaches: that of
// the request, and where a type is named also those below.
func (b *backend) reloadedNamespaces(ctx context.Context, req *logical.Request) []*namespace.Namespace {
	own := namespace.From(ctx)
	all := []*namespace.Namespace{own}
	if b.dialect.Reloads.AllNamespaces && req.Path != untypedReload {
		all = append(all, b.core.Namespaces().Below(own, true)...)
	}
	return all
}

func (b *backend) checkScope(d *framework.FieldData) *logical.Response {
	if scope := d.Get("scope").(string); b.dialect.Reloads.Scope && scope != "" && scope != "global" {
		return logical.ErrorResponse("reload scope must be omitted or 'global'")
	}
	return nil
}

// reloadByName reloads all mounts of a plugin; type unknown means any.
func (b *backend) reloadByName(ctx context.Context, req *logical.Request, d *framework.FieldData, kind consts.PluginType, name string) (*logical.Response, error) {
	if b.dialect.Reloads.KnownOnly {
		if bad, err := b.reloadable(ctx, name); bad != nil || err != nil {
			return bad, err
		}
	}
	count := 0
	for _, ns := range b.reloadedNamespaces(ctx, req) {
		reloaded, err := b.reloadIn(namespace.With(ctx, ns), kind, name)
		if err != nil {
			if b.dialect.Reloads.KnownOnly {
				return badRequest(err)
			}
			return nil, err
		}
		count += reloaded
	}
	return b.reloaded(req, d, count)
}

// reloadIn reloads the mounts of a plugin in the namespace of ctx, and returns how many
// there were.
func (b *backend) reloadIn(ctx context.Context, kind consts.PluginType, name string) (int, error) {
	count := 0
	for _, r := range b.core.Mounts(ctx) {
		e := r.Entry()
		if e.Type != name || kind != consts.PluginTypeUnknown && kind != e.PluginType() {
			continue
		}
		err := b.core.Reload(ctx, r)
		if errors.Is(err, mounts.ErrStopped) {
			continue // it is not a mount of the plugin any more
		}
		if err != nil {
			return 0, err
		}
		count++
	}
	if !b.dialect.Database.Reload || kind != consts.PluginTypeUnknown && kind != consts.PluginTypeDatabase {
		return count, nil
	}
	connections, err := b.reloadConnections(ctx, name)
	return count + connections, err
}

// reloadConnections lets all database engines make their connections of a plugin anew,
// and returns how many there were.
func (b *backend) reloadConnections(ctx context.Context, plugin string) (int, error) {
	count := 0
	for _, r := range b.core.Mounts(ctx) {
		e := r.Entry()
		if e.Auth || e.Type != "database" {
			continue
		}
		resp, err := b.core.Route(ctx, &logical.Request{Operation: logical.UpdateOperation, Path: e.FullPath() + "reload/" + plugin})
		if err != nil {
			return 0, fmt.Errorf("cannot reload plugin on %q: %w", e.Path, err)
		}
		if resp != nil {
			reloaded, _ := resp.Data["count"].(int)
			count += reloaded
		}
	}
	return count, nil
}

// reloadable refuses names that no mount could have.
func (b *backend) reloadable(ctx context.Context, name string) (*logical.Response, error) {
	if b.core.Internal(name) {
		return logical.ErrorResponse("%s: %q", errSingleton, name), nil
	}
	var types []consts.PluginType
	for _, kind := range []consts.PluginType{consts.PluginTypeCredential, consts.PluginTypeSecrets, consts.PluginTypeDatabase} {
		if _, err := b.core.Catalog().Get(ctx, catalog.Key{Type: kind, Name: name}); err == nil {
			types = append(types, kind)
			continue
		}
		versions, err := b.core.Catalog().Versions(ctx, kind, name)
		if err != nil {
			return nil, err
		}
		if len(versions) > 0 {
			types = append(types, kind)
		}
	}
	switch {
	case len(types) == 0:
		return logical.ErrorResponse("%s: %q", catalog.ErrNotFound, name), nil
	case len(types) == 1 && types[0] == consts.PluginTypeDatabase:
		return logical.ErrorResponse("plugin %q cannot be reloaded, only plugins of type auth and secret can be reloaded", name), nil
	}
	return nil, nil
}

// reloadMounts reloads the mounts at the paths: a/, auth/b/ or sys/auth/b.
func (b *backend) reloadMounts(ctx context.Context, paths []string) error {
	var failed *multierror.Error
	for _, p := range paths {
		if strings.HasPrefix(p, "sys/"+mounts.AuthPrefix) {
			p = strings.TrimPrefix(p, "sys/")
		}
		if !strings.HasSuffix(p, "/") {
			p += "/"
		}
		r, err := b.core.MountOf(ctx, p)
		if err != nil {
			failed = multierror.Append(failed, fmt.Errorf("cannot fetch mount entry on %q", p))
			continue
		}
		err = b.reloadMount(ctx, r)
		switch {
		case errors.Is(err, mounts.ErrStopped):
			failed = multierror.Append(failed, fmt.Errorf("cannot fetch mount entry on %q", p))
		case err != nil:
			failed = multierror.Append(failed, fmt.Errorf("cannot reload plugin on %q: %w", p, err))
		}
	}
	return failed.ErrorOrNil()
}

// reloadMount reloads a mount, which where the dialect says so must not be a singleton.
func (b *backend) reloadMount(ctx context.Context, r *mounts.Route) error {
	if kind := r.Entry().Type; b.dialect.Reloads.KnownOnly && b.core.Internal(kind) {
		return fmt.Errorf("%w: %q", errSingleton, kind)
	}
	return b.core.Reload(ctx, r)
}

// reloaded is the answer to a reload that found count mounts.
func (b *backend) reloaded(req *logical.Request, d *framework.FieldData, count int) (*logical.Response, error) {
	resp := &logical.Response{Data: map[string]any{"reload_id": req.ID}}
	global := b.dialect.Reloads.Scope && d.Get("scope").(string) == "global"
	if count == 0 && b.dialect.Reloads.NothingWarns {
		if global {
			resp.AddWarning("no plugins were reloaded locally (but they may be reloaded on other nodes)")
		} else {
			resp.AddWarning("no plugins were reloaded")
		}
	}
	if !global {
		return resp, nil
	}
	body, err := json.Marshal(envelope.Of(req.ID, resp, b.dialect.Requests.MountType))
	return &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode: http.StatusAccepted, logical.HTTPContentType: "application/json", logical.HTTPRawBody: body,
	}}, err
}
