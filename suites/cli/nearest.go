// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearest returns the known words that were most likely meant.
func nearest(word string, known []string) []string {
	// Cobra suggests by prefix and edit distance, but among commands only.
	parent := &cobra.Command{}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(known))) {
		parent.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	for distance := range maxDistance {
		parent.SuggestionsMinimumDistance = distance + 1
		if found := parent.SuggestionsFor(word); len(found) > 0 {
			return found
		}
	}
	return nil
}

// maxDistance is how many letters a word may differ in to be a suggestion.
const maxDistance = 2

// meant returns the question whether the nearest words were meant, or "". Before
// precedes each word, as in --target.
func meant(word, before string, known []string) string {
	found := nearest(word, known)
	if len(found) == 0 {
		return ""
	}
	for i := range found {
		found[i] = before + found[i]
	}
	return fmt.Sprintf("; did you mean %s?", enumerate(found, "or"))
}

// flagError names the nearest flag where an unknown one was given.
func flagError(command *cobra.Command, err error) error {
	unknown := new(pflag.NotExistError)
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return err
	}
	var known []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { known = append(known, flag.Name) })
	if question := meant(unknown.GetSpecifiedName(), "--", known); question != "" {
		return fmt.Errorf("%w%s", err, question)
	}
	return fmt.Errorf("%w; '%s --help' lists the flags", err, command.CommandPath())
}

// takes checks how many arguments a command gets. One without arguments may have
// commands below it, of which the nearest are named.
func takes(least, most int) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		switch {
		case len(args) >= least && len(args) <= most:
			return nil
		case most > 0:
			return fmt.Errorf("usage: %s; the number of arguments is %d", command.UseLine(), len(args))
		case command.HasAvailableSubCommands():
			return unknownCommand(command, args[0])
		}
		return fmt.Errorf("%s takes no arguments, but there is %q", command.CommandPath(), args[0])
	}
}

func unknownCommand(parent *cobra.Command, name string) error {
	var known []string
	for _, child := range parent.Commands() {
		known = append(known, child.Name())
	}
	if question := meant(name, "", known); question != "" {
		return fmt.Errorf("there is no command %q of %s%s", name, parent.CommandPath(), question)
	}
	return fmt.Errorf("there is no command %q of %s; there are %s", name, parent.CommandPath(), enumerate(known, "and"))
}
