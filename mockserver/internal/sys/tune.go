// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// tuneFields are the tunable fields of a mount.
func (b *backend) tuneFields() map[string]*framework.FieldSchema {
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
		"identity_token_key":            field(framework.TypeString, "The name of the key used to sign plugin identity tokens."),
		"trim_request_trailing_slashes": field(framework.TypeBool, "Whether to trim a trailing slash on incoming requests to this mount."),
		"force_no_cache":                field(framework.TypeBool, "Not tunable; ignored."),
	}
	for name, known := range map[string]bool{
		"allowed_managed_keys": b.dialect.ManagedKeys, "delegated_auth_accessors": b.dialect.DelegatedAuth,
		"identity_token_key": b.dialect.IdentityTokenKey, "trim_request_trailing_slashes": b.dialect.TrimTrailingSlashes,
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
	r, err := b.core.MountOf(full)
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
	if pin, err := b.pin(ctx, e.PluginType(), e.Type); err == nil && pin != e.Version {
		resp.AddWarning(fmt.Sprintf("plugin_version is configured as %s but a version pin for %s is in effect", e.Version, pin))
	}
	return resp, nil
}

func (b *backend) writeMountTune(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.writeTune(ctx, mounts.CleanPath(d.Get("path").(string)), d)
}

func (b *backend) writeAuthTune(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.writeTune(ctx, mounts.AuthPrefix+mounts.CleanPath(d.Get("path").(string)), d)
}

// writeTune changes a mount's configuration: all that is asked, or nothing. A
// new plugin_version is only configured; the next reload runs it.
func (b *backend) writeTune(ctx context.Context, full string, d *framework.FieldData) (*logical.Response, error) {
	if err := tunable(full, d); err != nil {
		return badRequest(err)
	}
	r, err := b.core.MountOf(full)
	if err != nil {
		return badRequest(fmt.Errorf("tune of path %q failed: no mount entry found", full))
	}
	var bad *logical.Response
	err = b.core.Change(ctx, r, func(e *mounts.Entry) error {
		if err := tuneTTLs(e, d); err != nil {
			return err
		}
		if bad, err = b.tuneVersion(ctx, e, d); bad != nil || err != nil {
			return errors.Join(errRefused, err)
		}
		if bad = tuneTexts(e, d); bad != nil {
			return errRefused
		}
		return tuneOptions(e, d)
	})
	switch {
	case bad != nil:
		return bad, nil
	case err != nil:
		return badRequest(err)
	}
	return nil, nil
}

// errRefused ends a change whose answer is made already.
var errRefused = errors.New("refused")

// tunable refuses changes of the server's own mounts, but for the audit keys.
func tunable(full string, d *framework.FieldData) error {
	own := slices.ContainsFunc([]string{"cubbyhole/", "sys/", "audit/", "identity/"}, func(p string) bool { return strings.HasPrefix(full, p) })
	if !own {
		return nil
	}
	for name := range d.Raw {
		_, known := d.Schema[name]
		if known && !slices.Contains([]string{"path", "audit_non_hmac_request_keys", "audit_non_hmac_response_keys"}, name) {
			return fmt.Errorf("cannot tune parameter %v of %v", name, full)
		}
	}
	return nil
}

func tuneTTLs(e *mounts.Entry, d *framework.FieldData) error {
	for name, value := range map[string]*time.Duration{"default_lease_ttl": &e.Config.DefaultLeaseTTL, "max_lease_ttl": &e.Config.MaxLeaseTTL} {
		switch asked := d.Get(name).(string); asked {
		case "":
		case "system":
			*value = 0
		default:
			parsed, err := parseutil.ParseDurationSecond(asked)
			if err != nil {
				return err
			}
			*value = parsed
		}
	}
	def, longest := e.Config.DefaultLeaseTTL, e.Config.MaxLeaseTTL
	if def != 0 && longest != 0 && longest < def {
		return fmt.Errorf("backend max lease TTL of %d would be less than backend default lease TTL of %d", int(longest.Seconds()), int(def.Seconds()))
	}
	return nil
}

