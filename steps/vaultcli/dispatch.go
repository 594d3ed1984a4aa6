// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// command is one entry of Vault's tree of commands.
type command struct {
	// name is all its words, "plugin register".
	name string
	// synopsis is its line in the parent's list.
	synopsis string
	// help is what -help prints above the flags; it begins with "Usage: vault".
	help string
	// outputs are the output flags it has.
	outputs outputs
	// action makes a fresh one for each run, because flags are parsed into it.
	// A group of commands has none: it prints its help.
	action func() action
}

// action is what a command does.
type action interface {
	// flags declares the command's own flags.
	flags(*flagSet)
	// run gets the positional arguments. What it returns decides the exit
	// code, see failure.
	run(inv *invocation, args []string) error
}

// failure ends a command with a code. Its message goes to stderr as Vault words
// it; without one everything has been printed already.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit code %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// misuse is wrong usage: exit code 1.
func misuse(format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// refused is a failed request or a client that can't be made: exit code 2.
func refused(format string, args ...any) error {
	return &failure{code: exitServer, err: fmt.Errorf(format, args...)}
}

// silently ends with a code after everything has been printed.
func silently(code int) error {
	if code == exitOK {
		return nil
	}
	return &failure{code: code}
}

// commandLine is args taken apart as Vault's command library does.
type commandLine struct {
	cmd  *command // nil: unknown
	args []string // what follows the command's words
	help bool
	// early are flags before the first word; Vault refuses them.
	early bool
}

// parseCommandLine finds the longest run of words that is a command. -h, -help
// and --help count anywhere before `--`.
func parseCommandLine(all []command, args []string) commandLine {
	var line commandLine
	found := false
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			break
		}
		switch {
		case arg == "-h" || arg == "-help" || arg == "--help":
			line.help = true
		case found || arg == "":
		case arg[0] == '-':
			line.early = true
		default:
			found = true
			line.cmd, line.args = longestCommand(all, args[i:])
			i = len(args) - len(line.args) - 1
		}
	}
	return line
}

// longestCommand finds the command that the most words at the beginning name; words
// end at a flag, an empty argument or one with a blank. Without a command the first
// word is dropped from what is left, as an unknown command's name.
func longestCommand(all []command, args []string) (*command, []string) {
	end := slices.IndexFunc(args, func(arg string) bool {
		return arg == "" || arg[0] == '-' || strings.ContainsRune(arg, ' ')
	})
	if end < 0 {
		end = len(args)
	}
	for n := end; n > 0; n-- {
		name := strings.Join(args[:n], " ")
		for i := range all {
			if all[i].name == name {
				return &all[i], args[n:]
			}
		}
	}
	return nil, args[min(1, len(args)):]
}

// dispatch runs what args name and returns the exit code.
func dispatch(inv *invocation, args []string) int {
	all := commands()
	line := parseCommandLine(all, args)
	switch {
	case line.cmd == nil && line.help && !hasWord(args):
		_, _ = io.WriteString(inv.stdout, rootHelp(all)+"\n")
		return exitOK
	case line.cmd == nil:
		_, _ = io.WriteString(inv.stderr, rootHelp(all)+"\n")
		return exitUnknown
	case line.help:
		_, _ = io.WriteString(inv.stdout, line.cmd.fullHelp(all, inv.env))
		return exitOK
	case line.early:
		_, _ = io.WriteString(inv.stderr, "Invalid flags before the subcommand. If these flags are for\n"+
			"the subcommand, please put them after the subcommand.\n\n"+line.cmd.fullHelp(all, inv.env))
		return exitUsage
	case line.cmd.action == nil:
		_, _ = io.WriteString(inv.stderr, line.cmd.fullHelp(all, inv.env))
		return exitUsage
	}
	return inv.carryOut(line.cmd, line.args)
}

// hasWord tells whether anything but flags was given.
func hasWord(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool { return arg != "" && arg[0] != '-' })
}

// carryOut parses a command's flags, runs it and turns its error into an exit
// code.
func (inv *invocation) carryOut(cmd *command, args []string) int {
	act := cmd.action()
	set := cmd.flagSet(act, &inv.connection, inv)
	err := set.parse(inv, args, cmd.outputs.raw)
	if err == nil {
		inv.set = set
		err = inv.attempt(act, set.main.Args())
	}
	inv.close()
	if err == nil {
		return exitOK
	}
	inv.err = err
	var fail *failure
	if !errors.As(err, &fail) {
		fail = &failure{code: exitServer, err: err}
	}
	if fail.err != nil {
		inv.complain(fail.err.Error())
	}
	return fail.code
}

// attempt runs the action. vault/api dereferences what a sound answer has and
// panics where a server under test leaves it out; that is the server's failure
// and must not end the process.
func (inv *invocation) attempt(act action, args []string) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = refused("The client library can't handle the server's answer: %v", cause)
		}
	}()
	return act.run(inv, args)
}
