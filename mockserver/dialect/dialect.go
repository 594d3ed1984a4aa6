// SPDX-License-Identifier: MPL-2.0

// Package dialect holds what differs between the versions of Vault and of the
// servers compatible with it, as data: one file a dialect, one field a
// difference. Code asks a field, never a dialect's name.
package dialect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// Product names who makes a server.
type Product string

// The products whose plugin management is reproduced.
const (
	Vault   Product = "vault"
	OpenBao Product = "openbao"
)

// Dialect is how one version of a server behaves where versions differ. It is
// data and never changed after it was made; all fields may be read
// concurrently.
type Dialect struct {
	// Name is how users choose it: vault-1.16.
	Name string
	// Product is who makes the server.
	Product Product
	// Version is what sys/health and VAULT_VERSION report, without a leading v.
	Version string
	// Environment is the order of the layers of a plugin's environment.
	Environment environ.Rule
	// OwnVariables are the prefixes of the server's own variables for plugins:
	// VAULT_VERSION, and in OpenBao BAO_VERSION beside it.
	OwnVariables []string
}

// Lookup returns the dialect of that name. The error names the known ones.
func Lookup(name string) (*Dialect, error) {
	all := All()
	for _, d := range all {
		if d.Name == name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("unknown dialect %q: known are %s", name, strings.Join(Names(), ", "))
}

// Names returns the names of all dialects, oldest first within a product.
func Names() []string {
	var names []string
	for _, d := range All() {
		names = append(names, d.Name)
	}
	return names
}

// All returns every dialect, Vault's before OpenBao's, oldest first.
func All() []*Dialect {
	return slices.Clone([]*Dialect{})
}
