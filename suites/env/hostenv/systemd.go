// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"
)

// unitGrammar is said instead of the library's errors, which quote the unit.
const unitGrammar = "it wants lines of [Section], Name=value or # comment, the first of them a [Section], none longer than 2048 bytes"

// SystemdUnit reads the environment that systemd gives a service: Environment=,
// EnvironmentFile=, PassEnvironment= and UnsetEnvironment= of the unit read
// from r and of drop-ins (*.conf beside it in NAME.d). path is the unit's file,
// and empty when r is not a file.
func SystemdUnit(path string, r io.Reader) (Environment, error) {
	source := path
	if source == "" {
		source = "systemd unit"
	}
	// The library joins continued lines and drops comments; the values are as they
	// stand in the file.
	options, err := unit.DeserializeOptions(r)
	if err != nil {
		return Environment{}, fmt.Errorf("%w: %s is no systemd unit: %s", ErrInput, source, unitGrammar)
	}
	if path != "" {
		dropIns, err := readDropIns(path)
		if err != nil {
			return Environment{}, err
		}
		options = append(options, dropIns...)
	}
	// A unit without it is probably the wrong file, and an empty environment would
	// look like a clean one.
	if !slices.ContainsFunc(options, func(o *unit.UnitOption) bool { return o.Section == "Service" }) {
		return Environment{}, fmt.Errorf("%w: %s has no [Service] section", ErrInput, source)
	}
	service := service{source: source, vars: make(set)}
	for _, o := range options {
		if o.Section != "Service" {
			continue
		}
		if err := service.take(o.Name, o.Value); err != nil {
			return Environment{}, fmt.Errorf("%s, %s=: %w", source, o.Name, err)
		}
	}
	return service.environment()
}

func readDropIns(path string) ([]*unit.UnitOption, error) {
	// The directory's name may hold anything, so Glob is not for it.
	// Only drop-ins beside the unit are seen; those in other directories of
	// systemd's search path would need the running system.
	entries, err := os.ReadDir(path + ".d")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the drop-ins of %s: %w", path, err)
	}
	var options []*unit.UnitOption
	for _, entry := range entries { // sorted by name, as systemd applies them
		if filepath.Ext(entry.Name()) != ".conf" {
			continue
		}
		file, err := os.Open(filepath.Join(path+".d", entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading a drop-in of %s: %w", path, err)
		}
		more, err := unit.DeserializeOptions(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("%w: drop-in %s: %s", ErrInput, entry.Name(), unitGrammar)
		}
		options = append(options, more...)
	}
	return options, nil
}

// service collects the settings of one unit. systemd applies them in a fixed
// order, whatever theirs in the file.
type service struct {
	source string
	pass   []string
	vars   set
	files  []string
	unset  []string
}

// take reads one setting; an empty value resets what was collected.
func (s *service) take(name, value string) error {
	reset := strings.TrimSpace(value) == ""
	switch name {
	case "Environment":
		if reset {
			clear(s.vars)
			return nil
		}
		return s.assign(value)
	case "EnvironmentFile":
		if reset {
			s.files = nil
			return nil
		}
		s.files = append(s.files, strings.Trim(strings.TrimSpace(value), `"`))
	// Both are lists of words in the same syntax.
	case "PassEnvironment", "UnsetEnvironment":
		list := &s.pass
		if name == "UnsetEnvironment" {
			list = &s.unset
		}
		if reset {
			*list = nil
			return nil
		}
		words, err := systemdWords(value)
		*list = append(*list, words...)
		return err
	}
	return nil
}

// assign takes the words of an Environment=. Specifiers as %i depend on the
// unit's name and the machine, so such values are unknown; %% is a percent sign.
func (s *service) assign(value string) error {
	words, err := systemdWords(value)
	if err != nil {
		return err
	}
	for i, word := range words {
		name, text, err := SplitWritten(word)
		if err != nil {
			return fmt.Errorf("assignment %d: %w", i+1, err)
		}
		if strings.Contains(strings.ReplaceAll(text, "%%", ""), "%") {
			s.vars.unknown(name, fmt.Sprintf("systemd's specifiers in %q", text))
			continue
		}
		s.vars.known(name, strings.ReplaceAll(text, "%%", "%"))
	}
	return nil
}

// environment applies the settings in systemd's order: passed variables, then
// Environment=, then the files, then UnsetEnvironment= (systemd.exec(5)).
func (s *service) environment() (Environment, error) {
	result := make(set)
	for _, name := range s.pass {
		result.unknown(name, "systemd's own environment (PassEnvironment=)")
	}
	for name, v := range s.vars {
		result[name] = v
	}
	notes := []string{"systemd adds PATH, LANG, USER and others of its own (systemd.exec(5)); they are not in the unit."}
	for _, file := range s.files {
		note, err := s.readFile(file, result)
		if err != nil {
			return Environment{}, err
		}
		if note != "" {
			notes = append(notes, note)
		}
	}
	for _, word := range s.unset {
		// NAME=value unsets only that value.
		name, value, hasValue := strings.Cut(word, "=")
		if !hasValue || result[name].Known && result[name].Value == value {
			delete(result, name)
		}
	}
	return Environment{Source: s.source, Variables: result.sorted(), Notes: notes}, nil
}

// readFile reads an EnvironmentFile=; a leading - allows it to be missing.
func (s *service) readFile(file string, into set) (note string, err error) {
	path, optional := strings.CutPrefix(file, "-")
	if strings.ContainsAny(path, "*?[%") {
		return fmt.Sprintf("EnvironmentFile=%s has a pattern or specifier, which is not resolved here: name the files with --env-file.", file), nil
	}
	if !filepath.IsAbs(path) {
		return "", fmt.Errorf("%w: %s, EnvironmentFile=%s: systemd wants an absolute path", ErrInput, s.source, file)
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && optional:
		return fmt.Sprintf("EnvironmentFile=%s does not exist here.", file), nil
	case err != nil:
		return "", fmt.Errorf("%s, EnvironmentFile=%s: %w", s.source, file, err)
	}
	defer f.Close()
	return "", readEnvFile(path, f, into)
}
