// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/mitchellh/mapstructure"

	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// mountConfig is the field config of a new mount as clients send it.
type mountConfig struct {
	DefaultLeaseTTL           string   `mapstructure:"default_lease_ttl"`
	MaxLeaseTTL               string   `mapstructure:"max_lease_ttl"`
	ForceNoCache              bool     `mapstructure:"force_no_cache"`
	PluginName                string   `mapstructure:"plugin_name"`
	PluginVersion             string   `mapstructure:"plugin_version"`
	ListingVisibility         string   `mapstructure:"listing_visibility"`
	TokenType                 string   `mapstructure:"token_type"`
	AuditNonHMACRequestKeys   []string `mapstructure:"audit_non_hmac_request_keys"`
	AuditNonHMACResponseKeys  []string `mapstructure:"audit_non_hmac_response_keys"`
	PassthroughRequestHeaders []string `mapstructure:"passthrough_request_headers"`
	AllowedResponseHeaders    []string `mapstructure:"allowed_response_headers"`
	AllowedManagedKeys        []string `mapstructure:"allowed_managed_keys"`
	DelegatedAuthAccessors    []string `mapstructure:"delegated_auth_accessors"`
	IdentityTokenKey          string   `mapstructure:"identity_token_key"`
	TrimTrailingSlashes       bool     `mapstructure:"trim_request_trailing_slashes"`
	OverridePin               bool     `mapstructure:"override_pinned_version"`
	// UserLockout is ignored, but must be of this form.
	UserLockout struct {
		Threshold    uint64        `mapstructure:"lockout_threshold"`
		Duration     time.Duration `mapstructure:"lockout_duration"`
		CounterReset time.Duration `mapstructure:"lockout_counter_reset"`
		Disable      bool          `mapstructure:"disable_lockout"`
	} `mapstructure:"user_lockout_config"`
}

func (b *backend) enableMount(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.enable(ctx, d, false)
}

func (b *backend) enableAuth(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.enable(ctx, d, true)
}

// enable makes a mount of what a request says.
func (b *backend) enable(ctx context.Context, d *framework.FieldData, auth bool) (*logical.Response, error) {
	config := d.Get("config").(map[string]any)
	b.drop(config)
	asked, err := decodeConfig(config, auth)
	if err != nil {
		return badRequest(err)
	}
	e := &mounts.Entry{
		Path: mounts.CleanPath(d.Get("path").(string)), Auth: auth,
		Description: d.Get("description").(string), Options: d.Get("options").(map[string]string),
		Local: d.Get("local").(bool), SealWrap: d.Get("seal_wrap").(bool),
		ExternalEntropy: d.Get("external_entropy_access").(bool),
	}
	if e.Config, err = asked.config(auth); err != nil {
		return badRequest(err)
	}
	if e.Type, err = mountType(d, asked); err != nil {
		return badRequest(err)
	}
	if err := applyKV(e); err != nil {
		return badRequest(err)
	}
	v, bad, err := b.mountVersion(ctx, asked, e.PluginType(), e.Type)
	if bad != nil || err != nil {
		return bad, err
	}
	e.Version, e.Config.OverridePin = v, asked.PluginVersion != "" && asked.OverridePin
	if bad := checkVisibility(asked.ListingVisibility); bad != nil {
		return bad, nil
	}
	if bad, err := b.checkIdentityKey(ctx, asked.IdentityTokenKey); bad != nil || err != nil {
		return bad, err
	}
	resp, err := b.deprecation(ctx, e.PluginType(), e.Type, e.Version)
	if err != nil {
		return badRequest(err)
	}
	if err := b.core.EnableMount(ctx, e); err != nil {
		return badRequest(err)
	}
	return resp, nil
}

// drop takes out of a new mount's config what the dialect doesn't know, of
// whatever type it is; servers ignore it silently.
func (b *backend) drop(config map[string]any) {
	known := map[string]bool{
		"allowed_managed_keys":          b.dialect.Mounts.ManagedKeys,
		"delegated_auth_accessors":      b.dialect.Mounts.DelegatedAuth,
		"identity_token_key":            b.dialect.Mounts.IdentityTokenKey,
		"trim_request_trailing_slashes": b.dialect.Mounts.TrimTrailingSlashes,
		"override_pinned_version":       b.dialect.Catalog.PinOverrides,
	}
	maps.DeleteFunc(config, func(key string, _ any) bool {
		is, listed := known[strings.ToLower(key)]
		return listed && !is
	})
}

// checkIdentityKey refuses keys for plugins' identity tokens that don't exist.
func (b *backend) checkIdentityKey(ctx context.Context, name string) (*logical.Response, error) {
	if name == "" {
		return nil, nil
	}
	there, err := b.core.Access().HasIdentityKey(ctx, name)
	if there || err != nil {
		return nil, err
	}
	return logical.ErrorResponse("key %q does not exist", name), nil
}

