// SPDX-License-Identifier: MPL-2.0

package env

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// explainFlags is what `env explain` is asked.
type explainFlags struct {
	host, plugin []string
	dialects     []string
	container    bool
	mlock        bool
	noAutoMTLS   bool
	format       string
}

// explained is the answer for one dialect.
type explained struct {
	Dialect string `json:"dialect"`
	environ.Explanation
}

// explainCommand is `env explain`.
func explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain NAME",
		Short: "Say which value of a variable a plugin gets, and why",
		Long: `Say which value of a variable a plugin gets, from which layer, what that hides,
and by which rule. Nothing is started: the answer comes from the same function
that the mock server starts plugins with.

Without --dialect every known server version answers.`,
		Example: `  # Did the upgrade to 1.16 change what the plugin sees?
  plugproof env explain HTTP_PROXY --host HTTP_PROXY=corp:3128 --plugin HTTP_PROXY=eu:3128

  # Why, in one version
  plugproof env explain VAULT_VERSION --plugin VAULT_VERSION=1.0.0 --dialect vault-1.16

  # With the opt-out in the server's environment
  plugproof env explain A --host A=1 --host VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true --plugin A=2 --dialect vault-1.16`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("env explain takes the name of one variable, got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runExplain(cmd.OutOrStdout(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.host, "host", nil, "`NAME=value` in the server's environment (repeatable)")
	flags.StringArrayVar(&f.plugin, "plugin", nil, "`NAME=value` registered for the plugin (repeatable)")
	flags.StringSliceVar(&f.dialects, "dialect", nil, "the server version, as vault-1.16 (repeatable; default all)")
	flags.BoolVar(&f.container, "container", false, "the plugin runs from an image (oci_image)")
	flags.BoolVar(&f.mlock, "mlock", false, "the server locks its memory")
	flags.BoolVar(&f.noAutoMTLS, "no-automtls", false, "the plugin is of the old kind that gets an unwrap token")
	flags.StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

func runExplain(out io.Writer, name string, f explainFlags) error {
	if err := checkFormat(f.format, "text", "json"); err != nil {
		return err
	}
	// A name that no process can have would be explained as "not set", which is
	// true and misleading.
	if err := hostenv.CheckName(name); err != nil {
		return usage(err)
	}
	if err := errors.Join(checkEntries("--host", f.host), checkEntries("--plugin", f.plugin)); err != nil {
		return usage(err)
	}
	dialects, err := chosenDialects(f.dialects)
	if err != nil {
		return usage(err)
	}
	answers := make([]explained, len(dialects))
	for i, d := range dialects {
		answers[i] = explained{Dialect: d.Name, Explanation: environ.Explain(inputOf(d, f), name)}
	}
	if f.format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return unwritten(enc.Encode(answers))
	}
	if len(answers) == 1 {
		return unwritten(writeStack(out, answers[0]))
	}
	return unwritten(writeAnswers(out, name, answers))
}

// checkEntries names the place of an entry that is none rather than the entry,
// which may be a secret.
func checkEntries(flag string, entries []string) error {
	for i, entry := range entries {
		if _, _, err := hostenv.Split(entry); err != nil {
			return fmt.Errorf("%s, argument %d: %w", flag, i+1, err)
		}
	}
	return nil
}

// chosenDialects gives all dialects unless some are named.
func chosenDialects(names []string) ([]*dialect.Dialect, error) {
	if len(names) == 0 {
		return dialect.All(), nil
	}
	var chosen []*dialect.Dialect
	for _, name := range names {
		d, err := dialect.Lookup(name)
		if err != nil {
			return nil, fmt.Errorf("--dialect: %w", err)
		}
		chosen = append(chosen, d)
	}
	return chosen, nil
}

// generated stands for values that differ at each start of a plugin.
const generated = "<generated at each start>"

// inputOf builds the layers as a server of the dialect would.
func inputOf(d *dialect.Dialect, f explainFlags) environ.Input {
	own := environ.Own{
		Prefixes: d.OwnVariables,
		Version:  d.Version,
		AutoMTLS: !f.noAutoMTLS,
		Mlock:    f.mlock,
	}
	// Values as go-plugin and Vault's backend plugins have them; the first is the
	// magic cookie that tells a plugin that a server started it.
	goPlugin := []string{
		"VAULT_BACKEND_PLUGIN=6669da05-b1c8-4f49-97d9-c8e5bed98e20",
		"PLUGIN_MIN_PORT=10000",
		"PLUGIN_MAX_PORT=25000",
	}
	if f.noAutoMTLS {
		own.UnwrapToken = generated
		goPlugin = append(goPlugin, "PLUGIN_PROTOCOL_VERSIONS=4")
	} else {
		goPlugin = append(goPlugin, "PLUGIN_PROTOCOL_VERSIONS=5", "PLUGIN_CLIENT_CERT="+generated)
	}
	return environ.Input{
		Rule: d.Environment,
		// What the server sets in its own environment replaces what it
		// inherited there.
		Host:       slices.Concat(f.host, d.ProcessVariables),
		Registered: f.plugin,
		Server:     own.Entries(),
		GoPlugin:   goPlugin,
		Container:  f.container,
	}
}
