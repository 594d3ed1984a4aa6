// SPDX-License-Identifier: MPL-2.0

// Package sys is the backend of sys/: the plugin catalog, mounts and auth
// mounts, tuning, remounting and reloading, one file an area. It is a
// framework.Backend, as in real servers, so that unknown paths, wrong types and
// help are answered as theirs are.
package sys

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/sys/rights"
)

// backend answers requests to sys/.
type backend struct {
	*framework.Backend
	core    *core.Core
	dialect *dialect.Dialect
}

// Factory returns what makes the backend of sys/ for a core.
func Factory(c *core.Core) logical.Factory {
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b := &backend{core: c, dialect: c.Dialect()}
		special := rights.SpecialPaths()
		b.Backend = &framework.Backend{
			Help:        "The system backend is built in and cannot be remounted or unmounted. It contains the paths that are used to configure the server itself.",
			BackendType: logical.TypeLogical,
			PathsSpecial: &logical.Paths{
				Root:            append(root(b.dialect), special.Root...),
				Unauthenticated: append(unauthenticated(b.dialect), special.Unauthenticated...),
			},
			Paths: framework.PathAppend(
				b.catalogPaths(), b.pinPaths(), b.runtimePaths(), b.reloadPaths(),
				b.mountPaths(), b.authPaths(), b.remountPaths(), b.internalPaths(), b.openAPIPaths(),
				rights.Paths(c.Access(), c.Dialect()), b.toolPaths(), b.namespacePaths(), b.passwordPaths(), b.quotaPaths(), b.keyringPaths(), b.auditPaths(), b.versionPaths(), b.enterprisePaths(), b.unemulatedPaths(),
			),
		}
		return b, b.Setup(ctx, conf)
	}
}

// root returns the paths that need sudo, also those that the mock has not
// (NewSystemBackend in vault/logical_system.go).
func root(d *dialect.Dialect) []string {
	paths := []string{
		"auth/*", "remount", "plugins/catalog/*", "audit", "audit/*", "raw", "raw/*",
		"rotate", "config/cors", "config/auditing/*", "config/ui/headers/*", "internal/inspect/*",
	}
	if d.Catalog.Runtimes {
		paths = append(paths, "plugins/runtimes/catalog/*")
	}
	if d.State.RotatesByKey {
		paths = append(paths, "rotate/keyring", "rotate/root")
	}
	if d.Requests.EnterpriseStubs {
		paths = append(paths, "replication/primary/secondary-token", "replication/performance/primary/secondary-token", "replication/dr/primary/secondary-token",
			"replication/reindex", "replication/dr/reindex", "replication/performance/reindex", "storage/raft/snapshot-auto/config/*")
	}
	return paths
}

// unauthenticated returns the paths that need no token, also those that the mock
// has not (NewSystemBackend in vault/logical_system.go).
func unauthenticated(d *dialect.Dialect) []string {
	paths := []string{
		"internal/ui/mounts", "internal/ui/mounts/*", "internal/ui/namespaces", "internal/specs/openapi", "wrapping/pubkey",
		"replication/status", "storage/raft/bootstrap/challenge", "storage/raft/bootstrap/answer", "init", "seal-status",
		"unseal", "leader", "health", "decode-token", "mfa/validate",
	}
	if d.State.KeysNeedToken {
		return paths
	}
	return append(
		paths, "generate-root/attempt", "generate-root/update", "rekey/init", "rekey/update", "rekey/verify",
		"rekey-recovery-key/init", "rekey-recovery-key/update", "rekey-recovery-key/verify",
	)
}

// operations is a path's handlers without the SDK's wrapping.
type operations map[logical.Operation]framework.OperationFunc

// path makes a path of the framework from what matters here.
func path(pattern, help string, fields map[string]*framework.FieldSchema, ops operations) *framework.Path {
	p := &framework.Path{Pattern: pattern, Fields: fields, HelpSynopsis: help, HelpDescription: help, Operations: map[logical.Operation]framework.OperationHandler{}}
	for op, f := range ops {
		p.Operations[op] = &framework.PathOperation{Callback: f}
	}
	return p
}

// field makes a field's schema.
func field(t framework.FieldType, description string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: t, Description: description}
}

// badRequest is the answer for a request that can't be carried out: the text of
// the error, status 400.
func badRequest(err error) (*logical.Response, error) {
	return logical.ErrorResponse("%s", err.Error()), logical.ErrInvalidRequest
}

// version reads the field `version` in its canonical form v1.2.3. The answer is
// not nil when it isn't one.
func (b *backend) version(d *framework.FieldData) (string, *logical.Response) {
	v := d.Get("version").(string)
	if v == "" {
		return "", nil
	}
	parsed, err := version.NewSemver(v)
	if err != nil {
		return "", b.malformed(v, err)
	}
	return "v" + parsed.String(), nil
}

