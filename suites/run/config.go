// SPDX-License-Identifier: MPL-2.0

package run

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// Config is what a run may be told. Every field is a flag, a key of the file
// plugproof.yaml and a variable: --expect-dialect, expect-dialect and
// PLUGPROOF_EXPECT_DIALECT. Flags win over variables, variables over the file,
// the file over the defaults.
type Config struct {
	// Target names what is checked: mock, binary:PATH, container:IMAGE, addr:URL.
	Target string
	// CLI is a real vault or bao that carries out the documentation's commands;
	// empty is our own command line.
	CLI string
	// Only are identifiers of requirements; empty is all.
	Only []string
	// Area are areas, the names of the feature files; empty is all.
	Area []string
	// Level are must, should, may; empty is all.
	Level []string
	// Tags is a tag expression of godog's: @a && ~@b, @c.
	Tags string
	// Concurrency is how many scenarios run side by side.
	Concurrency int
	// Seed orders the scenarios; 0 draws one.
	Seed int64
	// ExpectDialect overrides what the server says it is: vault-1.16.
	ExpectDialect string
	// PluginDir is where plugins of a server at an address can be placed.
	PluginDir string
	// YesThisServer allows a server that is no dev server on loopback.
	YesThisServer bool
	// Plugins is a folder with the sample plugins; empty builds them.
	Plugins string
}

// defaultFile is read if it exists. --config names another, which must exist.
const defaultFile = "plugproof.yaml"

// variablePrefix is that of every variable of the configuration. Variables of
// the project's own tests begin with testPrefix and are not looked at.
const (
	variablePrefix = "PLUGPROOF_"
	testPrefix     = "PLUGPROOF_TEST_"
)

// addFlags declares the flags with their defaults.
func (c *Config) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.Target, "target", "mock", "what is checked; see the forms below")
	flags.StringVar(&c.CLI, "cli", "", "a real vault or bao `PATH` for the documentation's commands")
	flags.StringSliceVar(&c.Only, "only", nil, "only these requirements: REG-003,DOC-001")
	flags.StringSliceVar(&c.Area, "area", nil, "only these areas: registration,mounting")
	flags.StringSliceVar(&c.Level, "level", nil, "only these levels: must,should,may")
	flags.StringVar(&c.Tags, "tags", "", "only scenarios whose tags fit: '@own-server && ~@needs-restart'")
	flags.IntVar(&c.Concurrency, "concurrency", max(2, runtime.NumCPU()), "scenarios side by side")
	flags.Int64Var(&c.Seed, "seed", 0, "order of the scenarios; 0 draws one, which is printed")
	flags.StringVar(&c.ExpectDialect, "expect-dialect", "", "choose requirements as for this server: vault-1.16, openbao-2.5")
	flags.StringVar(&c.PluginDir, "plugin-dir", "", "`DIR` in which plugins of a server at an address can be placed")
	flags.BoolVar(&c.YesThisServer, "yes-this-server", false, "allow a server that is no dev server on loopback")
	flags.StringVar(&c.Plugins, "plugins", "", "`DIR` with the sample plugins, already built; they are built otherwise")
}

// configError is a mistake in the configuration: exit code 2.
type configError struct{ err error }

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// settle fills in from file and variables what no flag said. file may be empty.
func settle(flags *pflag.FlagSet, file string, environ []string) error {
	fromFile, err := readFile(flags, file)
	if err != nil {
		return &configError{err}
	}
	fromEnvironment, err := readVariables(flags, environ)
	if err != nil {
		return &configError{err}
	}
	var failed []error
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed {
			return
		}
		origin, value := "", ""
		if given, ok := fromFile[flag.Name]; ok {
			origin, value = file, given
		}
		if given, ok := fromEnvironment[flag.Name]; ok {
			origin, value = variable(flag.Name), given
		}
		if origin == "" {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			failed = append(failed, fmt.Errorf("%s: %s: %w", origin, flag.Name, err))
		}
	})
	if err := errors.Join(failed...); err != nil {
		return &configError{err}
	}
	return nil
}

func variable(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// settable tells whether a flag may stand in the file and in variables.
func settable(flags *pflag.FlagSet, name string) bool {
	return flags.Lookup(name) != nil && name != "config" && name != "help"
}

func readFile(flags *pflag.FlagSet, file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && file == defaultFile {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	var content map[string]yaml.Node
	if err := yaml.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	values := make(map[string]string, len(content))
	for key, node := range content {
		if !settable(flags, key) {
			return nil, fmt.Errorf("%s:%d: there is no setting %q; 'plugproof run --help' lists them", file, node.Line, key)
		}
		switch node.Kind {
		case yaml.ScalarNode:
			values[key] = node.Value
		case yaml.SequenceNode:
			var list []string
			if err := node.Decode(&list); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", file, key, err)
			}
			values[key] = strings.Join(list, ",")
		default:
			return nil, fmt.Errorf("%s:%d: %s is a text or a list of texts", file, node.Line, key)
		}
	}
	return values, nil
}

func readVariables(flags *pflag.FlagSet, environ []string) (map[string]string, error) {
	values := make(map[string]string)
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, variablePrefix) || strings.HasPrefix(name, testPrefix) {
			continue
		}
		key := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, variablePrefix)), "_", "-")
		if !settable(flags, key) {
			return nil, fmt.Errorf("%s: there is no setting %q; 'plugproof run --help' lists them", name, key)
		}
		values[key] = value
	}
	return values, nil
}
