// SPDX-License-Identifier: MPL-2.0

// Package dialect holds what differs between the versions of Vault and of the
// servers compatible with it, as data: one file a dialect, one field a
// difference. Code asks a field, never a dialect's name.
package dialect

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-version"
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

	// Builtins are the plugins in the server's binary, sorted by type and name.
	Builtins []Builtin
	// BuiltinSuffix is the build metadata of plugins from the server's own
	// tree: builtin.vault.
	BuiltinSuffix string

	// Processes is about how plugin processes start.
	Processes Processes
	// Catalog is about sys/plugins/: registrations, pins and runtimes.
	Catalog Catalog
	// Reloads is about reloads of plugins.
	Reloads Reloads
	// Mounts is about mounts and their tuning.
	Mounts Mounts
	// Requests is about how requests are read and answered, whatever their path.
	Requests Requests
	// State is about the state of the server: sys/health, sys/leader, sys/seal-status.
	State State
	// Tokens is about tokens.
	Tokens Tokens
	// Leases is about leases.
	Leases Leases
	// Policies is about policies.
	Policies Policies
	// Entities is about entities.
	Entities Entities
	// Namespaces is about namespaces.
	Namespaces Namespaces
	// KV is about the builtin kv.
	KV KV
	// Database is about the builtin database engine.
	Database Database
	// Configuration is about the files that servers are configured with.
	Configuration Configuration
}

// FieldErrors is a way of describing a field with the wrong type. The texts
// are those of the decoding library that the server was built with.
type FieldErrors int

const (
	// FieldErrorsWithInput repeat the whole input and the value (Vault 1.14).
	FieldErrorsWithInput FieldErrors = iota
	// FieldErrorsWithValue repeat the value (vault/sdk 0.25).
	FieldErrorsWithValue
	// FieldErrorsWithWord repeat neither, but the word that is not a number or a
	// boolean (OpenBao 2.3).
	FieldErrorsWithWord
	// FieldErrorsPlain repeat nothing (OpenBao 2.4).
	FieldErrorsPlain
)

// String says it in words.
func (f FieldErrors) String() string {
	switch f {
	case FieldErrorsWithInput:
		return "with the input"
	case FieldErrorsWithValue:
		return "with the value"
	case FieldErrorsWithWord:
		return "with the word"
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
// for a server that was built without a version stamp. Every dialect of Vault has one
// of Vault Enterprise beside it, of which Names has the newest only: vault-1.16+ent.
// The error names the known dialects.
func Lookup(name string) (*Dialect, error) {
	name, reported, other := strings.Cut(name, "@")
	stem, enterprise := strings.CutSuffix(name, enterpriseSuffix)
	for _, k := range known() {
		if k.name != stem || strings.HasSuffix(stem, enterpriseSuffix) {
			continue
		}
		d := k.make()
		if enterprise {
			if d.Product != Vault {
				break
			}
			d = d.enterprise()
		}
		if other {
			if err := d.checkReported(reported); err != nil {
				return nil, fmt.Errorf("dialect %s: version to report: %w", name, err)
			}
			d.report(reported)
		}
		return d, nil
	}
	return nil, fmt.Errorf("unknown dialect %q: known are %s", name, strings.Join(Names(), ", "))
}

// checkReported returns what is wrong with a version that the server is to report.
func (d *Dialect) checkReported(reported string) error {
	v, err := version.NewSemver(reported)
	switch {
	case err != nil:
		return err
	case d.State.Enterprise && "+"+v.Metadata() != enterpriseSuffix:
		return fmt.Errorf("%s: versions of Vault Enterprise end in %s", reported, enterpriseSuffix)
	case !d.State.Enterprise && v.Metadata() != "":
		return fmt.Errorf("%s: community servers have no build metadata in their version", reported)
	}
	return nil
}

// Newest is the dialect that is used when none is named: the newest Vault whose
// sources were read.
func Newest() *Dialect { return vault121() }

// Names returns the names of all dialects in the order of All.
func Names() []string {
	all := known()
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.name
	}
	return names
}

// All returns every dialect, Vault's before OpenBao's, oldest first, and Vault
// Enterprise. Each call
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
		{"vault-2.0+ent", func() *Dialect { return vault20().enterprise() }},
	}
}
