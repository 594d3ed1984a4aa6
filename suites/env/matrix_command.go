// SPDX-License-Identifier: MPL-2.0

package env

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/build"
	"github.com/plugproof/plugproof/suites/env/matrix"
	"github.com/plugproof/plugproof/suites/outfile"
	"github.com/plugproof/plugproof/suites/targets"
)

// matrixFlags is what `env` itself is asked.
type matrixFlags struct {
	// targets are the columns, as the user named them.
	targets []string
	// plugins is a folder of built plugins; empty builds the probe.
	plugins string
	// probeImage and probeRuntime are for servers that run containers.
	probeImage   string
	probeRuntime string
	parallel     int
	format       string
	// baseline is the stored matrix; update replaces it, allow excuses changes.
	baseline string
	update   bool
	allow    string
	options  targets.Options
}

// matrixCommand is `env` itself; explain and lint are below it.
func matrixCommand() *cobra.Command {
	var f matrixFlags
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Measure which value of a variable plugins see, and guard it against changes",
		Long: `Measure, with real plugin processes, who wins when a variable comes from several
sides: the plugin's registered env, the environment of the server process, the
server's own variables, go-plugin. A row is a case, a column a target; rows in
which targets differ are marked.

With --baseline the result is held against a stored one. Changes that are meant
to be are listed in the file given with --allow:

  - row: registered-over-host        # or a pattern: opt-out-*
    target: binary:/usr/bin/vault    # optional
    winner: registered               # optional: who may win now
    reason: Vault 1.16 gives the registered env precedence

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
  plugproof env --target binary:/usr/bin/vault --baseline env.json --allow env-allow.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return runMatrix(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.targets, "target", []string{"mock"}, "what is measured, as for plugproof run (repeatable)")
	flags.StringVar(&f.plugins, "plugins", "", "`DIR` with the sample plugins, already built; they are built otherwise")
	flags.StringVar(&f.probeImage, "probe-image", "", "image of the probe plugin, for servers that run plugins in containers: `NAME:VERSION@sha256:HEX`")
	flags.StringVar(&f.probeRuntime, "probe-runtime", "", "plugin runtime of the server for that image; its default without")
	flags.IntVar(&f.parallel, "parallel", 2, "how many servers of one target run at a time")
	flags.StringVar(&f.format, "format", "table", "table, json, markdown or html")
	flags.StringVar(&f.baseline, "baseline", "", "compare with the matrix stored in this `FILE`")
	flags.BoolVar(&f.update, "update-baseline", false, "store the result as the baseline instead")
	flags.StringVar(&f.allow, "allow", "", "`FILE` of allowed changes with their reasons")
	flags.StringVar(&f.options.PluginDir, "plugin-dir", "", "`DIR` in which plugins of a server at an address can be placed")
	flags.BoolVar(&f.options.ThisServer, "yes-this-server", false, "allow a server that is no dev server on loopback")
	return cmd
}

func targetForms() string {
	var lines strings.Builder
	for _, form := range targets.Forms() {
		fmt.Fprintf(&lines, "  %-22s %s\n", form[0], form[1])
	}
	return strings.TrimSuffix(lines.String(), "\n")
}

// runMatrix measures, writes the matrix and then judges it, so that a closed
// gate still leaves the page or table that explains it.
func runMatrix(ctx context.Context, out, progress io.Writer, f matrixFlags) (err error) {
	if err := checkFormat(f.format, "table", "json", "markdown", "html"); err != nil {
		return err
	}
	if f.parallel < 1 {
		return usagef("--parallel %d: at least one server must run at a time", f.parallel)
	}
	// Files are read, and looked at whether they can be written, before minutes are
	// spent on measuring.
	gate, err := openGate(f)
	if err != nil {
		return usage(err)
	}
	image, err := probeImage(f)
	if err != nil {
		return usage(err)
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
	probe, err := probePlugin(ctx, f.plugins, progress)
	if err != nil {
		return err
	}
	// An error here is an interrupt; what single servers fail at is in the cells.
	m, err := matrix.Measure(ctx, matrix.Rows(), chosen, matrix.Options{
		Probe: probe, Image: image, Parallel: f.parallel, Progress: progressLine(progress),
	})
	if err != nil {
		return &exitError{code: codeTarget, err: fmt.Errorf("the measurement was interrupted: %w", err)}
	}
	report := matrix.Report{Matrix: m}
	if err := gate.compare(&report); err != nil {
		return usage(err)
	}
	if err := writeMatrix(out, f.format, report); err != nil {
		return unwritten(err)
	}
	return gate.verdict(report)
}

// writeMatrix writes in a format that checkFormat let pass.
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
			return nil, usagef("--target %s is given twice", name)
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

// probePlugin finds the probe's binary in a folder, or builds it.
func probePlugin(ctx context.Context, folder string, progress io.Writer) (string, error) {
	if folder == "" {
		built, err := build.Plugins(ctx, build.Options{Names: []string{"probe"}, Progress: progress})
		// A missing compiler or checkout is the user's to repair, or to avoid with
		// --plugins; a build that fails is ours.
		if errors.Is(err, build.ErrNoGo) || errors.Is(err, build.ErrNoSources) {
			return "", usage(err)
		}
		if err != nil {
			return "", &exitError{code: codeTarget, err: err}
		}
		return built["probe"], nil
	}
	path, err := filepath.Abs(filepath.Join(folder, "probe"))
	if err != nil {
		return "", usage(err)
	}
	if _, err := os.Stat(path); err != nil {
		return "", usage(fmt.Errorf("--plugins: %w", err))
	}
	return path, nil
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

// gate is the baseline and what may differ from it.
type gate struct {
	file     string
	update   bool
	baseline *matrix.Matrix
	allow    []matrix.Allowance
}

// openGate reads the files of the gate. Without --baseline it lets everything
// pass.
func openGate(f matrixFlags) (*gate, error) {
	g := &gate{file: f.baseline, update: f.update}
	switch {
	case f.baseline == "" && (f.update || f.allow != ""):
		return nil, errors.New("--update-baseline and --allow need --baseline FILE")
	case f.baseline == "":
		return g, nil
	// The matrix itself is there.
	case f.baseline == outfile.Stdout:
		return nil, errors.New("--baseline - is no file; --format json writes a matrix to the standard output")
	}
	if f.update {
		if err := outfile.Check(f.baseline); err != nil {
			return nil, fmt.Errorf("--baseline: %w", err)
		}
	}
	if f.allow != "" {
		file, err := os.Open(f.allow)
		if err != nil {
			return nil, fmt.Errorf("--allow: %w", err)
		}
		defer file.Close()
		if g.allow, err = matrix.ReadAllowances(f.allow, file); err != nil {
			return nil, fmt.Errorf("--allow: %w", err)
		}
	}
	// A device or a pipe holds nothing to compare with; reading it could wait for
	// ever.
	if info, err := os.Stat(f.baseline); err == nil && f.update && !info.Mode().IsRegular() {
		return g, nil
	}
	file, err := os.Open(f.baseline)
	// The first --update-baseline makes the file.
	if errors.Is(err, fs.ErrNotExist) && f.update {
		return g, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--baseline: %w; make it with --update-baseline", err)
	}
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	defer file.Close()
	g.baseline, err = matrix.ReadBaseline(f.baseline, file)
	if err != nil && f.update {
		return g, nil // it is replaced anyway
	}
	return g, err
}

// compare adds the comparison to the report if there is a baseline. One that is
// to be replaced may have other columns.
func (g *gate) compare(r *matrix.Report) error {
	if g.baseline == nil {
		return nil
	}
	c, err := matrix.Compare(g.baseline, r.Matrix, g.allow)
	if err != nil && !g.update {
		return err
	}
	r.Comparison = c
	return nil
}

// verdict is the command's end: failures before changes, since a matrix with
// holes proves nothing.
func (g *gate) verdict(r matrix.Report) error {
	if failed := r.Failed(); failed > 0 {
		return &exitError{code: codeTarget, err: fmt.Errorf("cells that could not be measured: %d; the first cause: %s", failed, r.Failures()[0])}
	}
	if g.update {
		// The name was good before the measurement: it is the disk by now.
		if err := matrix.WriteBaseline(g.file, r.Matrix); err != nil {
			return &exitError{code: codeTarget, err: err}
		}
		return nil
	}
	if c := r.Comparison; c != nil && len(c.Changes) > 0 {
		return errFound(fmt.Sprintf("changes against %s: %d", g.file, len(c.Changes)))
	}
	return nil
}

// progressLine counts rows on one line of a terminal and is quiet elsewhere.
func progressLine(w io.Writer) func(done, all int) {
	file, ok := w.(*os.File)
	if !ok || !isatty.IsTerminal(file.Fd()) {
		return nil
	}
	return func(done, all int) {
		text := fmt.Sprintf("\r%d of %d measured\x1b[K", done, all)
		if done == all {
			text = "\r\x1b[K"
		}
		_, _ = io.WriteString(file, text) // a lost progress line harms nobody
	}
}
