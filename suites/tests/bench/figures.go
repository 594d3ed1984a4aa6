// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// figures are the measurements of a run, as they are written to a file.
type figures struct {
	When    time.Time `json:"when"`
	Machine machine   `json:"machine"`
	// Beside is the version of the real server that was measured too.
	Beside string   `json:"beside,omitempty"`
	Rows   []figure `json:"rows"`
}

// machine is where the figures were measured.
type machine struct {
	Processor  string `json:"processor,omitempty"`
	Processors int    `json:"processors"`
	Platform   string `json:"platform"`
	Go         string `json:"go"`
	// Load is the average load of the minute before, and 0 if it is not known.
	Load float64 `json:"load,omitempty"`
}

// figure is one measurement; numbers that were not measured are 0.
type figure struct {
	Measure string  `json:"measure"`
	Unit    string  `json:"unit"`
	Mock    float64 `json:"mock"`
	Floor   float64 `json:"floor,omitempty"`
	Beside  float64 `json:"beside,omitempty"`
	Aim     string  `json:"aim,omitempty"`
}

// rate reports whether more is better.
func (f figure) rate() bool { return f.Unit == unitRate }

// better returns how many times better the mock is than another figure.
func (f figure) better(than float64) float64 {
	if f.rate() {
		return f.Mock / than
	}
	return than / f.Mock
}

// thisMachine describes the machine of the run.
func thisMachine() machine {
	m := machine{Processors: runtime.NumCPU(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	// Both files are Linux's; elsewhere the fields stay empty.
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(text), "model name")
		line, _, _ := strings.Cut(rest, "\n")
		m.Processor = strings.TrimLeft(line, "\t :")
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(text), &m.Load)
	}
	return m
}

// versionOf returns what a server's program says its version is, in a line.
func versionOf(ctx context.Context, program string) string {
	out, err := exec.CommandContext(ctx, program, "version").Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || line == "" {
		return filepath.Base(program)
	}
	if line, _, _ = strings.Cut(line, ","); strings.Contains(line, " (") {
		line, _, _ = strings.Cut(line, " (")
	}
	return line
}

// figures returns the rows of a table, with those of the server beside it.
func (t *table) figures(beside table) []figure {
	all := make([]figure, 0, len(t.rows))
	for i, r := range t.rows {
		f := figure{Measure: strings.TrimSpace(r.what), Unit: r.unit, Mock: r.mock, Floor: r.below, Aim: r.aim}
		if i < len(beside.rows) {
			f.Beside = beside.rows[i].mock
		}
		all = append(all, f)
	}
	return all
}

// write writes the figures as JSON and as a picture, to the files that have a name.
func (f figures) write(jsonFile, svgFile string) error {
	var errs []error
	if jsonFile != "" {
		text, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return err
		}
		errs = append(errs, writeFile(jsonFile, append(text, '\n')))
	}
	if svgFile != "" {
		errs = append(errs, writeFile(svgFile, []byte(f.picture())))
	}
	return errors.Join(errs...)
}

func writeFile(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
