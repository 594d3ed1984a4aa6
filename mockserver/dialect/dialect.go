// SPDX-License-Identifier: MPL-2.0

// Package dialect holds what differs between the versions of Vault and of the
// servers compatible with it, as data: one file a dialect, one field a
// difference. Code asks a field, never a dialect's name.
package dialect

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-version"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// Product names who makes a server.
type Product string

// The products whose plugin management is reproduced.
const (
	Vault   Product = "vault"
	OpenBao Product = "openbao"
)

// Status is a builtin plugin's deprecation status, as the catalog shows it.
type Status string

// The statuses. Removed builtins can still be read, but are in no list.
const (
	Supported      Status = "supported"
	Deprecated     Status = "deprecated"
	PendingRemoval Status = "pending removal"
	Removed        Status = "removed"
)

// Builtin is a plugin that is part of the server's binary.
type Builtin struct {
	// Type is auth, database or secret.
	Type string
	// Name is the name in the catalog.
	Name string
	// Version is what the catalog shows: v0.16.1+builtin.
	Version string
	// Status is supported unless said.
	Status Status
	// tree plugins are of the server's own source tree and have its version.
	tree bool
}

// Dialect is how one version of a server behaves where versions differ. It is
// data and never changed after it was made; all fields may be read
// concurrently.
type Dialect struct {
	// Name is how users choose it: vault-1.16.
	Name string
	// Base is the name of the dialect that this one is derived from; empty for
	// the recorded one that all stand on. Changes is what differs from it.
	Base    string
	Changes []Change
	// Gaps is what servers of this version do and the mock does not, those of
	// the dialects it is derived from included.
	Gaps []Gap
	// Ground says what the dialect rests on as a whole.
	Ground string
	// Provisional dialects are of versions whose sources could not be read: what
	// no documentation mentions is taken over from the version before. They are
	// never chosen by default.
	Provisional bool
	// Product is who makes the server.
	Product Product
	// DisplayName is what the server calls itself in its texts.
	DisplayName string
	// Command is the name of its command line in its texts.
	Command string
	// Version is what sys/health and VAULT_VERSION report, without a leading v.
	Version string
	// VersionSuffix follows the version in sys/seal-status and sys/health of
	// servers built without a version stamp; see Lookup.
	VersionSuffix string

	// Environment is the order of the layers of a plugin's environment.
	Environment environ.Rule
	// OwnVariables are the prefixes of the server's own variables for plugins:
	// VAULT_VERSION, and in OpenBao BAO_VERSION beside it.
	OwnVariables []string
	// ProcessVariables are what the server sets in its own environment when it
	// starts, as NAME=value; plugins inherit them.
	ProcessVariables []string

	// Builtins are the plugins in the server's binary, sorted by type and name.
	Builtins []Builtin
	// BuiltinSuffix is the build metadata of plugins from the server's own
	// tree: builtin.vault.
	BuiltinSuffix string

	// Pins: sys/plugins/pins exists and pinned versions win.
	Pins bool
	// Runtimes: sys/plugins/runtimes/catalog exists.
	Runtimes bool
	// RootlessRuntimes: runtimes have the field rootless, and an empty list of
	// runtimes is answered rather than left out.
	RootlessRuntimes bool
	// Images: plugins may be registered as container images (oci_image).
	Images bool
	// TypedReload: sys/plugins/reload/:type/:name exists.
	TypedReload bool
	// ReloadsNothingWarns: a reload that finds nothing warns.
	ReloadsNothingWarns bool
	// ReloadKnownOnly: reloading a name that isn't in the catalog, a singleton
	// or a database plugin is refused, and every failed reload is a bad request.
	ReloadKnownOnly bool
	// ReloadScope: the scope of a reload is checked, and `global` answers 202.
	ReloadScope bool
	// VersionMismatchWarns: reading a mount warns when the configured and the
	// running version differ.
	VersionMismatchWarns bool
	// ListsVersionedOnly: the lists of names contain plugins that are only
	// registered with versions (hashicorp/vault#28936, openbao/openbao#3186).
	ListsVersionedOnly bool
	// ReadResolvesVersion: reading a plugin without naming a version finds one
	// that is only registered with versions.
	ReadResolvesVersion bool
	// EnterpriseStubs: paths that only Vault Enterprise serves say so.
	EnterpriseStubs bool
	// OCIPlugins: plugins downloaded from OCI registries are registered with the
	// field oci, from their place in the plugin directory.
	OCIPlugins bool
	// MissingHash is the text for a registration without sha256 (and, with
	// Artifacts, without version).
	MissingHash string
	// Artifacts: a version without sha256 means an extracted artifact, a
	// directory of the plugin directory that its publisher signed.
	Artifacts bool
	// ArtifactsNeedNoCommand: a registration without sha256 needs no command,
	// and warns that one is ignored.
	ArtifactsNeedNoCommand bool
	// DownloadRefused: the field download exists and is refused.
	DownloadRefused bool
	// OutsideNamesDirectory: the refusal of commands outside of the plugin
	// directory names the directories.
	OutsideNamesDirectory bool
	// CatalogReadExtra are further fields of sys/plugins/catalog/:type/:name
	// and the values they have for plugins registered through the API.
	CatalogReadExtra map[string]any
	// BadHash is the text for a sha256 that is not hex; the value and the
	// decoder's reason follow if it ends in a space.
	BadHash string
	// MissingCommand is the text for a registration without command.
	MissingCommand string
	// MalformedVersion is what the version library says before the version
	// that it can't parse.
	MalformedVersion string

	// ManagedKeys: mounts have the tunable allowed_managed_keys.
	ManagedKeys bool
	// IdentityTokenKey: mounts have the tunable identity_token_key.
	IdentityTokenKey bool
	// DelegatedAuth: mounts have the tunable delegated_auth_accessors.
	DelegatedAuth bool
	// DelegatedAuthShown: reading and listing mounts show it.
	DelegatedAuthShown bool
	// TrimTrailingSlashes: mounts have the tunable trim_request_trailing_slashes.
	TrimTrailingSlashes bool
	// VisibleMountTTLs: sys/internal/ui/mounts shows the system's lease times
	// where a mount has none of its own, rather than 0.
	VisibleMountTTLs bool

	// FieldErrors is how a field of a request that has the wrong type is
	// described.
	FieldErrors FieldErrors
	// StrictJSON: a request's body must be JSON to its end, although only its
	// first value is used.
	StrictJSON bool
	// JSONStrings is how many strings a request's JSON may hold, keys included;
	// 0 for any number.
	JSONStrings int
	// PerformanceStandbys: sys/leader tells of performance standbys.
	PerformanceStandbys bool
	// Scan: there is the operation scan, a list of all levels.
	Scan bool
	// RelativePaths: request paths with `..` are resolved with a redirect; else
	// they are refused where a redirect of Go's own doesn't resolve them.
	RelativePaths bool
	// DottedKeys: paths and keys may have two dots within one of their parts.
	DottedKeys bool
	// Namespaces: the header X-Vault-Namespace is obeyed, and names that don't
	// exist are refused; else it is ignored.
	Namespaces bool

	// MountType: answers say the type of their mount (mount_type; vault/sdk
	// 0.11).
	MountType bool
	// BadTokenTwice: an unknown, revoked or expired token gets the second
	// error text "invalid token".
	BadTokenTwice bool
	// ServiceTokenPrefix and BatchTokenPrefix begin tokens: hvs. and hvb. since
	// Vault 1.10, s. and b. before that and in OpenBao.
	ServiceTokenPrefix, BatchTokenPrefix string
	// SignedTokens: service tokens have the length and form of signed ones.
	SignedTokens bool
	// OldLeasePaths: sys/renew, sys/revoke, sys/revoke-prefix and
	// sys/revoke-force exist beside those below sys/leases.
	OldLeasePaths bool
	// PolicyVersions: policies have a version, a time of change and check-and-set.
	PolicyVersions bool
	// EntityNameSuffix ends the names that the server makes up for entities.
	EntityNameSuffix string
	// MoreCapabilities and MorePolicyKeys are what policies may contain beyond
	// those of Vault 1.14.
	MoreCapabilities, MorePolicyKeys []string
	// HandshakeHint: the error for a plugin that ends before the handshake
	// says that no line was read (go-plugin 1.6 and later).
	HandshakeHint bool
}

