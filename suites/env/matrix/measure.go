// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/plugproof/plugproof/steps"
)

// Options of a measurement.
type Options struct {
	// Probe is the path of the probe plugin's binary.
	Probe string
	// Image is the probe plugin as an image, for the rows about containers. Nil has
	// targets make one that can (steps.ContainerPlugins), and leaves these rows out for
	// others.
	Image *Image
	// Parallel is how many servers run at a time for one target, at least 1.
	Parallel int
	// Progress is called whenever a row of a target is done, by several
	// goroutines; it may be nil.
	Progress func(done, all int)
}

// Measure asks every target every row. A target that fails does not end the
// others: its cells say so. The error is ctx's, or one of the plugin's binary.
func Measure(ctx context.Context, rows []Row, targets []steps.Target, opts Options) (*Matrix, error) {
	m := &Matrix{Format: Format, Targets: make([]Column, len(targets))}
	for _, r := range rows {
		m.Rows = append(m.Rows, Result{
			ID: r.ID, Group: r.Group, Title: r.Title, Variable: r.Name, Volatile: r.Volatile,
			Host: r.Host, Registered: r.Registered, Cells: make([]Cell, len(targets)),
		})
	}
	count := &progress{all: len(rows) * len(targets), report: opts.Progress}
	var group errgroup.Group
	for i, target := range targets {
		group.Go(func() error {
			run := &run{target: target, opts: opts, count: count, cells: make(map[string]Cell)}
			run.measure(ctx, rows)
			addOwn(rows, run.cells)
			m.Targets[i] = Column{Name: target.Name(), Version: run.version}
			for n, r := range rows {
				m.Rows[n].Cells[i] = run.cells[r.ID]
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return m, nil
}

// run is the measurement of one target.
type run struct {
	target steps.Target
	opts   Options
	count  *progress

	mu      sync.Mutex
	cells   map[string]Cell
	version string
}

func (r *run) measure(ctx context.Context, rows []Row) {
	var group errgroup.Group
	group.SetLimit(max(1, r.opts.Parallel))
	for _, s := range pack(r.possible(rows)) {
		group.Go(func() error {
			cells, version, err := r.ask(ctx, s)
			if err != nil {
				cells = failedCells(s, err)
			}
			r.store(cells, version)
			return nil
		})
	}
	_ = group.Wait() // the functions return no errors
}

// possible leaves out the rows that the target can't do, and says so in their
// cells.
func (r *run) possible(rows []Row) []Row {
	var rest []Row
	unsupported := make(map[string]Cell)
	for _, row := range rows {
		reason := r.target.Unsupported(steps.PluginDirectory)
		if reason == "" && len(row.Host)+len(row.ThenHost) > 0 {
			reason = r.target.Unsupported(steps.HostEnvironment)
		}
		if reason == "" && row.Container && r.opts.Image == nil {
			if reason = r.target.Unsupported(steps.ContainerPlugins); reason != "" {
				reason += ", and no image of the probe plugin was named with --probe-image"
			}
		}
		if reason != "" {
			unsupported[row.ID] = Cell{Winner: Unsupported, Reason: reason}
			continue
		}
		rest = append(rest, row)
	}
	r.store(unsupported, "")
	return rest
}

func (r *run) store(cells map[string]Cell, version string) {
	r.mu.Lock()
	maps.Copy(r.cells, cells)
	if version != "" {
		r.version = version
	}
	r.mu.Unlock()
	r.count.add(len(cells))
}

func failedCells(s *setting, err error) map[string]Cell {
	cells := make(map[string]Cell)
	for _, p := range s.plugins {
		for _, row := range p.rows {
			cells[row.ID] = Cell{Winner: Failed, Reason: reasonOf(err)}
		}
	}
	return cells
}

// reasonOf is an error's text. Each server has a temporary directory of another
// name; without it, what stops them all is one cause and not one a server.
func reasonOf(err error) string {
	text := err.Error()
	if place := new(fs.PathError); errors.As(err, &place) && filepath.Dir(place.Path) == filepath.Clean(os.TempDir()) {
		text = strings.Replace(text, place.Path, filepath.Join(os.TempDir(), "…"), 1)
	}
	return text
}

// ask starts a server with the setting's environment and asks all its rows.
func (r *run) ask(ctx context.Context, s *setting) (cells map[string]Cell, version string, err error) {
	spec := steps.Spec{Env: s.host.entries, Fresh: r.target.Unsupported(steps.OwnServer) == ""}
	server, err := r.target.Server(ctx, spec)
	if errors.Is(err, steps.ErrUnsupported) {
		return unsupportedCells(s, err), "", nil
	}
	if err != nil {
		return nil, "", err
	}
	// Servers are ended even when the run is cancelled.
	defer func() { err = errors.Join(err, server.Close(context.WithoutCancel(ctx))) }()
	c := newClient(server)
	if version, err = c.version(ctx); err != nil {
		return nil, "", err
	}
	prefix, err := freshPrefix()
	if err != nil {
		return nil, "", err
	}
	sum, err := steps.PlacePlugin(ctx, server, prefix, r.opts.Probe)
	if err != nil {
		return nil, version, fmt.Errorf("placing the probe plugin: %w", err)
	}
	binary := registration{Command: prefix, SHA256: sum}
	cells = make(map[string]Cell)
	for i, p := range s.plugins {
		what := binary
		var err error
		if p.container {
			what, err = r.image(ctx, c)
		}
		what.Env = p.registered.entries
		if err == nil {
			err = c.askPlugin(ctx, fmt.Sprintf("%s-%d", prefix, i), what, s, p, cells)
		}
		switch {
		case err != nil && p.container && !errors.Is(err, errAsked):
			// It can't run this image; that some servers run none is not a failure.
			for _, row := range p.rows {
				cells[row.ID] = Cell{Winner: Unsupported, Reason: err.Error()}
			}
		case err != nil:
			return nil, version, err
		}
	}
	return cells, version, nil
}

// image returns the registration of the probe plugin as an image. Where the target makes
// it, the server gets a runtime for it too.
func (r *run) image(ctx context.Context, c *client) (registration, error) {
	if r.opts.Image != nil {
		return r.opts.Image.registration(), nil
	}
	made, err := steps.ImageOf(ctx, r.target, r.opts.Probe)
	if err != nil {
		return registration{}, err
	}
	runtime := "plugproof-" + made.OCIRuntime
	err = c.call(ctx, http.MethodPut, "sys/plugins/runtimes/catalog/container/"+runtime, map[string]any{"oci_runtime": made.OCIRuntime}, nil)
	if err != nil {
		return registration{}, fmt.Errorf("registering a runtime for the probe plugin: %w", err)
	}
	return registration{Image: made.Name, SHA256: made.Digest, Runtime: runtime}, nil
}

func unsupportedCells(s *setting, err error) map[string]Cell {
	cells := failedCells(s, err)
	for id, c := range cells {
		cells[id] = Cell{Winner: Unsupported, Reason: c.Reason}
	}
	return cells
}

// freshPrefix names the plugins of one server, so that on a server that
// somebody else uses nothing of theirs is touched.
func freshPrefix() (string, error) {
	b := make([]byte, 4)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return "plugproof-env-" + hex.EncodeToString(b), nil
}

// progress counts rows over all targets.
type progress struct {
	mu        sync.Mutex
	done, all int
	report    func(done, all int)
}

func (p *progress) add(n int) {
	if p.report == nil || n == 0 {
		return
	}
	p.mu.Lock()
	p.done += n
	done := p.done
	p.mu.Unlock()
	p.report(done, p.all)
}
