// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/internal/usage"
)

// A flag that changes nothing is refused, since its user takes it for an effect that it
// has. The same setting in a file or a variable is for whichever command it is for.

// isGiven reports whether a flag is on the command line.
func isGiven(command *cobra.Command, name string) bool {
	return command.Flags().Changed(name) && origins(command)[name] == ""
}

// refuseWithout refuses flags that have an effect only where there is something, which
// need says.
func refuseWithout(command *cobra.Command, there bool, need string, names ...string) error {
	for _, name := range names {
		if !there && isGiven(command, name) {
			return usage.Errorf("--%s has no effect: it needs %s", name, need)
		}
	}
	return nil
}

// refuseAddressFlags refuses --plugin-dir, which is that of a server at an address, if no
// target is one. --yes-this-server allows what needs no permission elsewhere, and stays.
func refuseAddressFlags(command *cobra.Command, targets ...string) error {
	there := slices.ContainsFunc(targets, func(target string) bool { return strings.HasPrefix(target, "addr:") })
	return refuseWithout(command, there, "a server at an address, as addr:https://vault.example.com:8200", "plugin-dir")
}

// refuseEmpty refuses flags whose value is empty, as that of a variable that is not set:
// they would choose everything, or nothing.
func refuseEmpty(command *cobra.Command) (err error) {
	if !hasSettings(command) || command.Name() == "serve" { // empty is a value there
		return nil
	}
	command.Flags().Visit(func(flag *pflag.Flag) {
		empty := flag.Value.String() == ""
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			empty = !slices.ContainsFunc(list.GetSlice(), func(entry string) bool { return entry != "" })
		}
		if empty && flag.Value.Type() != "file" && err == nil {
			err = usage.Errorf("--%s is empty: give it a value, or leave it out", flag.Name)
		}
	})
	return err
}