// FieldErrors is a way of describing a field with the wrong type. The texts
// are those of the decoding library that the server was built with.
type FieldErrors int

const (
	// FieldErrorsWithInput repeat the whole input and the value (Vault 1.14).
	FieldErrorsWithInput FieldErrors = iota
	// FieldErrorsWithValue repeat the value (vault/sdk 0.25).
	FieldErrorsWithValue
	// FieldErrorsPlain repeat neither (OpenBao).
	FieldErrorsPlain
)

// String says it in words.
func (f FieldErrors) String() string {
	switch f {
	case FieldErrorsWithInput:
		return "with the input"
	case FieldErrorsWithValue:
		return "with the value"
	case FieldErrorsPlain:
		return "plain"
	}
	return fmt.Sprintf("FieldErrors(%d)", int(f))
}

// OwnVersion is the version of builtin plugins from the server's own tree:
// v1.20.0+builtin.vault.
func (d *Dialect) OwnVersion() string { return "v" + d.Version + "+" + d.BuiltinSuffix }

// Lookup returns the dialect of that name. NAME@VERSION is the same dialect
// with another version to report: vault-1.16@1.16.7, or openbao-2.5@2.0.0-HEAD
// for a server that was built without a version stamp. The error names the
// known dialects.
func Lookup(name string) (*Dialect, error) {
	name, reported, other := strings.Cut(name, "@")
	for _, k := range known() {
		if k.name != name {
			continue
		}
		d := k.make()
		if other {
			v, err := version.NewSemver(reported)
			if err == nil && v.Metadata() != "" {
				err = fmt.Errorf("%s: community servers have no build metadata in their version", reported)
			}
			if err != nil {
				return nil, fmt.Errorf("dialect %s: version to report: %w", name, err)
			}
			d.report(reported)
		}
		return d, nil
	}
	return nil, fmt.Errorf("unknown dialect %q: known are %s", name, strings.Join(Names(), ", "))
}

