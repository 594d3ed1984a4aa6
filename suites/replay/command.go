// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/targets"
)

// ErrDifferent is returned by the commands when they found differences: exit
// code 1.
var ErrDifferent = fmt.Errorf("the answers differ")

type flags struct {
	target, commandLine string
	files, cases, areas []string
	plugins             map[string]string
	parallel            int
	verbose             bool

	oneServer, thisServer bool
	pluginDir             string
}

// Command is `plugproof replay`.
func Command() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "replay --target TARGET --file RECORDING",
		Short: "Send recorded requests to a server and show where its answers differ",
		Example: `  plugproof replay --target binary:/usr/bin/bao --file openbao-2.5.5.json --plugin probe=./probe
  plugproof replay --target mock:vault-1.14 --file vault-1.14.3.json --case env-conflict -v`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&f.target, "target", "", "the server: binary:PATH")
	cmd.Flags().StringVar(&f.commandLine, "command-line", "", "a vault or bao program for the cli steps")
	cmd.Flags().StringSliceVar(&f.files, "file", nil, "recording to replay; may be repeated")
	cmd.Flags().StringSliceVar(&f.cases, "case", nil, "only this case (a pattern as of file names); may be repeated")
	cmd.Flags().StringSliceVar(&f.areas, "area", nil, "only cases of this area; may be repeated")
	cmd.Flags().StringToStringVar(&f.plugins, "plugin", nil, "a file of the plugin directory: NAME=PATH; may be repeated")
	cmd.Flags().IntVar(&f.parallel, "parallel", 2, "how many cases run at a time")
	cmd.Flags().BoolVar(&f.oneServer, "one-server", false, "let the cases share a server, as one that is already running must")
	cmd.Flags().StringVar(&f.pluginDir, "plugin-dir", "", "plugin directory of a server that is already running")
	cmd.Flags().BoolVar(&f.thisServer, "this-server", false, "change a running server that is not a development server on loopback")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show listed differences and progress too")
	cmd.MarkFlagRequired("target")
	cmd.MarkFlagRequired("file")
	return cmd
}

func (f *flags) run(ctx context.Context, stdout, stderr io.Writer) error {
	target, err := targets.Parse(f.target, targets.Options{PluginDir: f.pluginDir, ThisServer: f.thisServer})
	if err != nil {
		return err
	}
	defer target.Close(context.WithoutCancel(ctx))
	runner := &Runner{Target: target, Shared: f.oneServer, Binaries: maps.Clone(f.plugins)}
	if f.commandLine != "" {
		runner.CommandLine = BinaryCommandLine(f.commandLine)
	}
	different := false
	for _, file := range f.files {
		rec, err := LoadFile(file)
		if err != nil {
			return err
		}
		opts := Options{Parallel: f.parallel, Select: f.selected}
		if f.verbose {
			begin := time.Now()
			opts.Done = func(id string) { fmt.Fprintf(stderr, "%6.1fs %s\n", time.Since(begin).Seconds(), id) }
		}
		report := runner.Replay(ctx, filepath.Base(file), rec, opts)
		report.WriteDifferences(stdout, f.verbose)
		fmt.Fprintln(stdout)
		if err := report.WriteTable(stdout); err != nil {
			return err
		}
		different = different || report.Failed()
	}
	if different {
		return ErrDifferent
	}
	return nil
}

func (f *flags) selected(id string, c *Case) bool {
	matches := func(pattern string) bool {
		ok, err := filepath.Match(pattern, id)
		return err == nil && ok
	}
	return (len(f.cases) == 0 || slices.ContainsFunc(f.cases, matches)) &&
		(len(f.areas) == 0 || slices.Contains(f.areas, c.Area))
}
