// SPDX-License-Identifier: MPL-2.0

// Command plugproof proves that a plugin, or a server, keeps the contract of
// Vault-compatible plugin management.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver/serve"
	"github.com/plugproof/plugproof/steps/vaultcli"
	"github.com/plugproof/plugproof/suites/dialects"
	"github.com/plugproof/plugproof/suites/diff"
	"github.com/plugproof/plugproof/suites/env"
	"github.com/plugproof/plugproof/suites/record"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/run"
)

func main() { os.Exit(execute(context.Background(), os.Args[1:])) }

// execute runs one command line and gives its exit code: 0 conforms, 1 does
// not, 2 wrong usage or configuration, 3 the harness or the target failed.
func execute(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use:           "plugproof",
		Short:         "Proves that plugins and servers keep the contract of Vault-compatible plugin management",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		run.Command(),
		run.RequirementsCommand(),
		run.CheckCommand(),
		env.Command(),
		replay.Command(),
		record.Command(),
		diff.Command(),
		dialects.Command(),
		serve.Command(),
		vaultcli.Command(),
	)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	// A vault command has said everything by then.
	if spoken := new(vaultcli.ExitError); err.Error() != "" && !errors.As(err, &spoken) {
		fmt.Fprintln(os.Stderr, "plugproof: "+err.Error())
	}
	// Commands choose their code; what cobra itself refuses is wrong usage.
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return 2
}

// version is what the program was built from: a released version, or the
// commit that it was built at.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version + ", " + info.GoVersion
}
