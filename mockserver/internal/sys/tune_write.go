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
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

func (b *backend) writeMountTune(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.writeTune(ctx, mounts.CleanPath(d.Get("path").(string)), d)
}

func (b *backend) writeAuthTune(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return b.writeTune(ctx, mounts.AuthPrefix+mounts.CleanPath(d.Get("path").(string)), d)
}

// tuning is one write to the configuration of a mount.
type tuning struct {
	*backend
	sent *framework.FieldData
	// upgrade says in the servers' words that the mount goes on in another
	// version of its storage, for which it is reloaded.
	upgrade string
}

// writeTune changes a mount's configuration. Servers take one field after the
// other and keep what they have when one of them is refused. A new
// plugin_version is only configured; the next reload runs it.
func (b *backend) writeTune(ctx context.Context, full string, d *framework.FieldData) (*logical.Response, error) {
	if err := b.tunable(full, d); err != nil {
		return badRequest(err)
	}
	r, err := b.core.MountOf(ctx, full)
	if err != nil {
		return badRequest(fmt.Errorf("tune of path %q failed: no mount entry found", full))
	}
	t := &tuning{backend: b, sent: d}
	var refused error
	err = b.core.Change(ctx, r, func(e *mounts.Entry) error {
		refused = t.apply(ctx, e)
		if b.dialect.Mounts.TuneRollsBack {
			return refused
		}
		return nil
	})
	if refused != nil {
		err = refused
	}
	if err != nil {
		return badRequest(err)
	}
	if t.upgrade == "" {
		return nil, nil
	}
	return b.upgradeStore(ctx, r, t.upgrade)
}

// tunable refuses changes of the server's own mounts, but for the audit keys.
func (b *backend) tunable(full string, d *framework.FieldData) error {
	own := slices.ContainsFunc([]string{"cubbyhole/", "sys/", "audit/", "identity/"}, func(p string) bool { return strings.HasPrefix(full, p) })
	if !own {
		return nil
	}
	if b.dialect.Mounts.OwnUntunable {
		return fmt.Errorf("cannot tune %q", full)
	}
	for name := range d.Raw {
		_, known := d.Schema[name]
		if known && !slices.Contains([]string{"path", "audit_non_hmac_request_keys", "audit_non_hmac_response_keys"}, name) {
			return fmt.Errorf("cannot tune parameter %v of %v", name, full)
		}
	}
	return nil
}

