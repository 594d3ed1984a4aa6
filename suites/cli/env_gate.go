// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/plugproof/plugproof/suites/env/matrix"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/outfile"
)

// gate is the baseline and what may differ from it.
type gate struct {
	file     string
	update   bool
	baseline *matrix.Matrix
	allow    deviations.List
}

// openGate reads the files of the gate. Without --baseline it lets everything
// pass.
func openGate(f matrixFlags) (*gate, error) {
	g := &gate{file: f.baseline, update: f.update}
	switch {
	case f.baseline == "" && (f.update || f.deviations != ""):
		return nil, errors.New("--update-baseline and --deviations need --baseline FILE")
	case f.baseline == "":
		return g, nil
	// The matrix itself is there.
	case f.baseline == outfile.Stdout:
		return nil, errors.New("--baseline - is not a file; --format json writes a matrix to the standard output")
	}
	if f.update {
		if err := outfile.Check(f.baseline); err != nil {
			return nil, fmt.Errorf("--baseline: %w", err)
		}
	}
	if f.deviations != "" {
		var err error
		if g.allow, err = matrix.LoadDeviations(f.deviations); err != nil {
			return nil, fmt.Errorf("--deviations: %w", err)
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
func (g *gate) compare(r *matrix.Report, servers []deviations.Server) error {
	if g.baseline == nil {
		return nil
	}
	c, err := matrix.Compare(g.baseline, r.Matrix, g.allow, servers)
	if err != nil && !g.update {
		return err
	}
	r.Comparison = c
	return nil
}

// verdict is the command's end: failures before changes, since a matrix with
// holes proves nothing.
func (g *gate) verdict(out io.Writer, r matrix.Report) error {
	if failed := r.Failed(); failed > 0 {
		return fmt.Errorf("cells that could not be measured: %d; the first cause: %s", failed, r.Failures()[0])
	}
	if r.Measured() == 0 {
		return errors.New("nothing could be measured: every row is unsupported on every target, for the reasons in the matrix")
	}
	if g.update {
		// The name was good before the measurement: it is the disk by now.
		if err := matrix.WriteBaseline(g.file, r.Matrix); err != nil {
			return err
		}
		_, err := fmt.Fprintf(out, "stored the result as the baseline %s\n", g.file)
		return err
	}
	if c := r.Comparison; c != nil && len(c.Changes) > 0 {
		return found("changes against %s: %d", g.file, len(c.Changes))
	}
	return nil
}
