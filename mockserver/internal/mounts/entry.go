// SPDX-License-Identifier: MPL-2.0

package mounts

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// AuthPrefix is the part of a request's path that leads to auth mounts.
const AuthPrefix = "auth/"

// Entry is the configuration of one mount. It is a value: whoever changes it
// does so in Route.Modify.
type Entry struct {
	// Path is the mount's own path with its slash at the end, without the
	// prefix auth/ for auth mounts.
	Path string `json:"path"`
	// Namespace is the path of the mount's namespace with its slash at the end; empty
	// for the root.
	Namespace string `json:"namespace,omitempty"`
	// Auth: the mount is an auth method, not a secrets engine.
	Auth bool `json:"auth,omitempty"`
	// Type is the plugin's name in the catalog.
	Type        string `json:"type"`
	Description string `json:"description"`
	UUID        string `json:"uuid"`
	// BackendUUID is what the plugin is told at Setup.
	BackendUUID string            `json:"backend_uuid"`
	Accessor    string            `json:"accessor"`
	Options     map[string]string `json:"options"`
	Local       bool              `json:"local"`
	SealWrap    bool              `json:"seal_wrap"`
	// ExternalEntropy is what the field external_entropy_access says; nothing
	// follows from it.
	ExternalEntropy bool   `json:"external_entropy_access"`
	Config          Config `json:"config"`
	// Version is the configured version; empty for the unversioned plugin and
	// for builtins.
	Version string `json:"plugin_version"`
	// RunningVersion and RunningSHA256 are of the process that was started last.
	RunningVersion string `json:"running_plugin_version"`
	RunningSHA256  string `json:"running_sha256"`
}

// Config is the tunable part of an Entry. Nil slices and empty strings mean
// that the field was never set and isn't shown.
type Config struct {
	DefaultLeaseTTL           time.Duration `json:"default_lease_ttl"`
	MaxLeaseTTL               time.Duration `json:"max_lease_ttl"`
	ForceNoCache              bool          `json:"force_no_cache"`
	ListingVisibility         string        `json:"listing_visibility,omitempty"`
	AuditNonHMACRequestKeys   []string      `json:"audit_non_hmac_request_keys,omitempty"`
	AuditNonHMACResponseKeys  []string      `json:"audit_non_hmac_response_keys,omitempty"`
	PassthroughRequestHeaders []string      `json:"passthrough_request_headers,omitempty"`
	AllowedResponseHeaders    []string      `json:"allowed_response_headers,omitempty"`
	AllowedManagedKeys        []string      `json:"allowed_managed_keys,omitempty"`
	DelegatedAuthAccessors    []string      `json:"delegated_auth_accessors,omitempty"`
	IdentityTokenKey          string        `json:"identity_token_key,omitempty"`
	TrimTrailingSlashes       bool          `json:"trim_request_trailing_slashes,omitempty"`
	// OverridePin says that the configured version runs, whatever is pinned.
	OverridePin bool              `json:"override_pinned_version,omitempty"`
	TokenType   logical.TokenType `json:"token_type"`
	// UserLockout is nil unless it was tuned. The mock locks nobody out.
	UserLockout *UserLockout `json:"user_lockout,omitempty"`
}

// UserLockout says when an auth method's users are locked out after failed
// logins; zero values are the server's own.
type UserLockout struct {
	Threshold    uint64        `json:"threshold"`
	Duration     time.Duration `json:"duration"`
	CounterReset time.Duration `json:"counter_reset"`
	Disable      bool          `json:"disable"`
}

// Shown returns the fields under which servers show it.
func (u *UserLockout) Shown() map[string]any {
	return map[string]any{
		"user_lockout_counter_reset_duration": int64(u.CounterReset.Seconds()),
		"user_lockout_threshold":              u.Threshold,
		"user_lockout_duration":               int64(u.Duration.Seconds()),
		"user_lockout_disable":                u.Disable,
	}
}

// FullPath is the mount's path in requests to its namespace: with auth/ for auth
// mounts.
func (e *Entry) FullPath() string {
	if e.Auth {
		return AuthPrefix + e.Path
	}
	return e.Path
}

// TablePath is the mount's path in requests to the root namespace.
func (e *Entry) TablePath() string { return e.Namespace + e.FullPath() }

// PluginType is the type under which the mount's plugin stands in the catalog.
func (e *Entry) PluginType() consts.PluginType {
	if e.Auth {
		return consts.PluginTypeCredential
	}
	return consts.PluginTypeSecrets
}

// PluginName is the name of the mount's plugin in the catalog: its type, unless
// that is a name of former times, which mounts keep.
func (e *Entry) PluginName() string {
	switch {
	case !e.Auth && e.Type == "generic":
		return "kv"
	case e.Auth && e.Type == "aws-ec2":
		return "aws"
	}
	return e.Type
}

// Identify sets the identifiers that the entry lacks: UUIDs and the
// accessor <type>_<8 hex digits>, auth_<type>_… for auth mounts.
func (e *Entry) Identify() error { return e.IdentifyAs(e.Type) }

// IdentifyAs is Identify with another type in the accessor.
func (e *Entry) IdentifyAs(kind string) error {
	for _, id := range []*string{&e.UUID, &e.BackendUUID} {
		if *id != "" {
			continue
		}
		made, err := uuid.GenerateUUID()
		if err != nil {
			return err
		}
		*id = made
	}
	if e.Accessor == "" {
		var random [4]byte
		_, _ = rand.Read(random[:]) // never fails
		e.Accessor = kind + "_" + hex.EncodeToString(random[:])
		if e.Auth {
			e.Accessor = "auth_" + e.Accessor
		}
	}
	return nil
}

// CleanPath makes of what a user wrote the path of a mount: no slash at the
// start, one at the end.
func CleanPath(path string) string {
	return strings.TrimPrefix(strings.TrimSuffix(path, "/")+"/", "/")
}

// CheckPath returns an error for a path that is not canonical, or that no client
// could request (validateMountPath in vault/logical_system.go).
func CheckPath(p string) error {
	cleaned := path.Clean(p)
	if strings.HasSuffix(p, "/") {
		cleaned += "/"
	}
	if p != cleaned {
		return fmt.Errorf("path '%v' does not match cleaned path '%v'", p, cleaned)
	}
	if strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("path cannot contain non-printable characters")
	}
	return nil
}