// apply sets the fields in the servers' order, until one is refused.
func (t *tuning) apply(ctx context.Context, e *mounts.Entry) error {
	for _, set := range []func(context.Context, *mounts.Entry) error{
		t.ttls, t.lockout, t.description, t.version,
		list(t, "audit_non_hmac_request_keys", func(c *mounts.Config) *[]string { return &c.AuditNonHMACRequestKeys }),
		list(t, "audit_non_hmac_response_keys", func(c *mounts.Config) *[]string { return &c.AuditNonHMACResponseKeys }),
		t.visibility, t.identityKey, t.tokenType,
		list(t, "passthrough_request_headers", func(c *mounts.Config) *[]string { return &c.PassthroughRequestHeaders }),
		list(t, "allowed_response_headers", func(c *mounts.Config) *[]string { return &c.AllowedResponseHeaders }),
		list(t, "allowed_managed_keys", func(c *mounts.Config) *[]string { return &c.AllowedManagedKeys }),
		list(t, "delegated_auth_accessors", func(c *mounts.Config) *[]string { return &c.DelegatedAuthAccessors }),
		t.trimming, t.options,
	} {
		if err := set(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// field is a field of the request, if it was sent and the dialect has it.
func (t *tuning) field(name string) (any, bool) {
	if t.sent.Schema[name] == nil {
		return nil, false
	}
	return t.sent.GetOk(name)
}

// list sets a list of words.
func list(t *tuning, name string, of func(*mounts.Config) *[]string) func(context.Context, *mounts.Entry) error {
	return func(_ context.Context, e *mounts.Entry) error {
		if raw, ok := t.field(name); ok {
			*of(&e.Config) = raw.([]string)
		}
		return nil
	}
}

func (t *tuning) ttls(_ context.Context, e *mounts.Entry) error {
	def, err := t.ttl("default_lease_ttl", e.Config.DefaultLeaseTTL)
	if err != nil {
		return err
	}
	longest, err := t.ttl("max_lease_ttl", e.Config.MaxLeaseTTL)
	if err != nil {
		return err
	}
	if def != 0 && longest != 0 && longest < def {
		return fmt.Errorf("backend max lease TTL of %d would be less than backend default lease TTL of %d", int(longest.Seconds()), int(def.Seconds()))
	}
	e.Config.DefaultLeaseTTL, e.Config.MaxLeaseTTL = def, longest
	return nil
}

// ttl reads a lease time; present is what it is if nothing was sent.
func (t *tuning) ttl(name string, present time.Duration) (time.Duration, error) {
	switch asked := t.sent.Get(name).(string); asked {
	case "":
		return present, nil
	case "system":
		return 0, nil
	default:
		return parseutil.ParseDurationSecond(asked)
	}
}

func (t *tuning) description(_ context.Context, e *mounts.Entry) error {
	if raw, ok := t.field("description"); ok {
		e.Description = raw.(string)
	}
	return nil
}

// version sets the version that the next reload runs; it must be in the
// catalog.
func (t *tuning) version(ctx context.Context, e *mounts.Entry) error {
	overridden, sent := t.field("override_pinned_version")
	if sent {
		e.Config.OverridePin = overridden.(bool)
	}
	raw, ok := t.field("plugin_version")
	if !ok {
		return nil
	}
	asked := raw.(string)
	if pin, err := t.pin(ctx, e.PluginType(), e.Type); err == nil && !e.Config.OverridePin && (!sent || asked != pin) {
		return fmt.Errorf("plugin_version cannot be set for %s plugin %q as a pinned version %s is in effect", e.PluginType(), e.Type, pin)
	}
	parsed, err := version.NewVersion(asked)
	if err != nil {
		return t.malformed(asked, err).Error()
	}
	v := "v" + parsed.String()
	if _, err := t.core.Catalog().Get(ctx, catalog.Key{Type: e.PluginType(), Name: e.Type, Version: v}); err != nil {
		return err
	}
	e.Version = v
	return nil
}

func (t *tuning) visibility(_ context.Context, e *mounts.Entry) error {
	raw, ok := t.field("listing_visibility")
	if !ok {
		return nil
	}
	if bad := checkVisibility(raw.(string)); bad != nil {
		return bad.Error()
	}
	e.Config.ListingVisibility = raw.(string)
	return nil
}

func (t *tuning) identityKey(ctx context.Context, e *mounts.Entry) error {
	raw, ok := t.field("identity_token_key")
	if !ok {
		return nil
	}
	bad, err := t.checkIdentityKey(ctx, raw.(string))
	if err != nil {
		return err
	}
	if bad != nil {
		return bad.Error()
	}
	e.Config.IdentityTokenKey = raw.(string)
	return nil
}

func (t *tuning) tokenType(_ context.Context, e *mounts.Entry) error {
	raw, ok := t.field("token_type")
	switch {
	case !ok:
		return nil
	case !e.Auth:
		return errors.New("'token_type' can only be modified on auth mounts")
	case e.Type == "token" || e.Type == "ns_token":
		return errors.New("'token_type' cannot be set for 'token' or 'ns_token' auth mounts")
	}
	kind, err := tokenType(raw.(string))
	if err != nil {
		return err
	}
	e.Config.TokenType = kind
	return nil
}

func (t *tuning) trimming(_ context.Context, e *mounts.Entry) error {
	if raw, ok := t.field("trim_request_trailing_slashes"); ok {
		e.Config.TrimTrailingSlashes = raw.(bool)
	}
	return nil
}

func (t *tuning) options(_ context.Context, e *mounts.Entry) (err error) {
	t.upgrade, err = t.tuneOptions(e)
	return err
}
