// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/env/explain"
	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// explainer is one 'plugproof env explain'.
type explainer struct {
	explain.Plugin
	envSources
	document
	dialects []string
}

// explainCommand is 'plugproof env explain'.
func explainCommand() *cobra.Command {
	var e explainer
	command := &cobra.Command{
		Use:   "explain NAME [FILE...]",
		Short: "Say which value of a variable a plugin gets, and why",
		Long: `Say which value of a variable a plugin gets, from which layer, what that hides,
and by which rule. Nothing is started: the answer comes from the same function
that the mock server starts plugins with.

The server's environment comes from FILEs, as for env lint, and from --host, which
wins. Of a variable that a file has, its place is shown and not its value.

Without --dialect every known server version answers.`,
		Example: `  # Did the upgrade to 1.16 change what the plugin sees?
  plugproof env explain HTTP_PROXY --host HTTP_PROXY=corp:3128 --plugin HTTP_PROXY=eu:3128

  # Why, in one version
  plugproof env explain VAULT_VERSION --plugin VAULT_VERSION=1.0.0 --dialect vault-1.16

  # In the deployment as it is
  plugproof env explain HTTP_PROXY /etc/systemd/system/vault.service --plugin HTTP_PROXY=eu:3128
  kubectl get pods -o yaml | plugproof env explain HTTP_PROXY -

  # With the opt-out in the server's environment
  plugproof env explain A --host A=1 --host VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true --plugin A=2 --dialect vault-1.16`,
		Args: takes(1, math.MaxInt),
		RunE: func(command *cobra.Command, args []string) error { return e.run(command, args[0], args[1:]) },
	}
	flags := command.Flags()
	e.envSources.addFlags(flags)
	flags.StringArrayVar(&e.Host, "host", nil, "`NAME=value` in the server's environment (repeatable)")
	flags.StringArrayVar(&e.Registered, "plugin", nil, "`NAME=value` registered for the plugin (repeatable)")
	flags.StringSliceVar(&e.dialects, "dialect", nil, "the server version, as vault-1.16 (repeatable; default all)")
	flags.BoolVar(&e.Container, "oci-image", false, "the plugin is registered as an image (oci_image) and runs in a container")
	flags.BoolVar(&e.Mlock, "mlock", false, "the server locks its memory")
	flags.BoolVar(&e.NoAutoMTLS, "no-automtls", false, "the plugin is of the old kind that gets an unwrap token")
	e.document.addFlags(flags, "text", "json")
	return command
}

func (e *explainer) run(command *cobra.Command, name string, files []string) error {
	// A name that no process can have would be explained as "not set", which is
	// true and misleading.
	if err := hostenv.CheckName(name); err != nil {
		return usage.Wrap(err)
	}
	if err := errors.Join(checkEntries("--host", e.Host), checkEntries("--plugin", e.Registered)); err != nil {
		return usage.Wrap(err)
	}
	dialects, err := chosenDialects(e.dialects)
	if err != nil {
		return usage.Wrap(err)
	}
	if len(files) > 0 || len(e.named) > 0 || e.Pid != 0 {
		environment, err := e.read(command.Context(), &inputs{stdin: command.InOrStdin()}, files)
		if err != nil {
			return usage.Wrap(err)
		}
		e.Environment = &environment
	} else if err := refuseWithout(command, false, "a source of the server's environment: a file, or --pid", containerFlag, "root", "given"); err != nil {
		return err
	}
	answers := explain.Variable(name, e.Plugin, dialects)
	return e.write(command, func(w io.Writer) error {
		if e.format == "json" {
			return explain.WriteJSON(w, answers)
		}
		return explain.WriteText(w, name, answers)
	})
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

// chosenDialects returns all dialects unless some are named.
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