// decodeConfig reads the field config; unknown keys are ignored, as servers do.
func decodeConfig(raw map[string]any, auth bool) (mountConfig, error) {
	var c mountConfig
	expandLists(raw)
	if err := mapstructure.Decode(raw, &c); err != nil {
		if auth {
			return c, errors.New("unable to convert given auth config information")
		}
		return c, errors.New("unable to convert given mount config information")
	}
	return c, nil
}

// config checks and converts what was asked.
func (c mountConfig) config(auth bool) (mounts.Config, error) {
	out := mounts.Config{
		ForceNoCache: c.ForceNoCache && !auth, ListingVisibility: c.ListingVisibility,
		AuditNonHMACRequestKeys: c.AuditNonHMACRequestKeys, AuditNonHMACResponseKeys: c.AuditNonHMACResponseKeys,
		PassthroughRequestHeaders: c.PassthroughRequestHeaders, AllowedResponseHeaders: c.AllowedResponseHeaders,
		AllowedManagedKeys: c.AllowedManagedKeys, DelegatedAuthAccessors: c.DelegatedAuthAccessors,
		IdentityTokenKey: c.IdentityTokenKey, TrimTrailingSlashes: c.TrimTrailingSlashes,
	}
	var err error
	if out.DefaultLeaseTTL, err = ttl(c.DefaultLeaseTTL); err != nil {
		return out, fmt.Errorf("unable to parse default TTL of %s: %w", c.DefaultLeaseTTL, err)
	}
	if out.MaxLeaseTTL, err = ttl(c.MaxLeaseTTL); err != nil {
		return out, fmt.Errorf("unable to parse max TTL of %s: %w", c.MaxLeaseTTL, err)
	}
	switch {
	case out.MaxLeaseTTL != 0 && out.DefaultLeaseTTL > out.MaxLeaseTTL:
		return out, errors.New("given default lease TTL greater than given max lease TTL")
	case out.MaxLeaseTTL == 0 && out.DefaultLeaseTTL > core.SystemTTL:
		return out, fmt.Errorf("given default lease TTL greater than system max lease TTL of %d", int(core.SystemTTL.Seconds()))
	}
	if auth {
		out.DelegatedAuthAccessors = nil // only secrets engines delegate
		out.TokenType, err = tokenType(c.TokenType)
	}
	return out, err
}

// ttl reads a lease time: seconds or a duration; empty and `system` mean the
// system's.
func ttl(s string) (time.Duration, error) {
	if s == "" || s == "system" {
		return 0, nil
	}
	return parseutil.ParseDurationSecond(s)
}

func tokenType(s string) (logical.TokenType, error) {
	switch s {
	case "", "default-service":
		return logical.TokenTypeDefaultService, nil
	case "default-batch":
		return logical.TokenTypeDefaultBatch, nil
	case "service":
		return logical.TokenTypeService, nil
	case "batch":
		return logical.TokenTypeBatch, nil
	}
	return logical.TokenTypeDefault, errors.New("invalid value for 'token_type'")
}

// mountType is the plugin that a mount names. `plugin` with plugin_name is the
// form of before Vault 1.0.
func mountType(d *framework.FieldData, c mountConfig) (string, error) {
	switch t := d.Get("type").(string); t {
	case "":
		return "", errors.New("backend type must be specified as a string")
	case "plugin":
		for _, name := range []string{c.PluginName, d.Get("plugin_name").(string)} {
			if name != "" {
				return name, nil
			}
		}
		return "", errors.New("plugin_name must be provided for plugin backend")
	default:
		return t, nil
	}
}

// applyKV turns kv-v1 and kv-v2 into kv with a version; other plugins have no
// option of that name.
func applyKV(e *mounts.Entry) error {
	if e.Auth {
		if e.Options["version"] != "" {
			return fmt.Errorf("auth method %q does not allow setting a version", e.Type)
		}
		return nil
	}
	switch {
	case e.Type == "kv-v1" || e.Type == "kv-v2":
		if e.Options == nil {
			e.Options = map[string]string{}
		}
		e.Options["version"] = strings.TrimPrefix(e.Type, "kv-v")
		e.Type = "kv"
	case e.Type != "kv" && e.Options["version"] != "":
		return fmt.Errorf("secrets engine %q does not allow setting a version", e.Type)
	}
	return nil
}

func checkVisibility(v string) *logical.Response {
	switch v {
	case "", "hidden", "unauth":
		return nil
	}
	return logical.ErrorResponse("invalid listing_visibility %s", v)
}
