// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/internal/nearest"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// defaultFile is read if it exists. --config names another, which must exist.
const defaultFile = "plugproof.yaml"

// variablePrefix is that of every variable of the configuration. Variables of
// the project's own tests begin with testPrefix and are not looked at.
const (
	variablePrefix = "PLUGPROOF_"
	testPrefix     = "PLUGPROOF_TEST_"
)

// pluginSection is the section of the file that has no settings of a command: the
// profile of a plugin, which check reads.
const pluginSection = "plugin"

// setting is a value of the configuration with the place that it comes from:
// plugproof.yaml:3 or PLUGPROOF_AREA.
type setting struct {
	origin string
	value  string
	list   []string // instead of value
}

// settings are those of one source, by the name of their flag.
type settings map[string]setting

// hasSettings reports whether a command takes settings of the configuration. What says
// something of the program itself does so whatever is wrong with the file.
func hasSettings(command *cobra.Command) bool {
	for c := command; c.HasParent(); c = c.Parent() {
		if !c.Parent().HasParent() {
			return !slices.Contains([]string{"version", "help", "completion", "man"}, c.Name())
		}
	}
	return true
}

// configure fills in from file and variables what no flag says: flags win over
// variables, variables over the file, the file over the defaults. A key is the
// name of a flag, at the top level for every command that has it, or for one
// command in a section with its name; a variable is PLUGPROOF_ and the name in
// capitals, and counts unless it is empty. What was taken is in the command's context.
func configure(command *cobra.Command, file string, environ []string) error {
	if command.DisableFlagParsing {
		return nil // the command line of Vault has a configuration of its own
	}
	found, err := readFile(command, file)
	if err != nil {
		return usage.Wrap(err)
	}
	variables, err := readVariables(command, environ)
	if err != nil {
		return usage.Wrap(err)
	}
	maps.Copy(found, variables)
	taken := make(map[string]string)
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(found)) {
		flag := command.Flags().Lookup(name)
		if flag == nil || flag.Changed {
			continue
		}
		taken[name] = found[name].origin
		if err := found[name].apply(flag); err != nil {
			failed = append(failed, fmt.Errorf("%s: %s: %w", found[name].origin, name, err))
		}
	}
	parent := command.Context()
	if parent == nil {
		parent = context.Background()
	}
	command.SetContext(context.WithValue(parent, originsKey{}, taken))
	return usage.Wrap(errors.Join(failed...))
}

// originsKey is the key of the origins in a command's context: by the names of
// flags, a variable or a file and a line.
type originsKey struct{}

// origins returns where the settings came from that were not flags: area from
// plugproof.yaml:3.
func origins(command *cobra.Command) map[string]string {
	taken, _ := command.Context().Value(originsKey{}).(map[string]string)
	return taken
}

// apply sets a flag as if it were on the command line.
func (s setting) apply(flag *pflag.Flag) error {
	flag.Changed = true
	if s.list == nil {
		if err := flag.Value.Set(s.value); err != nil {
			return inWords(flag, err)
		}
		return nil
	}
	list, ok := flag.Value.(pflag.SliceValue)
	if !ok {
		return errors.New("it is one value, not a list")
	}
	return list.Replace(s.list)
}

// readFile returns the settings of the file that are for the command. It looks at
// those for other commands too, so that no mistake stays unseen.
func readFile(command *cobra.Command, file string) (settings, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && file == defaultFile {
		return settings{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(document.Content) == 0 {
		return settings{}, nil
	}
	reader := fileReader{file: file, command: command, special: settings{}}
	general, err := reader.mapping(document.Content[0], "", settableSomewhere(command.Root()), reader.section)
	maps.Copy(general, reader.special)
	return general, err
}

// fileReader reads one file for one command.
type fileReader struct {
	file    string
	command *cobra.Command
	special settings // from the section of the command
}

// mapping reads the settings of a mapping, which are those of a command unless it
// is "". Keys that section takes are none.
func (r *fileReader) mapping(node *yaml.Node, of string, known []string, section func(key, value *yaml.Node) (bool, error)) (settings, error) {
	found := settings{}
	if node.Kind != yaml.MappingNode {
		return found, fmt.Errorf("%s:%d: there must be settings, as in: target: mock", r.file, node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		where := fmt.Sprintf("%s:%d", r.file, key.Line)
		if taken, err := section(key, value); taken || err != nil {
			if err != nil {
				return found, err
			}
			continue
		}
		if !slices.Contains(known, key.Value) {
			return found, fmt.Errorf("%s: %w", where, unknownSetting(key.Value, of, known))
		}
		if _, twice := found[key.Value]; twice {
			return found, fmt.Errorf("%s: %s stands there twice", where, key.Value)
		}
		setting := setting{origin: where}
		switch value.Kind {
		case yaml.ScalarNode:
			setting.value = value.Value
		case yaml.SequenceNode:
			setting.list = []string{}
			if err := value.Decode(&setting.list); err != nil {
				return found, fmt.Errorf("%s: %s is a text or a list of texts", where, key.Value)
			}
		default:
			return found, fmt.Errorf("%s: %s is a text or a list of texts", where, key.Value)
		}
		found[key.Value] = setting
	}
	return found, nil
}

// section takes the keys that are sections: names of commands, such as "run" or
// "env lint", and the profile of a plugin.
func (r *fileReader) section(key, value *yaml.Node) (bool, error) {
	if value.Kind != yaml.MappingNode {
		return false, nil
	}
	if key.Value == pluginSection {
		return true, nil
	}
	named, rest, err := r.command.Root().Find(strings.Fields(key.Value))
	if err != nil || len(rest) > 0 || named == r.command.Root() || !hasSettings(named) {
		return false, nil
	}
	none := func(*yaml.Node, *yaml.Node) (bool, error) { return false, nil }
	found, err := r.mapping(value, key.Value, settable(named.Flags()), none)
	if named == r.command {
		r.special = found
	}
	return true, err
}

// unknownSetting names the nearest setting, or where all are listed.
func unknownSetting(name, of string, known []string) error {
	command := "COMMAND"
	text := fmt.Sprintf("there is no setting %q", name)
	if of != "" {
		command = of
		text += " of " + of
	}
	if question := nearest.Question(name, "", known); question != "" {
		return errors.New(text + question)
	}
	return fmt.Errorf("%s; settings are the names of flags, which 'plugproof %s --help' lists", text, command)
}

// readVariables returns the settings of variables, for whatever command.
func readVariables(command *cobra.Command, environ []string) (settings, error) {
	known := settableSomewhere(command.Root())
	found := settings{}
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, variablePrefix) || strings.HasPrefix(name, testPrefix) {
			continue
		}
		key := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, variablePrefix)), "_", "-")
		if !slices.Contains(known, key) {
			return nil, fmt.Errorf("%s: %w", name, unknownSetting(key, "", known))
		}
		if value != "" {
			found[key] = setting{origin: name, value: value}
		}
	}
	return found, nil
}

// settable returns the names of the flags that may stand in the file and in
// variables.
func settable(flags *pflag.FlagSet) []string {
	var names []string
	flags.VisitAll(func(flag *pflag.Flag) {
		if !slices.Contains([]string{"config", "help", "version"}, flag.Name) {
			names = append(names, flag.Name)
		}
	})
	return names
}

// settableSomewhere returns the names of the settings that any command has.
func settableSomewhere(command *cobra.Command) []string {
	if !hasSettings(command) {
		return nil
	}
	names := settable(command.Flags())
	for _, child := range command.Commands() {
		names = append(names, settableSomewhere(child)...)
	}
	return names
}
