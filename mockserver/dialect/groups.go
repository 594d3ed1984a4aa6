// SPDX-License-Identifier: MPL-2.0

package dialect

import (
	"fmt"
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// Processes says what differs when plugin processes start.
type Processes struct {
	// Environment is the order of the layers of a plugin's environment.
	Environment environ.Rule
	// OwnVariables are the prefixes of the server's own variables for plugins:
	// VAULT_VERSION, and in OpenBao BAO_VERSION beside it.
	OwnVariables []string
	// ServerVariables are what the server sets in its own environment when it
	// starts, as NAME=value; plugins inherit them.
	ServerVariables []string
	// Callbacks are the methods of the system view, and the gRPC services, that
	// plugins may call beyond those of Vault 1.14's system view and storage.
	Callbacks []string
	// HandshakeHint: the error for a plugin that ends before the handshake
	// says that no line was read (go-plugin 1.6 and later).
	HandshakeHint bool
}

// Catalog says what differs in the plugin catalog: sys/plugins/.
type Catalog struct {
	// Pins: sys/plugins/pins exists and pinned versions win.
	Pins bool
	// PinOverrides: with override_pinned_version, a mount or a connection to a database
	// has its own version in spite of a pin.
	PinOverrides bool
	// Runtimes: sys/plugins/runtimes/catalog exists.
	Runtimes bool
	// RootlessRuntimes: runtimes have the field rootless, and an empty list of
	// runtimes is answered rather than left out.
	RootlessRuntimes bool
	// Images: plugins may be registered as container images (oci_image).
	Images bool
	// ImageMustRun: an image that can't be run is not registered.
	ImageMustRun bool
	// ListsVersionedOnly: the lists of names contain plugins that are only
	// registered with versions (hashicorp/vault#28936, openbao/openbao#3186).
	ListsVersionedOnly bool
	// ReadResolvesVersion: reading a plugin without naming a version finds one
	// that is only registered with versions.
	ReadResolvesVersion bool
	// OCI: plugins downloaded from OCI registries are registered with the
	// field oci, from their place in the plugin directory.
	OCI bool
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
	// ReadExtra are further fields of sys/plugins/catalog/:type/:name
	// and the values they have for plugins registered through the API.
	ReadExtra map[string]any
	// BadHash is the text for a sha256 that is not hex; the value and the
	// decoder's reason follow if it ends in a space.
	BadHash string
	// CheckUnparsed is the text for a VAULT_ENABLE_FILE_PERMISSIONS_CHECK that is
	// neither true nor false.
	CheckUnparsed string
	// MissingCommand is the text for a registration without command.
	MissingCommand string
	// MalformedVersion is what the version library says before the version
	// that it can't parse.
	MalformedVersion string
}

// VersionError returns the text of an error of the version library, which begins with a
// capital letter where MalformedVersion does.
func (c *Catalog) VersionError(err error) string {
	text := err.Error()
	if strings.ToUpper(c.MalformedVersion[:1]) == c.MalformedVersion[:1] {
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}

// Reloads says what differs in reloads of plugins.
type Reloads struct {
	// Typed: sys/plugins/reload/:type/:name exists.
	Typed bool
	// AllNamespaces: a reload of a type and name reaches the mounts of all namespaces
	// below that of the request.
	AllNamespaces bool
	// NothingWarns: a reload that finds nothing warns.
	NothingWarns bool
	// KnownOnly: reloading a name that isn't in the catalog, a singleton
	// or a database plugin is refused, and every failed reload is a bad request.
	KnownOnly bool
	// Scope: the scope of a reload is checked, and `global` answers 202.
	Scope bool
}

// Mounts says what differs in mounts and their tuning.
type Mounts struct {
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
	// VisibleTTLs: sys/internal/ui/mounts shows the system's lease times
	// where a mount has none of its own, rather than 0.
	VisibleTTLs bool
	// VersionMismatchWarns: reading a mount warns when the configured and the
	// running version differ.
	VersionMismatchWarns bool
	// RemountNeedsPath: a mount cannot be moved to an empty path.
	RemountNeedsPath bool
	// OwnUntunable: the server's own mounts cannot be tuned at all; else some of
	// their fields can.
	OwnUntunable bool
	// UpgradeWithoutVersion: the warning about an upgrade of a mount's storage has 0 for
	// the new version, and a reload that fails then is reported.
	UpgradeWithoutVersion bool
	// UninitializedEnds: a mount that stays although its backend failed to initialize has
	// that backend ended, so that its next request starts it anew.
	UninitializedEnds bool
	// TuneRollsBack: when one field of a tuning is refused, the others are not
	// changed either.
	TuneRollsBack bool
}

// Database says what differs in the builtin database engine.
type Database struct {
	// Reload: reload/:plugin makes all connections of a plugin anew.
	Reload bool
	// ReloadGoesOn: a connection that can't be made anew does not keep the others
	// from it, and nothing warns of it.
	ReloadGoesOn bool
	// RunningVersion: reading a configuration shows which version of the plugin
	// runs.
	RunningVersion bool
	// RemembersVerify: a configuration keeps verify_connection and shows it; else
	// a connection that is made again is always verified.
	RemembersVerify bool
	// Schedules: static roles have rotation_schedule and rotation_window.
	Schedules bool
	// RotatesRoot: configurations have the fields of automated rotation, which
	// community servers show and refuse to act on, and show
	// skip_static_role_import_rotation, which they ignore.
	RotatesRoot bool
	// PinnedOnce: the refusal of plugin_version beside a pin writes the v of the pinned
	// version once.
	PinnedOnce bool
	// WarnsOfDetails: where there is another warning, the plugin's own fields are
	// said to be ignored, which they are not.
	WarnsOfDetails bool
	// Hidden are the details of a connection that reading its configuration does not show.
	Hidden []string
	// Pages: lists of roles have the fields after and limit.
	Pages bool
}

// JSONLimits are how much of something a request's JSON may hold. The fields are those of
// jsonutil.JSONLimits in vault/sdk.
type JSONLimits struct {
	MaxDepth             int
	MaxStringValueLength int
	MaxObjectEntryCount  int
	MaxArrayElementCount int
	MaxTokens            int
}

// String lists the limits in the order in which listeners have them.
func (l JSONLimits) String() string {
	if l == (JSONLimits{}) {
		return "none"
	}
	return fmt.Sprintf("depth %d, %d bytes a string, %d members, %d elements, %d tokens",
		l.MaxDepth, l.MaxStringValueLength, l.MaxObjectEntryCount, l.MaxArrayElementCount, l.MaxTokens)
}

// Requests says what differs between requests of all paths.
type Requests struct {
	// FieldErrors is how a field of a request that has the wrong type is
	// described.
	FieldErrors FieldErrors
	// StrictJSON: a request's body must be JSON to its end, although only its
	// first value is used.
	StrictJSON bool
	// JSONStrings is how many strings a request's JSON may hold, keys included;
	// 0 for any number.
	JSONStrings int
	// JSONLimits are those of a request's JSON; the zero value for none.
	JSONLimits JSONLimits
	// TokenHeaderLimit is how many bytes a token in a header may have; 0 for any number.
	TokenHeaderLimit int
	// JSONReasons: what is wrong with a request's JSON is told.
	JSONReasons bool
	// PolicyOverride: the header X-Vault-Policy-Override is read, and has to be a
	// boolean.
	PolicyOverride bool
	// HostHeader: the request's host is one of the headers that a mount can pass on.
	HostHeader bool
	// InternalOperationsRefused: methods without an operation of their own, such
	// as OPTIONS, are refused before the backend is asked.
	InternalOperationsRefused bool
	// Scan: there is the operation scan, a list of all levels.
	Scan bool
	// RedirectStatus is the status with which paths that are not canonical (//, /./)
	// are redirected: that of the Go release which built the server.
	RedirectStatus int
	// RelativePaths: request paths with `..` are resolved with a redirect, also where
	// Go's own redirect leaves them.
	RelativePaths bool
	// DotsRefused: request paths with a part . or .. are refused once the request is
	// read, before the namespace and the token are looked at.
	DotsRefused bool
	// DottedKeys: paths and keys may have two dots within one of their parts.
	DottedKeys bool
	// MountType: answers say the type of their mount (mount_type; vault/sdk
	// 0.11).
	MountType bool
	// EnterpriseStubs: paths that only Vault Enterprise serves say so.
	EnterpriseStubs bool
}

// State says what differs in the answers about the server itself: sys/health, sys/leader, sys/seal-status.
type State struct {
	// LeaderStandbys: sys/leader has the fields about performance standbys.
	LeaderStandbys bool
	// HealthStandby: sys/health has the field performance_standby.
	HealthStandby bool
	// FeatureFlags: sys/internal/ui/feature-flags exists.
	FeatureFlags bool
	// Workflows: sys/workflows and sys/generate-root-token exist.
	Workflows bool
	// KeysNeedToken: new keys and root tokens are made with a token only: sys/rekey and
	// sys/generate-root.
	KeysNeedToken bool
	// KeysUnsupported: the endpoints for that without a token are not served.
	KeysUnsupported bool
	// BytesQuoted is how sys/tools/random names the field bytes in its errors.
	BytesQuoted string
	// AuditDeclared: audit devices are those of the server's configuration; the API makes
	// none.
	AuditDeclared bool
	// QuotasInherited: rate limits of a namespace say whether they are those of the
	// namespaces below it too.
	QuotasInherited bool
	// RotatesByKey: there are paths below sys/rotate/ for each kind of key.
	RotatesByKey bool
	// Experiments: sys/experiments exists.
	Experiments bool
	// LeaderOmitsEmpty: sys/leader leaves out what is empty.
	LeaderOmitsEmpty bool
	// Enterprise: the server is Vault Enterprise; sys/health says so, and
	// sys/replication/status has a mode for either kind of replication.
	Enterprise bool
	// CommitDate: sys/seal-status and sys/version-history have the date of the commit
	// instead of that of the build.
	CommitDate bool
}

// BuiltField returns the name of the field with that date.
func (s State) BuiltField() string {
	if s.CommitDate {
		return "commit_date"
	}
	return "build_date"
}

// KV says what differs in the builtin kv.
type KV struct {
	// Attribution: metadata of kv version 2 says who made and deleted a version.
	Attribution bool
	// ExcludesDeleted: lists of kv version 2 leave out deleted keys on demand.
	ExcludesDeleted bool
	// Pages: lists of kv version 2 have the fields after and limit.
	Pages bool
	// WarnsOfIgnored: kv version 1 warns of parameters that it does not know.
	WarnsOfIgnored bool
	// DataEndsInSlash: what is below data/ is data with a slash at its end too, of which
	// there are no lists; else such a path is invalid.
	DataEndsInSlash bool
	// NullReplaces: a patch of data that is null replaces the data; else it is an internal
	// error.
	NullReplaces bool
	// DetailedMetadata: detailed-metadata lists keys with their metadata.
	DetailedMetadata bool
	// MetadataVersions: the metadata of kv version 2 has versions and check-and-set of
	// its own, and each change its time.
	MetadataVersions bool
}