// malformed returns the answer to a version that cannot be parsed.
func (b *backend) malformed(v string, err error) *logical.Response {
	return logical.ErrorResponse("version %q is not a valid semantic version: %s", v, b.dialect.Catalog.VersionError(err))
}

// pluginType reads the field `type`; an empty one is the type unknown.
func pluginType(d *framework.FieldData) (consts.PluginType, error) {
	t := d.Get("type").(string)
	if t == "" {
		return consts.PluginTypeUnknown, nil
	}
	return consts.ParsePluginType(t)
}

// mountVersion decides which version a mount of a plugin gets: the one asked
// for in canonical form, or the catalog's choice. The answer is not nil when
// the version can't be had.
func (b *backend) mountVersion(ctx context.Context, config mountConfig, kind consts.PluginType, name string) (string, *logical.Response, error) {
	asked := config.PluginVersion
	if asked == "" {
		v, err := b.core.Catalog().Select(ctx, kind, name)
		return v, b.linkedIn(kind, name, v), err
	}
	parsed, err := version.NewVersion(asked)
	if err != nil {
		return "", b.malformed(asked, err), nil
	}
	v := "v" + parsed.String()
	if pin, err := b.pin(ctx, kind, name); err == nil && !config.OverridePin {
		return "", logical.ErrorResponse("cannot specify plugin_version for %s plugin %q, as it is pinned to version %s", kind, name, pin), nil
	}
	builtin, err := b.core.Catalog().Builtin(kind, name)
	if err != nil || builtin.Version != v {
		return v, b.linkedIn(kind, name, v), nil
	}
	unversioned, err := b.core.Catalog().Get(ctx, catalog.Key{Type: kind, Name: name})
	if err == nil && !unversioned.Builtin {
		return "", logical.ErrorResponse("%s plugin %q, version %s not found, as it is overridden by an unversioned plugin of the same name. Omit `plugin_version` to use the unversioned plugin", kind, name, v), nil
	}
	return "", nil, nil // a builtin's version is never stored
}

// linkedIn refuses a registered version of what servers never take from the
// catalog, the types of their own mounts in namespaces among it.
func (b *backend) linkedIn(kind consts.PluginType, name, version string) *logical.Response {
	own := b.core.OwnType(name)
	switch {
	case version == "":
	case kind == consts.PluginTypeSecrets && (slices.Contains([]string{"kv", "database", "generic"}, name) || slices.Contains([]string{"system", "cubbyhole", "identity"}, own)):
		return logical.ErrorResponse("cannot select non-builtin version of secrets plugin %s", strings.Replace(name, "generic", "kv", 1))
	case kind == consts.PluginTypeCredential && own == "token":
		return logical.ErrorResponse("cannot select non-builtin version of auth plugin %s", name)
	}
	return nil
}

// pin returns the pinned version of a plugin where the dialect has pins.
func (b *backend) pin(ctx context.Context, kind consts.PluginType, name string) (string, error) {
	if !b.dialect.Catalog.Pins {
		return "", catalog.ErrNoPin
	}
	k, err := b.core.Catalog().Pin(ctx, kind, name)
	return k.Version, err
}

// deprecation warns of, or refuses, builtins that are on their way out.
func (b *backend) deprecation(ctx context.Context, kind consts.PluginType, name, version string) (*logical.Response, error) {
	e, err := b.core.Catalog().Get(ctx, catalog.Key{Type: kind, Name: name, Version: version})
	if err != nil || !e.Builtin {
		return nil, nil // the mount itself reports what is missing
	}
	switch dialect.Status(e.Status) {
	case dialect.Deprecated:
		resp := &logical.Response{}
		resp.AddWarning("mount entry associated with deprecated builtin")
		return resp, nil
	case dialect.PendingRemoval, dialect.Removed:
		return nil, fmt.Errorf("could not mount %q: mount entry associated with %s builtin", name, e.Status)
	}
	return nil, nil
}

// expandLists makes lists of the strings with commas that old clients send in a
// mount's config.
func expandLists(config map[string]any) {
	for _, key := range []string{"audit_non_hmac_request_keys", "audit_non_hmac_response_keys", "passthrough_request_headers", "allowed_response_headers", "allowed_managed_keys", "delegated_auth_accessors"} {
		text, ok := config[key].(string)
		if !ok {
			continue
		}
		var list []string
		for _, word := range strings.Split(text, ",") {
			if word = strings.TrimSpace(word); word != "" {
				list = append(list, word)
			}
		}
		config[key] = list
	}
}
