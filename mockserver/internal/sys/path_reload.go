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
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/envelope"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// reloadPaths are sys/plugins/reload.
func (b *backend) reloadPaths() []*framework.Path {
	scope := field(framework.TypeString, "The scope of the reload: empty for this node, or global")
	paths := []*framework.Path{
		path("plugins/reload/backend$", "Reloads mounted plugin backends", map[string]*framework.FieldSchema{
			"plugin": field(framework.TypeString, "The name of the plugin to reload, as registered in the plugin catalog."),
			"mounts": field(framework.TypeCommaStringSlice, "The mount paths of the plugin backends to reload."),
			"scope":  scope,
		}, operations{logical.UpdateOperation: b.reload}),
	}
	if b.dialect.EnterpriseStubs {
		paths = append(paths, path("plugins/reload/backend/status$", "Tells how a reload went; Enterprise only", nil, operations{logical.ReadOperation: enterpriseOnly}))
	}
	if b.dialect.TypedReload {
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
		if b.dialect.ReloadKnownOnly {
			return badRequest(err)
		}
		return nil, err
	}
	return b.reloaded(req, d, len(paths))
}

// enterpriseOnly answers for paths that community servers know, but don't serve.
func enterpriseOnly(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return logical.ErrorResponse("enterprise-only feature"), logical.ErrUnsupportedPath
}

// errSingleton refuses the reload of what is mounted once, by the server.
var errSingleton = errors.New("singleton plugin cannot be reloaded")

// singleton tells whether a type is one of those mounts', also of namespaces.
func singleton(kind string) bool {
	return core.Internal(strings.TrimPrefix(kind, "ns_"))
}

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

func (b *backend) checkScope(d *framework.FieldData) *logical.Response {
	if scope := d.Get("scope").(string); b.dialect.ReloadScope && scope != "" && scope != "global" {
		return logical.ErrorResponse("reload scope must be omitted or 'global'")
	}
	return nil
}

// reloadByName reloads all mounts of a plugin; type unknown means any.
func (b *backend) reloadByName(ctx context.Context, req *logical.Request, d *framework.FieldData, kind consts.PluginType, name string) (*logical.Response, error) {
	if b.dialect.ReloadKnownOnly {
		if bad, err := b.reloadable(ctx, name); bad != nil || err != nil {
			return bad, err
		}
	}
	count := 0
	for _, r := range b.core.Mounts() {
		e := r.Entry()
		if e.Type != name || kind != consts.PluginTypeUnknown && kind != e.PluginType() {
			continue
		}
		if err := b.core.Reload(ctx, r); err != nil {
			if b.dialect.ReloadKnownOnly {
				return badRequest(err)
			}
			return nil, err
		}
		count++
	}
	return b.reloaded(req, d, count)
}

// reloadable refuses names that no mount could have.
func (b *backend) reloadable(ctx context.Context, name string) (*logical.Response, error) {
	if singleton(name) {
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
		r, err := b.core.MountOf(p)
		if err != nil {
			failed = multierror.Append(failed, fmt.Errorf("cannot fetch mount entry on %q", p))
			continue
		}
		if kind := r.Entry().Type; b.dialect.ReloadKnownOnly && singleton(kind) {
			err = fmt.Errorf("%w: %q", errSingleton, kind)
		} else {
			err = b.core.Reload(ctx, r)
		}
		if err != nil {
			failed = multierror.Append(failed, fmt.Errorf("cannot reload plugin on %q: %w", p, err))
		}
	}
	return failed.ErrorOrNil()
}

// reloaded is the answer to a reload that found count mounts.
func (b *backend) reloaded(req *logical.Request, d *framework.FieldData, count int) (*logical.Response, error) {
	resp := &logical.Response{Data: map[string]any{"reload_id": req.ID}}
	global := b.dialect.ReloadScope && d.Get("scope").(string) == "global"
	if count == 0 && b.dialect.ReloadsNothingWarns {
		if global {
			resp.AddWarning("no plugins were reloaded locally (but they may be reloaded on other nodes)")
		} else {
			resp.AddWarning("no plugins were reloaded")
		}
	}
	if !global {
		return resp, nil
	}
	body, err := json.Marshal(envelope.Of(req.ID, resp, b.dialect.MountType))
	return &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode: http.StatusAccepted, logical.HTTPContentType: "application/json", logical.HTTPRawBody: body,
	}}, err
}
