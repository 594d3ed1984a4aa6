// SPDX-License-Identifier: MPL-2.0

// Package cli is the command line of plugproof: one file a command, each over a
// library.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/cli/serve"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// Main runs one command line and returns the exit code of the program. SIGINT, SIGTERM
// and the end of the terminal end the command, which removes what it made; the second
// signal ends the program at once.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := root()
	command.SetArgs(args)
	ctx, stop := signal.NotifyContext(ctx, endSignals(command, args)...)
	defer stop()
	context.AfterFunc(ctx, stop)
	printed := &output{to: stdout}
	command.SetOut(printed)
	command.SetErr(stderr)
	begun := false
	onRun(command, func() {
		begun = true
		command.SetOut(stdout)
	})
	err := command.ExecuteContext(ctx)
	if !begun {
		err = usage.Wrap(err) // flags, arguments and configuration
		if printed.err != nil {
			err = fmt.Errorf("write the standard output: %w", printed.err)
		}
	}
	if err != nil && err.Error() != "" && ctx.Err() != nil {
		err = interrupted(ctx, err)
	}
	if err != nil && err.Error() != "" {
		// Nothing can be done about a stderr that is gone.
		_, _ = fmt.Fprintln(forLog(stderr), "plugproof: "+err.Error())
	}
	return exitCode(err)
}

// endSignals returns the signals that end a command. A server decides itself what SIGHUP
// means, and nohup has it ignored.
func endSignals(root *cobra.Command, args []string) []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if command, _, err := root.Find(args); err == nil && command.Name() == "serve" || signal.Ignored(syscall.SIGHUP) {
		return signals
	}
	return append(signals, syscall.SIGHUP)
}

func root() *cobra.Command {
	root := &cobra.Command{
		Use:           "plugproof",
		Short:         "Check that plugins and servers keep the contract of Vault-compatible plugin management",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          takes(0, 0),
		RunE:          func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	var file string
	root.PersistentFlags().StringVar(&file, "config", defaultFile, "configuration `FILE`; the default need not exist")
	root.PersistentPreRunE = func(command *cobra.Command, _ []string) error {
		if err := refuseEmpty(command); err != nil {
			return err
		}
		if !hasSettings(command) {
			return checkOutput(command.Flags())
		}
		if err := configure(command, settingsFile(command, file), os.Environ()); err != nil {
			return err
		}
		return checkOutput(command.Flags())
	}
	root.AddCommand(
		runCommand(),
		requirementsCommand(),
		stepsCommand(),
		checkCommand(),
		initCommand(),
		reportCommand(),
		envCommand(),
		replayCommand(),
		recordCommand(),
		diffCommand(),
		dialectsCommand(),
		serve.Command(),
		vaultCommand(),
		manCommand(),
		versionCommand(),
	)
	completeValues(root)
	root.SetFlagErrorFunc(flagError)
	return root
}

// settingsFile returns the file of plugproof's own configuration: that of --config, of
// which serve takes those of servers too.
func settingsFile(command *cobra.Command, file string) string {
	flag := command.Flags().Lookup("config")
	if flag == nil {
		return file
	}
	list, ok := flag.Value.(pflag.SliceValue)
	if !ok {
		return file
	}
	for _, named := range list.GetSlice() {
		if serve.IsSettings(named) {
			file = named
		}
	}
	return file
}

// output is the standard output of help, of completion scripts and of --version, whose
// writers forget that it can't be written.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(text []byte) (int, error) {
	n, err := o.to.Write(text)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// onRun has begin called when the work of any command begins.
func onRun(command *cobra.Command, begin func()) {
	if run := command.RunE; run != nil {
		command.RunE = func(command *cobra.Command, args []string) error {
			begin()
			return run(command, args)
		}
	}
	for _, child := range command.Commands() {
		onRun(child, begin)
	}
}
