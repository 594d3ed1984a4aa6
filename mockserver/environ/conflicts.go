// SPDX-License-Identifier: MPL-2.0

package environ

import (
	"slices"
	"strings"
)

// Conflicts returns the names, sorted, that are both registered and in the
// host's environment: those that a server of the rule PluginWins warns about
// with OptOut on. Equal values conflict too. As in the server, the name of an
// entry without "=" is the whole entry.
func Conflicts(registered, host []string) []string {
	hostNames := names(host)
	var both []string
	for name := range names(registered) {
		if _, ok := hostNames[name]; ok {
			both = append(both, name)
		}
	}
	slices.Sort(both)
	return both
}

// Plugin is a registered plugin, as far as conflicts matter.
type Plugin struct {
	// Type is auth, database or secret.
	Type string
	// Name and Version are the catalog entry's; Version may be empty.
	Name, Version string
	// Env is the registered environment.
	Env []string
}

// Notice is a line that a server logs.
type Notice struct {
	// Warn is the level: warn, else info.
	Warn bool
	// Message is the text without fields.
	Message string
	// Fields are names and values in turn, as hclog takes them.
	Fields []any
}

// Notices returns what a server logs about conflicts when it is unsealed, the
// only time it does. It is nothing unless the rule is PluginWins and host asks
// for the old order. The real server takes the names of one plugin in random
// order; here they are sorted.
//
// Texts: hashicorp/vault vault/plugincatalog/plugin_catalog.go, since #25128.
func Notices(rule Rule, host []string, plugins []Plugin) []Notice {
	if rule != PluginWins || !OptedOut(host) {
		return nil
	}
	var notices []Notice
	for _, p := range plugins {
		for _, name := range Conflicts(p.Env, host) {
			notices = append(notices, Notice{
				Warn:    true,
				Message: "conflict between system and plugin environment variable",
				Fields:  []any{"type", p.Type, "name", p.Name, "version", p.Version, "variable", name},
			})
		}
	}
	if len(notices) == 0 {
		return []Notice{{Message: "no conflicts found between system and plugin environment variables"}}
	}
	value, _ := Lookup(host, OptOut)
	return append(notices, Notice{
		Warn: true,
		Message: "conflicts found between system and plugin environment variables, " +
			"system environment variables will take precedence until flag is disabled",
		Fields: []any{OptOut, value},
	})
}

func names(env []string) map[string]struct{} {
	set := make(map[string]struct{}, len(env))
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		set[name] = struct{}{}
	}
	return set
}