// tuneVersion sets the version that the next reload runs; it must be in the
// catalog.
func (b *backend) tuneVersion(ctx context.Context, e *mounts.Entry, d *framework.FieldData) (*logical.Response, error) {
	raw, ok := d.GetOk("plugin_version")
	if !ok {
		return nil, nil
	}
	asked := raw.(string)
	if pin, err := b.pin(ctx, e.PluginType(), e.Type); err == nil {
		return logical.ErrorResponse("plugin_version cannot be set for %s plugin %q as a pinned version %s is in effect", e.PluginType(), e.Type, pin), nil
	}
	parsed, err := version.NewVersion(asked)
	if err != nil {
		return b.malformed(asked), nil
	}
	v := "v" + parsed.String()
	if _, err := b.core.Catalog().Get(ctx, catalog.Key{Type: e.PluginType(), Name: e.Type, Version: v}); err != nil {
		return logical.ErrorResponse("%s", err.Error()), nil
	}
	e.Version = v
	return nil, nil
}

// tuned is a field of a request, if it was sent and the dialect has it.
func tuned(d *framework.FieldData, name string) (any, bool) {
	if d.Schema[name] == nil {
		return nil, false
	}
	return d.GetOk(name)
}

// tuneTexts sets the fields whose values are words.
func tuneTexts(e *mounts.Entry, d *framework.FieldData) *logical.Response {
	if raw, ok := d.GetOk("description"); ok {
		e.Description = raw.(string)
	}
	if raw, ok := d.GetOk("listing_visibility"); ok {
		if bad := checkVisibility(raw.(string)); bad != nil {
			return bad
		}
		e.Config.ListingVisibility = raw.(string)
	}
	if raw, ok := tuned(d, "identity_token_key"); ok {
		if bad := checkIdentityKey(raw.(string)); bad != nil {
			return bad
		}
		e.Config.IdentityTokenKey = raw.(string)
	}
	raw, ok := d.GetOk("token_type")
	switch {
	case !ok:
		return nil
	case !e.Auth:
		return logical.ErrorResponse("'token_type' can only be modified on auth mounts")
	case e.Type == "token":
		return logical.ErrorResponse("'token_type' cannot be set for 'token' or 'ns_token' auth mounts")
	}
	kind, err := tokenType(raw.(string))
	if err != nil {
		return logical.ErrorResponse("%s", err.Error())
	}
	e.Config.TokenType = kind
	return nil
}

// tuneOptions sets the remaining fields.
func tuneOptions(e *mounts.Entry, d *framework.FieldData) error {
	for name, list := range map[string]*[]string{
		"audit_non_hmac_request_keys":  &e.Config.AuditNonHMACRequestKeys,
		"audit_non_hmac_response_keys": &e.Config.AuditNonHMACResponseKeys,
		"passthrough_request_headers":  &e.Config.PassthroughRequestHeaders,
		"allowed_response_headers":     &e.Config.AllowedResponseHeaders,
		"allowed_managed_keys":         &e.Config.AllowedManagedKeys,
		"delegated_auth_accessors":     &e.Config.DelegatedAuthAccessors,
	} {
		if raw, ok := tuned(d, name); ok {
			*list = raw.([]string)
		}
	}
	if raw, ok := tuned(d, "trim_request_trailing_slashes"); ok {
		e.Config.TrimTrailingSlashes = raw.(bool)
	}
	raw, ok := d.GetOk("options")
	if !ok {
		return nil
	}
	options := raw.(map[string]string)
	if v, ok := options["version"]; ok {
		if e.Type != "kv" || e.Auth {
			return fmt.Errorf("tuning of version option is only supported for kv mounts, not %q", e.Type)
		}
		if v != "2" || e.Options["version"] == "2" {
			if v != e.Options["version"] {
				return errors.New("cannot downgrade mount from version 2")
			}
		}
	}
	e.Options = mergeOptions(e.Options, options)
	return nil
}

// mergeOptions adds options to those there are; an empty value removes one.
func mergeOptions(old, change map[string]string) map[string]string {
	merged := map[string]string{}
	for _, options := range []map[string]string{old, change} {
		for k, v := range options {
			merged[k] = v
			if v == "" {
				delete(merged, k)
			}
		}
	}
	return merged
}
