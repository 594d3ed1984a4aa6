// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/profile"
)

const initLong = `Init starts the plugin on the mock, asks it for its OpenAPI document, and writes
a profile for 'plugproof check' beside the binary: the paths that configure it,
that store what is written to them, that give leases or log in, and the fields
that are secrets. The values are examples, for the plugin's author to correct.`

// initCommand is 'plugproof init'.
func initCommand() *cobra.Command {
	config := conformance.CheckConfig{StartTimeout: 10 * time.Second}
	var output string
	command := &cobra.Command{
		Use: "init PLUGIN", Short: "Write a profile of a plugin for check",
		Long: initLong, Example: "  plugproof init ./my-plugin\n  plugproof init --output - --env REGION=eu ./my-plugin",
		Args: takes(1, 1),
		RunE: func(command *cobra.Command, args []string) error {
			config.Plugin = args[0]
			if output == "" {
				output = filepath.Join(filepath.Dir(args[0]), profile.FileName)
			}
			kind, document, err := conformance.Document(command.Context(), config)
			if errors.As(err, new(*conformance.NotAPluginError)) {
				return found("%s", err)
			}
			if err != nil {
				return err
			}
			draft := profile.Draft(kind, document)
			draft.Env = config.Profile.Env
			text, err := profile.Format(draft)
			if err != nil {
				return err
			}
			return writeProfile(command, output, text)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&output, "output", "o", "", "`FILE` to write, - for stdout; "+profile.FileName+" beside the plugin otherwise")
	flags.StringArrayVar(&config.Profile.Env, "env", nil, "`NAME=value` that the plugin needs in its environment; may stand more than once")
	flags.DurationVar(&config.StartTimeout, "plugin-start-timeout", config.StartTimeout, "how long the plugin may take to start")
	return command
}

// writeProfile writes a new file: a profile that somebody corrected is not
// overwritten.
func writeProfile(command *cobra.Command, output string, text []byte) error {
	if output == "-" {
		_, err := command.OutOrStdout().Write(text)
		return err
	}
	file, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return usage.Errorf("%s exists already; name another file with --output, or - for stdout", output)
	}
	if err != nil {
		return usage.Wrap(err)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(command.ErrOrStderr(), "wrote %s: correct its values, then run plugproof check\n", output)
	return err
}
