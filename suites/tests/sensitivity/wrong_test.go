// SPDX-License-Identifier: MPL-2.0

package sensitivity_test

import (
	"github.com/plugproof/plugproof/mockserver/dialect"
)

// wrong is a server that does one thing wrong.
type wrong struct {
	name string
	// dialect is what it otherwise behaves like; empty is the newest Vault.
	dialect string
	// fails are the requirements about that thing: all of them have to fail.
	fails []string
	// also are requirements that build on the thing, and may fail with it.
	also []string

	// One of these makes it wrong.
	data    func(*dialect.Dialect)
	change  breaker
	environ func([]string) []string
}

// The requests that the wrong servers get wrong.
var (
	catalogEntry = `sys/plugins/catalog/(auth|database|secret)/([^/]+)`
	mountEntry   = `sys/(mounts|auth)/([^/]+)`
	ofAMount     = `(?:auth/)?[^/]+(?:/.*)?`
)

func wrongServers() []wrong {
	var all []wrong
	for _, some := range [][]wrong{wrongEnvironments(), wrongCatalogs(), wrongMounts(), wrongAccess(), wrongEngines(), wrongFaults(), wrongNamespaces(), wrongContainers(), wrongIdentities(), wrongTransactions()} {
		all = append(all, some...)
	}
	return all
}
