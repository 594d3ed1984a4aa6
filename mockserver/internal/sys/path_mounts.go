// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// mountFields are the fields of a new mount.
func mountFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{
		"path":                    field(framework.TypeString, "The path to mount to. Example: \"aws/east\""),
		"type":                    field(framework.TypeString, "The type of the backend. Example: \"passthrough\""),
		"description":             field(framework.TypeString, "User-friendly description for this mount."),
		"config":                  field(framework.TypeMap, "Configuration for this mount, such as default_lease_ttl and max_lease_ttl."),
		"local":                   {Type: framework.TypeBool, Default: false, Description: "Mark the mount as a local mount, which is not replicated and is unaffected by replication."},
		"plugin_name":             field(framework.TypeString, "Name of the plugin to mount based from the name registered in the plugin catalog."),
		"options":                 field(framework.TypeKVPairs, "The options to pass into the backend. Should be a json object with string keys and values."),
		"seal_wrap":               {Type: framework.TypeBool, Default: false, Description: "Whether to turn on seal wrapping for the mount."},
		"external_entropy_access": {Type: framework.TypeBool, Default: false, Description: "Whether to give the mount access to the server's external entropy."},
		"plugin_version":          field(framework.TypeString, "The semantic version of the plugin to use; ignored here, it belongs in config."),
	}
}

// mountPaths are sys/mounts.
func (b *backend) mountPaths() []*framework.Path {
	return []*framework.Path{
		path("mounts/(?P<path>.+?)/tune$", "Tune backend configuration parameters for this mount.", b.tuneFields(false), operations{
			logical.ReadOperation:   b.readMountTune,
			logical.UpdateOperation: b.writeMountTune,
		}),
		path("mounts/(?P<path>.+?)", "Mount a new backend at a new path.", mountFields(), operations{
			logical.ReadOperation:   b.readMount,
			logical.UpdateOperation: b.enableMount,
			logical.DeleteOperation: b.disableMount,
		}),
		path("mounts$", "List the currently mounted backends.", nil, operations{logical.ReadOperation: b.listMounts}),
	}
}

// authPaths are sys/auth.
func (b *backend) authPaths() []*framework.Path {
	return []*framework.Path{
		path("auth/(?P<path>.+?)/tune$", "Tune the configuration parameters for an auth path.", b.tuneFields(true), operations{
			logical.ReadOperation:   b.readAuthTune,
			logical.UpdateOperation: b.writeAuthTune,
		}),
		path("auth/(?P<path>.+)", "Enable a new credential backend with a name.", mountFields(), operations{
			logical.ReadOperation:   b.readAuth,
			logical.UpdateOperation: b.enableAuth,
			logical.DeleteOperation: b.disableAuth,
		}),
		path("auth$", "List the currently enabled credential backends.", nil, operations{logical.ReadOperation: b.listAuth}),
	}
}

func (b *backend) listMounts(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return b.list(ctx, false), nil
}

func (b *backend) listAuth(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return b.list(ctx, true), nil
}

func (b *backend) list(ctx context.Context, auth bool) *logical.Response {
	all := b.core.Mounts(ctx)
	data := make(map[string]any, len(all))
	for _, r := range all {
		if e := r.Entry(); e.Auth == auth {
			data[e.Path] = b.shown(e)
		}
	}
	return &logical.Response{Data: data}
}

func (b *backend) readMount(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	p := mounts.CleanPath(d.Get("path").(string))
	r, err := b.core.MountOf(ctx, p)
	if err != nil {
		return logical.ErrorResponse("No secret engine mount at %s", p), nil
	}
	e := r.Entry()
	resp := &logical.Response{Data: b.shown(e).fields()}
	b.warnOfVersion(ctx, resp, e)
	return resp, nil
}

// warnOfVersion says that another version runs than the configured one.
func (b *backend) warnOfVersion(ctx context.Context, resp *logical.Response, e *mounts.Entry) {
	if !b.dialect.Mounts.VersionMismatchWarns || e.Version == e.RunningVersion || e.Version == "" {
		return
	}
	because := "either due to a pinned version or because the plugin was upgraded and not yet reloaded"
	if pin, err := b.pin(ctx, e.PluginType(), e.Type); err == nil && pin == e.RunningVersion {
		because = "because that version is pinned"
	}
	resp.AddWarning(fmt.Sprintf("Plugin version is configured as %q, but running %q %s", e.Version, e.RunningVersion, because))
}

func (b *backend) readAuth(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	p := mounts.CleanPath(d.Get("path").(string))
	r, err := b.core.MountAt(ctx, mounts.AuthPrefix+p)
	if err != nil {
		return logical.ErrorResponse("No auth engine at %s", p), nil
	}
	return &logical.Response{Data: b.shown(r.Entry()).fields()}, nil
}

func (b *backend) disableMount(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	p := mounts.CleanPath(d.Get("path").(string))
	if _, err := b.core.MountAt(ctx, p); err == nil && strings.HasPrefix(p, mounts.AuthPrefix) {
		return badRequest(fmt.Errorf("cannot unmount %q", p))
	}
	return b.disable(ctx, p)
}

func (b *backend) disableAuth(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	p := mounts.CleanPath(d.Get("path").(string))
	if p == "token/" {
		return badRequest(errors.New("token credential backend cannot be disabled"))
	}
	return b.disable(ctx, mounts.AuthPrefix+p)
}

// disable removes a mount. A mount that does not exist is not an error, so that nobody
// learns what there is.
func (b *backend) disable(ctx context.Context, full string) (*logical.Response, error) {
	for _, own := range []string{"sys/", "cubbyhole/", "identity/"} {
		if full == own {
			return badRequest(fmt.Errorf("cannot unmount %q", full))
		}
	}
	err := b.core.DisableMount(ctx, full)
	if err != nil && !errors.Is(err, mounts.ErrNotFound) {
		return badRequest(err)
	}
	return nil, nil
}
