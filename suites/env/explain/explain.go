// SPDX-License-Identifier: MPL-2.0

// Package explain says which value of a variable a plugin gets, from which layer
// and by which rule, without starting anything.
package explain

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/internal/show"
)

// Plugin is a plugin and its server, as far as the plugin's environment depends
// on them.
type Plugin struct {
	// Host is the environment of the server's process, Registered the env that
	// the plugin is registered with: entries NAME=value.
	Host, Registered []string
	// Environment is the environment of the server's process as its sources have
	// it, and nil without; entries of Host win over it. Its values are not shown.
	Environment *hostenv.Environment
	// Container: the plugin runs from an image.
	Container bool
	// Mlock: the server locks its memory.
	Mlock bool
	// NoAutoMTLS: the plugin is of the old kind that gets an unwrap token.
	NoAutoMTLS bool
}

// Answer is what the servers of one dialect do.
type Answer struct {
	Dialect string `json:"dialect"`
	environ.Explanation
	// Server is what the sources of the server's environment say, if there are any.
	// The value of a host's entry is then its origin, in angle brackets.
	Server *Server `json:"server,omitempty"`
}

// Variable returns the answer of each dialect for the variable of that name.
func Variable(name string, p Plugin, dialects []*dialect.Dialect) []Answer {
	var server *Server
	if p.Environment != nil {
		server = serverOf(*p.Environment, name)
		p.Host = slices.Concat(entries(*p.Environment), p.Host)
	}
	answers := make([]Answer, len(dialects))
	for i, d := range dialects {
		answers[i] = Answer{Dialect: d.Name, Explanation: environ.Explain(inputOf(d, p), name), Server: server}
	}
	return answers
}

// WriteJSON writes the answers for programs.
func WriteJSON(out io.Writer, answers []Answer) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(answers)
}

// WriteText writes the answers for people: one as the stack of its layers,
// several as a table.
func WriteText(out io.Writer, name string, answers []Answer) error {
	var err error
	if len(answers) == 1 {
		err = writeStack(out, answers[0])
	} else {
		err = writeAnswers(out, name, answers)
	}
	if err != nil || len(answers) == 0 || answers[0].Server == nil {
		return err
	}
	w := &show.Writer{Out: out}
	answers[0].Server.write(w, name)
	return w.Err
}

// generated stands for values that differ at each start of a plugin.
const generated = "<generated at each start>"

// inputOf builds the layers as a server of the dialect would.
func inputOf(d *dialect.Dialect, p Plugin) environ.Input {
	own := environ.ServerInfo{
		Prefixes: d.Processes.OwnVariables,
		Version:  d.Version,
		AutoMTLS: !p.NoAutoMTLS,
		Mlock:    p.Mlock,
	}
	// Values as go-plugin and Vault's backend plugins have them; the first is the
	// magic cookie by which a plugin knows that a server started it.
	goPlugin := []string{
		"VAULT_BACKEND_PLUGIN=6669da05-b1c8-4f49-97d9-c8e5bed98e20",
		"PLUGIN_MIN_PORT=10000",
		"PLUGIN_MAX_PORT=25000",
	}
	if p.NoAutoMTLS {
		own.UnwrapToken = generated
		goPlugin = append(goPlugin, "PLUGIN_PROTOCOL_VERSIONS=4")
	} else {
		goPlugin = append(goPlugin, "PLUGIN_PROTOCOL_VERSIONS=5", "PLUGIN_CLIENT_CERT="+generated)
	}
	return environ.Input{
		Rule: d.Processes.Environment,
		// What the server sets in its own environment replaces what it
		// inherited there.
		Host:       slices.Concat(p.Host, d.Processes.ServerVariables),
		Registered: p.Registered,
		Server:     own.Entries(),
		GoPlugin:   goPlugin,
		Container:  p.Container,
	}
}
