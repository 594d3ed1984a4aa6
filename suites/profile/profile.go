// SPDX-License-Identifier: MPL-2.0

// Package profile reads the profile of a plugin: what only its author knows and
// 'plugproof check' needs, in YAML. It stands under the key plugin of a file that
// may hold the command's configuration too:
//
//	plugin:
//	  type: secret
//	  env: [REGION=eu]
//	  setup:
//	    - {path: config, data: {url: "http://127.0.0.1:19090"}}
//	  samples:
//	    - {path: role/a, data: {ttl: 60}, update: {ttl: 90}}
//	  credentials:
//	    - {path: creds/a}
//
// Unknown keys are errors. Errors name the line and never a value, which may be a
// secret.
package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/yamlfile"
)

// FileName is the file that Find looks for.
const FileName = "plugproof.yaml"

// ErrNone is matched by the error for a file without a profile.
var ErrNone = errors.New("it has no key plugin")

// Error is a mistake in a profile.
type Error struct {
	File string
	Err  error
}

func (e *Error) Error() string { return e.File + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// file is the profile as YAML has it.
type file struct {
	Type        string            `yaml:"type"`
	Args        []string          `yaml:"args"`
	Env         []string          `yaml:"env"`
	Options     map[string]string `yaml:"options"`
	Config      map[string]any    `yaml:"config"`
	Setup       []yaml.Node       `yaml:"setup"`
	Samples     []yaml.Node       `yaml:"samples"`
	Credentials []yaml.Node       `yaml:"credentials"`
	Logins      []yaml.Node       `yaml:"logins"`
	Pairs       []yaml.Node       `yaml:"pairs"`
	Rotations   []yaml.Node       `yaml:"rotations"`
	Open        []string          `yaml:"open"`
	Secrets     []string          `yaml:"secrets"`
	UpgradeFrom string            `yaml:"upgrade_from"`
	Database    yaml.Node         `yaml:"database"`
	Probe       string            `yaml:"probe"`
}

// keys lists those of file, in the order of the documentation.
func keys() []string {
	return []string{
		"type", "args", "env", "options", "config", "setup", "samples", "credentials",
		"logins", "pairs", "rotations", "open", "secrets", "upgrade_from", "database", "probe",
	}
}

// entry is a member of one of the lists of requests.
type entry struct {
	Path     string         `yaml:"path"`
	Data     map[string]any `yaml:"data"`
	Update   map[string]any `yaml:"update"`
	Wrong    map[string]any `yaml:"wrong"`
	Policies []string       `yaml:"policies"`
	Works    yaml.Node      `yaml:"works"`
	Alias    string         `yaml:"alias"`
	Back     yaml.Node      `yaml:"back"`
	Gives    map[string]any `yaml:"gives"`
	Between  []yaml.Node    `yaml:"between"`
	Setup    []yaml.Node    `yaml:"setup"`
}

// Find returns the file with the plugin's profile: plugproof.yaml beside its
// binary, or in the working directory. Both are empty if there is none.
func Find(binary string) (string, error) {
	candidates := []string{FileName}
	if beside := filepath.Join(filepath.Dir(binary), FileName); beside != FileName {
		candidates = []string{beside, FileName}
	}
	for _, candidate := range candidates {
		_, err := Read(candidate)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, ErrNone) {
			continue
		}
		return candidate, err
	}
	return "", nil
}

// Read reads the profile in a file.
func Read(path string) (steps.Profile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return steps.Profile{}, fmt.Errorf("read the profile: %w", err)
	}
	profile, err := Parse(text)
	if err != nil {
		return steps.Profile{}, &Error{path, err}
	}
	// What it names is beside it.
	if profile.UpgradeFrom != "" && !filepath.IsAbs(profile.UpgradeFrom) {
		profile.UpgradeFrom = filepath.Join(filepath.Dir(path), profile.UpgradeFrom)
	}
	return profile, nil
}

// Parse reads the profile in a YAML document.
func Parse(text []byte) (steps.Profile, error) {
	document, err := yamlfile.OnlyDocument(yaml.NewDecoder(bytes.NewReader(text)))
	if errors.Is(err, io.EOF) {
		return steps.Profile{}, ErrNone
	}
	if err != nil {
		return steps.Profile{}, err
	}
	var top map[string]yaml.Node
	if err := yamlfile.Into(document, &top); err != nil {
		return steps.Profile{}, err
	}
	node, ok := top["plugin"]
	if !ok {
		return steps.Profile{}, ErrNone
	}
	if node.Kind != yaml.MappingNode {
		return steps.Profile{}, fmt.Errorf("line %d: plugin is a mapping with the keys %s", node.Line, strings.Join(keys(), ", "))
	}
	if err := yamlfile.Fields(&node, keys()...); err != nil {
		return steps.Profile{}, err
	}
	var in file
	if err := yamlfile.Into(&node, &in); err != nil {
		return steps.Profile{}, err
	}
	return in.profile(lineOf(&node))
}

