// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/internal/usage"
)

// Flags that several commands have are declared here, so that they have one name
// and one meaning. Lists may be repeated and take commas; flags of NAME=value may
// only be repeated, since a value may have a comma.

// addConcurrencyFlag declares how many of what run at a time.
func addConcurrencyFlag(flags *pflag.FlagSet, concurrency *int, standard int, what string) {
	*concurrency = standard
	flags.Var((*positive)(concurrency), "concurrency", what+" side by side")
}

// addPluginsFlag declares where the sample plugins are.
func addPluginsFlag(flags *pflag.FlagSet, directory *string) {
	flags.StringVar(directory, "plugins", "", "`DIR` with the sample plugins; by default those beside the program, which are built if there are none")
}

// addServerFlags declares what a server at an address needs.
func addServerFlags(flags *pflag.FlagSet, pluginDir *string, thisServer *bool) {
	flags.StringVar(pluginDir, "plugin-dir", "", "`DIR` in which plugins of a server at an address can be placed")
	flags.BoolVar(thisServer, "yes-this-server", false, "allow a server that is not a dev server on loopback")
}

// addDeviationsFlag declares the list of differences that are meant to be.
func addDeviationsFlag(flags *pflag.FlagSet, file *string) {
	flags.StringVar(file, "deviations", "", "`FILE` of differences that are meant to be, each with its reason")
}

// require makes flags required. They may be set in the configuration too.
func require(command *cobra.Command, names ...string) {
	for _, name := range names {
		if err := command.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is not declared
		}
	}
}

// choice is a flag with a fixed set of values.
type choice struct {
	value  *string
	values []string
}

func (c *choice) String() string { return *c.value }

// Type returns the name of the value in help.
func (c *choice) Type() string { return "string" }

// Set refuses values that are not in the set.
func (c *choice) Set(text string) error {
	if !slices.Contains(c.values, text) {
		return fmt.Errorf("there are %s", usage.Enumerate(c.values, "and"))
	}
	*c.value = text
	return nil
}

// positive is a whole number of at least 1.
type positive int

func (n *positive) String() string { return strconv.Itoa(int(*n)) }

// Type returns the name of the value in help.
func (n *positive) Type() string { return "int" }

// Set refuses what is not such a number.
func (n *positive) Set(text string) error {
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 {
		return errors.New("give a whole number of at least 1")
	}
	*n = positive(number)
	return nil
}
