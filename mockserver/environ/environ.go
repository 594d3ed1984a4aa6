// SPDX-License-Identifier: MPL-2.0

// Package environ computes the environment of a plugin process from the layers
// that a server of the Vault family puts together, without starting anything
// and without looking at the environment of its own process.
//
// Entries are NAME=value, as in os/exec. All functions are pure, keep none of
// the slices they are given and may be called concurrently.
package environ

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// OptOut is the variable of the server's environment that brings the old order
// back in servers with the rule PluginWins. In a plugin's registered
// environment it is a variable like any other.
const OptOut = "VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING"

// Rule is how a server version orders the layers of a plugin's environment.
type Rule int

// The rules. Which server has which is data in package dialect.
const (
	// HostWins: what the server process has in its environment is stronger than
	// what was registered. Vault up to 1.15 and OpenBao: go-plugin appends the
	// host's environment behind everything that it is given.
	HostWins Rule = iota
	// PluginWins: what was registered is stronger, unless the host's
	// environment has OptOut. Vault 1.16 and later (hashicorp/vault#25128).
	PluginWins
)

// String names the rule: host-wins, plugin-wins.
func (r Rule) String() string {
	switch r {
	case HostWins:
		return "host-wins"
	case PluginWins:
		return "plugin-wins"
	}
	return fmt.Sprintf("Rule(%d)", int(r))
}

// Layer is where an entry of a plugin's environment comes from.
type Layer int

// The layers. The order of the constants says nothing; see OrderOf.
const (
	// Host is the environment of the server process.
	Host Layer = iota
	// Registered is the env of the plugin's catalog entry.
	Registered
	// Server is what the server itself tells a plugin, as VAULT_VERSION.
	Server
	// GoPlugin is what the library go-plugin adds; nothing overrides it.
	GoPlugin
)

// String names the layer: host, registered, server, go-plugin.
func (l Layer) String() string {
	switch l {
	case Host:
		return "host"
	case Registered:
		return "registered"
	case Server:
		return "server"
	case GoPlugin:
		return "go-plugin"
	}
	return fmt.Sprintf("Layer(%d)", int(l))
}

// MarshalText makes reports say host rather than 0.
func (l Layer) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Input is everything that decides a plugin's environment.
type Input struct {
	// Rule is the server version's.
	Rule Rule
	// Host is the environment of the server process, as os.Environ returns it
	// there. Should a name repeat, its last entry counts, as in exec.Cmd.Env.
	Host []string
	// Registered is the env of the catalog entry in the order it was given.
	Registered []string
	// Server is the server's own variables; see Own.
	Server []string
	// GoPlugin is what go-plugin will append. Only Explain reads it.
	GoPlugin []string
	// Container: the plugin runs from an image, so nothing of Host reaches it
	// and OptOut changes nothing.
	Container bool
}

// Order is the order of layers that applies to one Input.
type Order struct {
	// Name is host-wins, plugin-wins, host-wins-by-opt-out or container.
	Name string `json:"name"`
	// Layers from the weakest to the strongest; layers that take no part are
	// missing.
	Layers []Layer `json:"layers"`
	// Source is where the rule is known from, as a sentence for people.
	Source string `json:"source"`
}

// OrderOf returns the order of layers for in. It reads the opt-out each time,
// as the server does at each start of a process.
func OrderOf(in Input) Order {
	switch {
	case in.Container:
		return Order{
			Name:   "container",
			Layers: []Layer{Registered, Server, GoPlugin},
			Source: "vault/sdk pluginutil run_config.go: a plugin from an oci_image inherits nothing of the server's environment",
		}
	case in.Rule == HostWins:
		return Order{
			Name:   "host-wins",
			Layers: []Layer{Registered, Server, Host, GoPlugin},
			Source: "measured on Vault 1.14.3 and OpenBao 2.5.5: go-plugin appends the server's environment behind the registered one",
		}
	case OptedOut(in.Host):
		return Order{
			Name:   "host-wins-by-opt-out",
			Layers: []Layer{Registered, Server, Host, GoPlugin},
			Source: "measured with vault/sdk 0.25.1: " + OptOut + " is true in the server's environment",
		}
	}
	return Order{
		Name:   "plugin-wins",
		Layers: []Layer{Host, Registered, Server, GoPlugin},
		Source: "measured with vault/sdk 0.25.1, Vault 1.16 and later (hashicorp/vault#25128)",
	}
}

// OptedOut reports whether host, the environment of a server process, asks for
// the old order. The value is parsed with strconv.ParseBool; what that can't
// parse (yes, on, an empty value) is false.
func OptedOut(host []string) bool {
	value, _ := Lookup(host, OptOut)
	on, err := strconv.ParseBool(value)
	return err == nil && on
}

// Compose returns what exec.Cmd.Env of the plugin must be before go-plugin
// appends its own, with go-plugin's SkipHostEnv set: the layers one after the
// other, the strongest last. The result is a fresh slice and never nil, because
// a nil Env would make os/exec inherit the environment of its own process.
//
// Nothing is removed here. os/exec does that when the process starts, and the
// plugin sees this: one entry a name, the last; names compared with regard to
// case; the name ends at the first "="; entries without "=" and entries that
// begin with "=" are passed on and set nothing a program can look up; empty
// entries vanish; an entry with a NUL byte is an error of exec.Cmd.Start.
func Compose(in Input) []string {
	env := make([]string, 0, len(in.Host)+len(in.Registered)+len(in.Server))
	for _, layer := range OrderOf(in).Layers {
		if layer != GoPlugin {
			env = append(env, in.entries(layer)...)
		}
	}
	return env
}

// Lookup returns the value that name has in a process started with env, and
// whether it has one: the value of the last entry of that name.
func Lookup(env []string, name string) (string, bool) {
	if name == "" {
		return "", false
	}
	for _, entry := range slices.Backward(env) {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}

func (in Input) entries(layer Layer) []string {
	switch layer {
	case Host:
		return in.Host
	case Registered:
		return in.Registered
	case Server:
		return in.Server
	case GoPlugin:
		return in.GoPlugin
	}
	return nil
}
