// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/env/matrix"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// matrixFlags is what `env` itself is asked.
type matrixFlags struct {
	reports reports
	// targets are the columns, as the user named them.
	targets []string
	plugins string
	// probeImage and probeRuntime are for servers that run containers.
	probeImage   string
	probeRuntime string
	concurrency  int
	// baseline is the stored matrix; update replaces it, deviations excuse changes.
	baseline   string
	update     bool
	deviations string
	options    targets.Options
	document
}

// envCommand is 'plugproof env'; explain and lint are below it.
func envCommand() *cobra.Command {
	var f matrixFlags
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Measure which value of a variable plugins see, and guard it against changes",
		Long: `Measure, with real plugin processes, who wins when a variable comes from several
sides: the plugin's registered env, the environment of the server process, the
server's own variables, go-plugin. A row is a case, a column a target; rows in
which targets differ are marked.

With --baseline the result is held against a stored one. Changes that are meant
to be are listed in the file given with --deviations, in which entries for run,
check, replay and diff may stand too:

  - row: registered-over-host        # or a pattern: opt-out-*
    target: binary:/usr/bin/vault    # optional, or a pattern
    servers: [vault>=1.16]           # optional
    winner: registered               # optional: who may win now
    reason: Vault 1.16 gives the registered env precedence
    expires: 2027-06-30              # optional: afterwards it is a change again

Exit code 0 when all was measured and nothing changed, 1 when something changed
that is not allowed, 2 on wrong usage, 3 when a target failed or the result could
not be written.

Targets:
` + targetForms(),
		Example: `  # What does the upgrade change?
  plugproof env --target mock:vault-1.15 --target mock:vault-1.16

  # A page for people
  plugproof env --target binary:/usr/local/bin/bao --format html > env.html

  # A gate in CI
  plugproof env --target binary:/usr/bin/vault --baseline env.json --update-baseline
  plugproof env --target binary:/usr/bin/vault --baseline env.json --deviations env-allow.yaml`,
		Args: takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runMatrix(cmd, f)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.targets, "target", []string{"mock"}, "what is measured, as for plugproof run")
	addPluginsFlag(flags, &f.plugins)
	flags.StringVar(&f.probeImage, "probe-image", "", "image of the probe plugin, for servers that run plugins in containers: `NAME:VERSION@sha256:HEX`;\nwithout it one is made for servers on this machine if it has a container engine")
	flags.StringVar(&f.probeRuntime, "probe-runtime", "", "plugin runtime of the server for that image; its default without")
	addConcurrencyFlag(flags, &f.concurrency, 2, "servers of one target")
	f.addFlags(flags, "text", "json", "markdown", "html")
	flags.StringVar(&f.baseline, "baseline", "", "compare with the matrix stored in this `FILE`")
	flags.BoolVar(&f.update, "update-baseline", false, "store the result as the baseline instead")
	addDeviationsFlag(flags, &f.deviations)
	f.reports.addFlags(flags, report.Matrix)
	addServerFlags(flags, &f.options.PluginDir, &f.options.ThisServer)
	cmd.AddCommand(explainCommand(), lintCommand())
	return cmd
}

// runMatrix measures, writes the matrix and then judges it, so that a closed
// gate still leaves the page or table that explains it.
func runMatrix(cmd *cobra.Command, f matrixFlags) (err error) {
	ctx, line := cmd.Context(), newProgress(cmd)
	defer line.Finish()
	// Files are read, and looked at whether they can be written, before minutes are
	// spent on measuring.
	if err := f.reports.verify(cmd.Flags()); err != nil {
		return err
	}
	if err := refuseAddressFlags(cmd, f.targets...); err != nil {
		return err
	}
	started := time.Now()
	gate, err := openGate(f)
	if err != nil {
		return usage.Wrap(err)
	}
	image, err := probeImage(f)
	if err != nil {
		return usage.Wrap(err)
	}
	chosen, err := parseTargets(f)
	if err != nil {
		return err
	}
	// Targets are ended on every way out, an interrupt included: no server and no
	// plugin process is left behind.
	defer func() {
		for _, t := range chosen {
			err = errors.Join(err, t.Close(context.WithoutCancel(ctx)))
		}
	}()
	plugins, err := build.Find(ctx, f.plugins, build.Options{Names: []string{"probe"}, Stage: line.Stage})
	if err != nil {
		return err
	}
	// An error here is an interrupt; what single servers fail at is in the cells.
	m, err := matrix.Measure(ctx, matrix.Rows(), chosen, matrix.Options{
		Probe: plugins["probe"], Image: image, Parallel: f.concurrency, Progress: func(done, all int) { line.Count(done, all, "cells measured") },
	})
	if err != nil {
		return err
	}
	measured := matrix.Report{Matrix: m}
	var servers []deviations.Server
	for _, target := range chosen {
		server, err := serverOf(ctx, target, gate.allow.NameServers())
		if err != nil && m.Failed() == 0 { // else the matrix says so
			return err
		}
		servers = append(servers, server)
	}
	if err := gate.compare(&measured, servers); err != nil {
		return usage.Wrap(err)
	}
	line.Finish()
	if err := f.writeBeside(cmd, &f.reports, func(w io.Writer) error { return writeMatrix(w, f.format, measured) }); err != nil {
		return err
	}
	own := ownForms{"text": measured.WriteTable, "markdown": measured.WriteMarkdown, "html": measured.WriteHTML}
	if err := f.reports.write(cmd, measured.Run(started), own); err != nil {
		return err
	}
	return gate.verdict(cmd.ErrOrStderr(), measured)
}

// writeMatrix writes in a format that the command has.
func writeMatrix(out io.Writer, format string, r matrix.Report) error {
	switch format {
	case "json":
		return r.WriteJSON(out)
	case "markdown":
		return r.WriteMarkdown(out)
	case "html":
		return r.WriteHTML(out)
	}
	return r.WriteTable(out)
}

// parseTargets makes the targets without starting any. The same name twice is
// refused: a column could no longer be told from the other.
func parseTargets(f matrixFlags) ([]steps.Target, error) {
	var chosen []steps.Target
	seen := make(map[string]bool)
	for _, name := range f.targets {
		if seen[name] {
			return nil, usage.Errorf("--target %s is given twice", name)
		}
		seen[name] = true
		t, err := targets.Parse(name, f.options)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, t)
	}
	return chosen, nil
}

// probeImage is nil without the flag: then no plugin runs in a container.
func probeImage(f matrixFlags) (image *matrix.Image, err error) {
	switch {
	case f.probeImage != "":
		if image, err = matrix.ParseImage(f.probeImage, f.probeRuntime); err != nil {
			err = fmt.Errorf("--probe-image: %w", err)
		}
	case f.probeRuntime != "":
		err = errors.New("--probe-runtime needs --probe-image")
	}
	return image, err
}
