// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/internal/nearest"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// flagError names the nearest flag where an unknown one was given.
func flagError(command *cobra.Command, err error) error {
	if wrong := new(pflag.InvalidValueError); errors.As(err, &wrong) {
		flag := wrong.GetFlag()
		return fmt.Errorf("invalid argument %q for --%s: %w", wrong.GetValue(), flag.Name, inWords(flag, wrong.Unwrap()))
	}
	unknown := new(pflag.NotExistError)
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return err
	}
	var known []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { known = append(known, flag.Name) })
	if question := nearest.Question(unknown.GetSpecifiedName(), "--", known); question != "" {
		return fmt.Errorf("%w%s", err, question)
	}
	return fmt.Errorf("%w; '%s --help' lists the flags", err, command.CommandPath())
}

// inWords says what a flag wants, where the error is that of a function of Go's library.
func inWords(flag *pflag.Flag, err error) error {
	number, list := new(strconv.NumError), new(csv.ParseError)
	switch kind := flag.Value.Type(); {
	case errors.As(err, &list):
		return errors.New("quotes are around a whole entry of the list")
	case kind == "duration":
		return errors.New("give a duration, as 90s or 10m")
	case !errors.As(err, &number):
		return err
	case kind == "bool":
		return errors.New("give true or false")
	case strings.HasPrefix(kind, "uint"):
		return errors.New("give a whole number that is not negative")
	case errors.Is(err, strconv.ErrRange):
		return errors.New("the number is too large")
	}
	return errors.New("give a whole number")
}

// takes checks how many arguments a command gets. One without arguments may have
// commands below it, of which the nearest are named.
func takes(least, most int) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		switch {
		case len(args) >= least && len(args) <= most:
			return nil
		case most > 0:
			problem := "an argument is missing"
			if len(args) > most {
				problem = fmt.Sprintf("there is an argument too many, %q", args[most])
			}
			return fmt.Errorf("%s; usage: %s", problem, command.UseLine())
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
	if question := nearest.Question(name, "", known); question != "" {
		return fmt.Errorf("there is no command %q of %s%s", name, parent.CommandPath(), question)
	}
	return fmt.Errorf("there is no command %q of %s; there are %s", name, parent.CommandPath(), usage.Enumerate(known, "and"))
}
