// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/internal/yamlfile"
)

// Registration is a plugin in the catalog and the environment it was
// registered with, as far as that is known.
type Registration struct {
	Type      string
	Name      string
	Version   string
	Container bool
	Env       []Entry
	// EnvUnknown: the catalog has this plugin, but nothing told its env, which
	// no endpoint discloses.
	EnvUnknown bool
}

// Entry is one entry of a registered env.
type Entry struct {
	Name  string
	Value string
	// Known is false when only the name was given.
	Known bool
	// Bare: the entry has no "=" and so sets nothing.
	Bare bool
	// Place is where the file of registrations has the entry.
	Place hostenv.Place
}

// String is how the plugin is named in findings: secret/mine@v1.0.0.
func (r Registration) String() string {
	text := r.Type + "/" + r.Name
	if r.Version != "" {
		text += "@" + r.Version
	}
	return text
}

// env returns the entries as the catalog has them; unknown values are empty.
func (r Registration) env() []string {
	env := make([]string, len(r.Env))
	for i, e := range r.Env {
		env[i] = e.Name
		if !e.Bare {
			env[i] += "=" + e.Value
		}
	}
	return env
}

// ParsePlugins reads command line arguments of the form
// TYPE/NAME[@VERSION]:NAME=value. Arguments for one plugin are one
// registration.
func ParsePlugins(args []string) ([]Registration, error) {
	var registrations []Registration
	for i, arg := range args {
		head, text, found := strings.Cut(arg, ":")
		kind, name, slash := strings.Cut(head, "/")
		name, version, _ := strings.Cut(name, "@")
		// What is not of this form may hold a value anywhere, so it is counted and
		// not quoted.
		if !found || !slash || name == "" || strings.ContainsAny(head, "= ") {
			return nil, fmt.Errorf("%w: --plugin, argument %d is not TYPE/NAME:VARIABLE=value, as secret/mine:HTTP_PROXY=eu:3128", hostenv.ErrInput, i+1)
		}
		if err := checkType(kind); err != nil {
			return nil, err
		}
		entry, err := parseEntry(text)
		if err != nil {
			return nil, fmt.Errorf("--plugin %s: %w", head, err)
		}
		at := slices.IndexFunc(registrations, func(r Registration) bool {
			return r.Type == kind && r.Name == name && r.Version == version
		})
		if at < 0 {
			at = len(registrations)
			registrations = append(registrations, Registration{Type: kind, Name: name, Version: version})
		}
		registrations[at].Env = append(registrations[at].Env, entry)
	}
	return registrations, nil
}

func checkType(kind string) error {
	if !slices.Contains([]string{"auth", "database", "secret"}, kind) {
		return fmt.Errorf("%w: %q is not a type of plugin: known are auth, database and secret", hostenv.ErrInput, kind)
	}
	return nil
}

// parseEntry takes what a registration may hold, which is more than a process
// can have: an entry without "=" is allowed and does nothing.
func parseEntry(text string) (Entry, error) {
	if !strings.Contains(text, "=") {
		if err := hostenv.CheckWritten(text); err != nil {
			return Entry{}, err
		}
		return Entry{Name: text, Bare: true, Known: true}, nil
	}
	name, value, err := hostenv.SplitWritten(text)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Name: name, Value: value, Known: true}, nil
}

// manifest is the file of registrations that users write.
type manifest struct {
	Plugins []struct {
		Type     string   `yaml:"type"`
		Name     string   `yaml:"name"`
		Version  string   `yaml:"version"`
		OCIImage string   `yaml:"oci_image"`
		Env      envField `yaml:"env"`
		EnvNames []line   `yaml:"env_names"`
	} `yaml:"plugins"`
}

// read takes the file's first document; an empty file has none.
func (m *manifest) read(r io.Reader) error {
	document, err := yamlfile.OnlyDocument(yaml.NewDecoder(r))
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := yamlfile.Fields(document, "plugins"); err != nil {
		return err
	}
	for _, plugin := range yamlfile.Members(document, "plugins") {
		if err := yamlfile.Fields(plugin, "type", "name", "version", "oci_image", "env", "env_names"); err != nil {
			return err
		}
	}
	return yamlfile.Into(document, m)
}

// line is a string of the file and the line that it stands in.
type line struct {
	text   string
	number int
}

// UnmarshalYAML takes the text as a string has it.
func (l *line) UnmarshalYAML(node *yaml.Node) error {
	l.number = node.Line
	return node.Decode(&l.text)
}

// envField is a list of NAME=value or a mapping of names to values.
type envField []line

// UnmarshalYAML accepts both forms; a mapping is read in the order of names.
func (e *envField) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.SequenceNode {
		var list []line
		err := node.Decode(&list)
		*e = list
		return err
	}
	values := make(map[string]line)
	if err := node.Decode(&values); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		*e = append(*e, line{text: name + "=" + values[name].text, number: values[name].number})
	}
	return nil
}

// ReadRegistrations reads a manifest in YAML or JSON: a list `plugins`, each
// with type, name, version, oci_image, and either env (a list of NAME=value or
// a mapping) or env_names where values are not to be written down.
func ReadRegistrations(source string, r io.Reader) ([]Registration, error) {
	var m manifest
	if err := m.read(r); err != nil {
		return nil, fmt.Errorf("%w: %s is not a list of registrations: %w", hostenv.ErrInput, source, err)
	}
	if len(m.Plugins) == 0 {
		return nil, fmt.Errorf("%w: %s has no plugins; it wants a list `plugins` of type, name and env", hostenv.ErrInput, source)
	}
	var registrations []Registration
	for i, p := range m.Plugins {
		r := Registration{Type: p.Type, Name: p.Name, Version: p.Version, Container: p.OCIImage != ""}
		if err := checkType(p.Type); err != nil {
			return nil, fmt.Errorf("%s, plugin %d: %w", source, i+1, err)
		}
		if p.Name == "" {
			return nil, fmt.Errorf("%w: %s, plugin %d has no name", hostenv.ErrInput, source, i+1)
		}
		for n, l := range p.Env {
			entry, err := parseEntry(l.text)
			if err != nil {
				return nil, fmt.Errorf("%s, plugin %s, env, entry %d: %w", source, r, n+1, err)
			}
			entry.Place = hostenv.Place{File: source, Line: l.number}
			r.Env = append(r.Env, entry)
		}
		for n, l := range p.EnvNames {
			if err := hostenv.CheckWritten(l.text); err != nil {
				return nil, fmt.Errorf("%s, plugin %s, env_names, entry %d: %w", source, r, n+1, err)
			}
			r.Env = append(r.Env, Entry{Name: l.text, Place: hostenv.Place{File: source, Line: l.number}})
		}
		registrations = append(registrations, r)
	}
	return registrations, nil
}
