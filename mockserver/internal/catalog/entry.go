// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// The errors of the catalog. Their texts are the server's.
var (
	ErrNotFound        = errors.New("plugin not found in the catalog")
	ErrNoDirectory     = errors.New("could not set plugin, plugin directory is not configured")
	ErrOutside         = errors.New("cannot execute files outside of configured plugin directory")
	ErrParentReference = errors.New("path cannot contain parent references")
	ErrShortHash       = errors.New("valid sha256 must be provided when registering OCI plugins")
	ErrNoArtifact      = errors.New("extracted artifact directory not found")
	ErrPinned          = errors.New("cannot delete a pinned version")
	ErrNoPin           = errors.New("no pinned version for this plugin")
	ErrNoRuntime       = errors.New("plugin runtime not found")
	ErrBadType         = errors.New("unable to determine plugin type")
)

// VersionMismatchError says that a plugin reports another version than it was
// to be registered with.
type VersionMismatchError struct{ Name, Reported, Requested string }

func (e *VersionMismatchError) Error() string {
	return fmt.Sprintf("plugin version mismatch: %s reported version (%s) did not match requested version (%s)", e.Name, e.Reported, e.Requested)
}

// UnableToRunError says that a plugin could not be run from its image.
//
// Source: ErrPluginUnableToRun in vault/plugincatalog of Vault 1.16.
type UnableToRunError struct{ Err error }

func (e *UnableToRunError) Error() string { return "unable to run plugin: " + e.Err.Error() }
func (e *UnableToRunError) Unwrap() error { return e.Err }

// Key names one entry of the catalog. Version is empty for the unversioned one.
type Key struct {
	Type    consts.PluginType
	Name    string
	Version string
}

// Entry is one plugin of the catalog.
type Entry struct {
	Key
	// Command is relative to the plugin directory; empty for builtins.
	Command string
	Args    []string
	Env     []string
	SHA256  []byte
	// Image and Runtime are of plugins in containers.
	Image   string
	Runtime string
	// OCI plugins were downloaded from a registry, to a place of their own.
	OCI bool
	// Declarative plugins are registered by the server's configuration.
	Declarative bool

	// Builtin plugins are part of the server. Factory is nil for those that the
	// mock only lists.
	Builtin bool
	Status  string
	Factory logical.Factory
}

// stored is an Entry as it stands in the storage.
type stored struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Command string   `json:"command"`
	Args    []string `json:"args"`
	Env     []string `json:"env"`
	SHA256  []byte   `json:"sha256"`
	Image   string   `json:"oci_image,omitempty"`
	Runtime string   `json:"runtime,omitempty"`
	OCI     bool     `json:"oci,omitempty"`

	Declarative bool `json:"declarative,omitempty"`
}

func (e *Entry) stored() stored {
	return stored{Type: e.Type.String(), Name: e.Name, Version: e.Version, Command: e.Command, Args: e.Args, Env: e.Env, SHA256: e.SHA256, Image: e.Image, Runtime: e.Runtime, OCI: e.OCI, Declarative: e.Declarative}
}

func (s stored) entry() (*Entry, error) {
	kind, err := consts.ParsePluginType(s.Type)
	if err != nil {
		return nil, fmt.Errorf("stored plugin %q: %w", s.Name, err)
	}
	return &Entry{Key: Key{Type: kind, Name: s.Name, Version: s.Version}, Command: s.Command, Args: s.Args, Env: s.Env, SHA256: s.SHA256, Image: s.Image, Runtime: s.Runtime, OCI: s.OCI, Declarative: s.Declarative}, nil
}

// storageKey keeps versions of a name together; the escaped name has no slash,
// so that a name with one can't be taken for a version. Servers join name and
// type to a path, so that a slash more names the same plugin.
func (k Key) storageKey() string {
	return k.Type.String() + "/" + escape(path.Clean(k.Name)) + "/" + k.Version
}

// IsBuiltinVersion reports whether the version's metadata says builtin, alone or
// as one of its dotted parts.
func IsBuiltinVersion(v string) bool {
	parsed, err := version.NewSemver(v)
	if err != nil {
		return false
	}
	for _, part := range strings.Split(parsed.Metadata(), ".") {
		if part == "builtin" {
			return true
		}
	}
	return false
}
