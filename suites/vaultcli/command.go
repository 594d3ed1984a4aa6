// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/api"
	"github.com/kr/text"
)

// The exit codes of Vault's command line, beside hashicorp/cli's 127.
const (
	exitOK     = 0
	exitUsage  = 1
	exitServer = 2
)

// lineLength is where Vault breaks the lines of help and of warnings.
const lineLength = 78

// command is one command of Vault's. It implements cli.Command.
type command struct {
	*session
	synopsis string
	// usage is the help above the flags; it begins with "Usage: vault".
	usage string
	flags *flag.FlagSet
	// least and most positional arguments; most of anyNumber means no limit.
	least, most int
	// check refuses wrong usage that flags and arguments do not show one by one;
	// nil checks nothing.
	check func(args []string) error
	run   func(client *api.Client, args []string) error
	// failure is the exit code of errors that are not *exitError; 0 is exitServer.
	failure int

	// What the output flags say, for commands that have them.
	field, format string
}

const anyNumber = -1

// command returns a command that takes n positional arguments.
func (s *session) command(n int, synopsis, usage string) *command {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return &command{session: s, synopsis: synopsis, usage: usage, flags: flags, least: n, most: n, format: formatTable}
}

// exitError ends a command with a code other than its failure. Without an error,
// everything has been printed.
type exitError struct {
	code int
	error
}

// Unwrap returns the error, which may be nil.
func (e *exitError) Unwrap() error { return e.error }

// usageError is wrong usage.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// serverError is a failed request. Its texts are Vault's, which begin with capitals.
func serverError(format string, args ...any) error { return fmt.Errorf(format, args...) }

// Synopsis implements cli.Command.
func (c *command) Synopsis() string { return c.synopsis }

// Help implements cli.Command. Flags are listed as FlagSets.Help of
// command/base.go lists them.
func (c *command) Help() string {
	spaces := regexp.MustCompile(`\s+`)
	var b strings.Builder
	b.WriteString(c.usage + "\n\n")
	c.flags.VisitAll(func(f *flag.Flag) {
		kind, usage := flag.UnquoteUsage(f)
		b.WriteString("  -" + f.Name)
		if kind != "" {
			b.WriteString("=<" + kind + ">")
		}
		b.WriteString("\n" + wrap(spaces.ReplaceAllString(usage, " "), 6) + "\n\n")
	})
	return b.String() + theRest
}

// Run implements cli.Command.
func (c *command) Run(args []string) int {
	err := c.execute(args)
	if err == nil {
		return exitOK
	}
	code := exitServer
	if c.failure != 0 {
		code = c.failure
	}
	if exit := (*exitError)(nil); errors.As(err, &exit) {
		code, err = exit.code, exit.error
	}
	if err != nil {
		c.Error(err.Error())
	}
	return code
}

// execute parses args and runs the command. Flags end at the first positional
// argument, which Vault points out in tables (generateFlagWarnings of
// command/base_helpers.go).
func (c *command) execute(args []string) (err error) {
	if err := c.flags.Parse(args); err != nil {
		return usageError("%w\n\nvault COMMAND -help shows the flags that there are; the real vault or bao has all.", err)
	}
	args = c.flags.Args()
	if trailing := trailingFlags(args); len(trailing) > 0 && c.format == formatTable {
		c.Warn("Command flags must be provided before positional arguments. " +
			"The following arguments will not be parsed as flags: [" + strings.Join(trailing, ",") + "]")
	}
	if err := c.countArguments(len(args)); err != nil {
		return err
	}
	if c.check != nil {
		if err := c.check(args); err != nil {
			return err
		}
	}
	client, err := newClient(c.env)
	if err != nil {
		return err
	}
	// vault/api dereferences what a sound answer has and panics where the server
	// under test leaves it out, which must not end the process.
	defer func() {
		if cause := recover(); cause != nil {
			err = serverError("The client library can't handle the server's answer: %v", cause)
		}
	}()
	return c.run(client, args)
}

// trailingFlags returns the positional arguments that look like flags.
func trailingFlags(args []string) []string {
	var found []string
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") && arg != "-" {
			found = append(found, arg)
		}
	}
	return found
}

// countArguments refuses too few and too many positional arguments in the words
// that Vault's commands share.
func (c *command) countArguments(n int) error {
	expected := fmt.Sprint(c.least)
	if c.most > c.least {
		expected += fmt.Sprintf(" or %d", c.most)
	}
	switch {
	case n < c.least:
		return usageError("Not enough arguments (expected %s, got %d)", expected, n)
	case n > c.most && c.most != anyNumber:
		return usageError("Too many arguments (expected %s, got %d)", expected, n)
	}
	return nil
}

// list declares a flag that may be given several times; commas are kept.
func (c *command) list(name, usage string) *[]string {
	var values []string
	c.flags.Func(name, usage+" This can be specified multiple times.", func(value string) error {
		values = append(values, strings.TrimSpace(value))
		return nil
	})
	return &values
}

// wrap breaks s into lines of lineLength, indented by indent.
func wrap(s string, indent int) string {
	return text.Indent(text.Wrap(s, lineLength-indent), strings.Repeat(" ", indent))
}

// cleanPath removes blanks around a path and slashes at its ends, as sanitizePath
// of command/base_helpers.go.
func cleanPath(s string) string { return strings.Trim(strings.TrimSpace(s), "/") }

// mountPath is a mount's name, which ends with a slash, as ensureTrailingSlash of
// command/base_helpers.go.
func mountPath(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, "/") {
		return s
	}
	return s + "/"
}