// lineOf returns a function that returns the line of a key.
func lineOf(mapping *yaml.Node) func(key string) int {
	return func(key string) int {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if mapping.Content[i].Value == key {
				return mapping.Content[i].Line
			}
		}
		return mapping.Line
	}
}

func (f file) profile(line func(string) int) (steps.Profile, error) {
	out := steps.Profile{
		Type: f.Type, Args: f.Args, Env: f.Env, Options: f.Options, Config: f.Config, Open: f.Open,
		Secrets: f.Secrets, UpgradeFrom: f.UpgradeFrom, Probe: steps.ProbeLevel(f.Probe),
	}
	var failed []error
	add := func(key string, err error) {
		if err != nil {
			failed = append(failed, fmt.Errorf("line %d: %s: %w", line(key), key, err))
		}
	}
	add("type", checkType(f.Type))
	for _, variable := range f.Env {
		add("env", checkVariable(variable))
	}
	for i, path := range f.Open {
		out.Open[i] = strings.Trim(path, "/")
		add("open", checkPath(strings.Trim(strings.TrimSuffix(out.Open[i], "*"), "/")))
	}
	database, err := readDatabase(&f.Database)
	add("database", err)
	out.Database = database
	if f.Probe != "" {
		_, err := steps.ParseProbeLevel(f.Probe)
		add("probe", err)
	}
	each := func(key string, nodes []yaml.Node, known []string, use func(entry)) {
		for _, node := range nodes {
			read, err := readEntry(&node, known)
			if err != nil {
				failed = append(failed, fmt.Errorf("%s: %w", key, err))
				continue
			}
			use(read)
		}
	}
	each("setup", f.Setup, []string{"path", "data"}, func(e entry) {
		out.Setup = append(out.Setup, steps.Write{Path: e.Path, Data: e.Data})
	})
	each("samples", f.Samples, []string{"path", "data", "update"}, func(e entry) {
		out.Samples = append(out.Samples, steps.Sample{Path: e.Path, Data: e.Data, Update: e.Update})
	})
	each("credentials", f.Credentials, []string{"path", "data", "works"}, func(e entry) {
		proof, err := readWorks(&e.Works)
		add("credentials", err)
		out.Credentials = append(out.Credentials, steps.Write{Path: e.Path, Data: e.Data, Works: proof})
	})
	each("logins", f.Logins, []string{"path", "data", "wrong", "policies", "alias"}, func(e entry) {
		out.Logins = append(out.Logins, steps.Login{Path: e.Path, Data: e.Data, Wrong: e.Wrong, Policies: e.Policies, Alias: e.Alias})
	})
	each("pairs", f.Pairs, []string{"path", "data", "back", "gives", "between"}, func(e entry) {
		pair, err := readPair(e)
		add("pairs", err)
		out.Pairs = append(out.Pairs, pair)
	})
	each("rotations", f.Rotations, []string{"path", "data", "setup"}, func(e entry) {
		setup, err := readWrites(e.Setup)
		add("rotations", err)
		out.Rotations = append(out.Rotations, steps.Rotation{Write: steps.Write{Path: e.Path, Data: e.Data}, Setup: setup})
	})
	for i, sample := range out.Samples {
		if len(sample.Data) == 0 {
			failed = append(failed, fmt.Errorf("line %d: samples: it has no data", f.Samples[min(i, len(f.Samples)-1)].Line))
		}
	}
	return out, errors.Join(failed...)
}

func readEntry(node *yaml.Node, known []string) (entry, error) {
	if node.Kind != yaml.MappingNode {
		return entry{}, fmt.Errorf("line %d: it is a mapping with the keys %s", node.Line, strings.Join(known, ", "))
	}
	if err := yamlfile.Fields(node, known...); err != nil {
		return entry{}, err
	}
	var read entry
	if err := yamlfile.Into(node, &read); err != nil {
		return entry{}, err
	}
	read.Path = strings.Trim(read.Path, "/")
	if err := checkPath(read.Path); err != nil {
		return entry{}, fmt.Errorf("line %d: path: %w", node.Line, err)
	}
	return read, nil
}

func checkType(kind string) error {
	if !slices.Contains([]string{"", "secret", "auth", "database"}, kind) {
		return errors.New("there are secret, auth and database")
	}
	return nil
}

// checkPath refuses paths that leave the mount or name nothing.
func checkPath(path string) error {
	for element := range strings.SplitSeq(path, "/") {
		if element == "" || element == "." || element == ".." {
			return errors.New("it is a path below the mount: not empty, and without . and .. in it")
		}
	}
	return nil
}

func checkVariable(text string) error {
	if name, _, ok := strings.Cut(text, "="); !ok || name == "" {
		return errors.New("a variable is NAME=value")
	}
	return nil
}
