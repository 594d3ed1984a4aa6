// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// tuneFields are the tunable fields of a mount.
func (b *backend) tuneFields(auth bool) map[string]*framework.FieldSchema {
	fields := map[string]*framework.FieldSchema{
		"path":                          field(framework.TypeString, "Tune the configuration parameters of the mount at this path."),
		"default_lease_ttl":             field(framework.TypeString, "The default lease TTL for this mount."),
		"max_lease_ttl":                 field(framework.TypeString, "The max lease TTL for this mount."),
		"description":                   field(framework.TypeString, "User-friendly description for this mount."),
		"audit_non_hmac_request_keys":   field(framework.TypeCommaStringSlice, "The list of keys in the request data object that will not be HMAC'ed by audit devices."),
		"audit_non_hmac_response_keys":  field(framework.TypeCommaStringSlice, "The list of keys in the response data object that will not be HMAC'ed by audit devices."),
		"options":                       field(framework.TypeKVPairs, "The options to pass into the backend. Should be a json object with string keys and values."),
		"listing_visibility":            field(framework.TypeString, "Determines the visibility of the mount in the UI-specific listing endpoint: hidden, unauth or empty."),
		"passthrough_request_headers":   field(framework.TypeCommaStringSlice, "A list of headers to whitelist and pass from the request to the plugin."),
		"allowed_response_headers":      field(framework.TypeCommaStringSlice, "A list of headers to whitelist and allow a plugin to set on responses."),
		"allowed_managed_keys":          field(framework.TypeCommaStringSlice, "Names of managed keys the mount may use."),
		"delegated_auth_accessors":      field(framework.TypeCommaStringSlice, "Accessors of auth mounts that the mount may delegate to."),
		"token_type":                    field(framework.TypeString, "The type of token to issue (service or batch)."),
		"plugin_version":                field(framework.TypeString, "The semantic version of the plugin to use."),
		"override_pinned_version":       field(framework.TypeBool, "Whether the mount runs plugin_version in spite of a pinned version."),
		"identity_token_key":            field(framework.TypeString, "The name of the key used to sign plugin identity tokens."),
		"trim_request_trailing_slashes": field(framework.TypeBool, "Whether to trim a trailing slash on incoming requests to this mount."),
		"user_lockout_config":           field(framework.TypeMap, "When users are locked out; for some builtin auth methods only."),
	}
	for name, known := range map[string]bool{
		"allowed_managed_keys": b.dialect.Mounts.ManagedKeys && !auth, "delegated_auth_accessors": b.dialect.Mounts.DelegatedAuth,
		"identity_token_key": b.dialect.Mounts.IdentityTokenKey, "trim_request_trailing_slashes": b.dialect.Mounts.TrimTrailingSlashes,
		"override_pinned_version": b.dialect.Catalog.PinOverrides,
	} {
		if !known {
			delete(fields, name)
		}
	}
	return fields
}

func (b *backend) readMountTune(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.readTune(ctx, mounts.CleanPath(d.Get("path").(string)))
}

func (b *backend) readAuthTune(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.readTune(ctx, mounts.AuthPrefix+mounts.CleanPath(d.Get("path").(string)))
}

func (b *backend) readTune(ctx context.Context, full string) (*logical.Response, error) {
	r, err := b.core.MountOf(ctx, full)
	if err != nil {
		return badRequest(fmt.Errorf("cannot fetch sysview for path %q", full))
	}
	e := r.Entry()
	def, longest := core.TTLs(e)
	data := map[string]any{
		"description": e.Description, "default_lease_ttl": int(def.Seconds()),
		"max_lease_ttl": int(longest.Seconds()), "force_no_cache": e.Config.ForceNoCache,
	}
	addOptional(data, e)
	if lockout := e.Config.UserLockout; lockout != nil {
		maps.Copy(data, lockout.Shown())
	}
	if e.ExternalEntropy {
		data["external_entropy_access"] = true
	}
	if e.Auth {
		data["token_type"] = e.Config.TokenType.String()
	}
	if len(e.Options) > 0 {
		data["options"] = e.Options
	}
	resp := &logical.Response{Data: data}
	if e.Version != "" {
		data["plugin_version"] = e.Version
	}
	if pin, err := b.pin(ctx, e.PluginType(), e.Type); err == nil && pin != e.Version && !e.Config.OverridePin {
		resp.AddWarning(fmt.Sprintf("plugin_version is configured as %s but a version pin for %s is in effect", e.Version, pin))
	}
	return resp, nil
}