// Newest is the dialect that is used when none is named: the newest Vault whose
// sources were read.
func Newest() *Dialect { return vault121() }

// Names returns the names of all dialects, oldest first within a product.
func Names() []string {
	all := known()
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.name
	}
	return names
}

// All returns every dialect, Vault's before OpenBao's, oldest first. Each call
// makes them anew, so that a caller may change its copy.
func All() []*Dialect {
	all := known()
	made := make([]*Dialect, len(all))
	for i, k := range all {
		made[i] = k.make()
	}
	return made
}

// maker makes one dialect. Making one makes all that it is derived from, so a
// server makes its own only, and names need none.
type maker struct {
	name string
	make func() *Dialect
}

func known() []maker {
	return []maker{
		{"vault-1.14", vault114},
		{"vault-1.15", vault115},
		{"vault-1.16", vault116},
		{"vault-1.17", vault117},
		{"vault-1.18", vault118},
		{"vault-1.19", vault119},
		{"vault-1.20", vault120},
		{"vault-1.21", vault121},
		{"vault-2.0", vault20},
		{"vault-2.1", vault21},
		{"openbao-2.0", openbao20},
		{"openbao-2.1", openbao21},
		{"openbao-2.2", openbao22},
		{"openbao-2.3", openbao23},
		{"openbao-2.4", openbao24},
		{"openbao-2.5", openbao25},
		{"openbao-2.6", openbao26},
	}
}
