// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/cli"

	"github.com/plugproof/plugproof/steps"
)

// theRest ends every help text.
const theRest = "This is what Plugproof itself runs of Vault's command line. The whole of it is\nthe real vault or bao."

// CommandLine implements steps.CommandLine in this process.
type CommandLine struct{}

var _ steps.CommandLine = CommandLine{}

// Run runs one command line, args being what follows `vault`. env is its whole
// environment: the process's own is not used, so that runs with different
// addresses and tokens can go on side by side. What counts is in newClient.
func (CommandLine) Run(ctx context.Context, args []string, env map[string]string, stdout, stderr io.Writer) (int, error) {
	s := &session{ctx: ctx, env: env, stdout: stdout, Ui: &cli.BasicUi{Writer: stdout, ErrorWriter: stderr}}
	program := cli.CLI{
		Name:        "vault",
		Args:        args,
		Commands:    s.commands(),
		HelpFunc:    help,
		HelpWriter:  stdout,
		ErrorWriter: stderr,
	}
	if name := unknownCommand(args, program.Commands); name != "" {
		s.Error(fmt.Sprintf("There is no command %q here.\n", name))
	}
	return program.Run()
}

// unknownCommand returns the words of a command that is none; empty where there is one, or
// only a group or flags.
func unknownCommand(args []string, known map[string]cli.CommandFactory) string {
	name := ""
	for _, word := range args {
		if strings.HasPrefix(word, "-") {
			return ""
		}
		name = strings.TrimSpace(name + " " + word)
		isGroup := slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(other string) bool { return strings.HasPrefix(other, name+" ") })
		if known[name] == nil {
			return name
		}
		if !isGroup {
			return ""
		}
	}
	return ""
}

// Unsupported returns an empty string: plugin register has -env.
func (CommandLine) Unsupported(context.Context, steps.Capability) string { return "" }

// session is one command line under way. It belongs to one goroutine.
type session struct {
	ctx    context.Context
	env    map[string]string
	stdout io.Writer
	// Ui prints lines on stdout; Vault's warnings and errors go to stderr.
	cli.Ui
}

// commands are all there are, by their words.
func (s *session) commands() map[string]cli.CommandFactory {
	factories := make(map[string]cli.CommandFactory)
	for name, command := range map[string]func(*session) *command{
		"read":   readCommand,
		"write":  writeCommand,
		"status": statusCommand,

		"plugin register":   pluginRegister,
		"plugin deregister": pluginDeregister,
		"plugin info":       pluginInfo,
		"plugin list":       pluginList,
		"plugin reload":     pluginReload,

		"secrets enable":  func(s *session) *command { return mountEnable(s, secrets()) },
		"secrets disable": func(s *session) *command { return mountDisable(s, secrets()) },
		"secrets list":    func(s *session) *command { return mountList(s, secrets()) },
		"secrets tune":    secretsTune,
		"secrets move":    secretsMove,

		"auth enable":  func(s *session) *command { return mountEnable(s, auth()) },
		"auth disable": func(s *session) *command { return mountDisable(s, auth()) },
		"auth list":    func(s *session) *command { return mountList(s, auth()) },

		"token create":       tokenCreate,
		"token lookup":       tokenLookup,
		"token capabilities": tokenCapabilities,

		"policy list": policyList,
	} {
		factories[name] = func() (cli.Command, error) { return command(s), nil }
	}
	for name, synopsis := range map[string]string{
		"plugin":  "Interact with Vault plugins and catalog",
		"secrets": "Interact with secrets engines",
		"auth":    "Interact with auth methods",
		"token":   "Interact with tokens",
		"policy":  "Interact with policies",
	} {
		factories[name] = func() (cli.Command, error) { return group{name, synopsis}, nil }
	}
	return factories
}

// help lists commands as command/main.go does, whose two groups are one here.
func help(commands map[string]cli.CommandFactory) string {
	var b strings.Builder
	b.WriteString("Usage: vault <command> [args]\n\nCommands:\n")
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		// The factories above do not fail.
		if command, err := commands[name](); err == nil {
			fmt.Fprintf(&b, "    %-10s  %s\n", name, command.Synopsis())
		}
	}
	return b.String() + "\n" + theRest
}

// group is the first word of several commands; it shows its help.
type group struct{ name, synopsis string }

// Synopsis implements cli.Command.
func (g group) Synopsis() string { return g.synopsis }

// Help implements cli.Command; hashicorp/cli adds the subcommands.
func (g group) Help() string {
	return "Usage: vault " + g.name + " <subcommand> [options] [args]\n\n  " + g.synopsis + ".\n\n" + theRest
}

// Run implements cli.Command.
func (group) Run([]string) int { return cli.RunResultHelp }
