// SPDX-License-Identifier: MPL-2.0

// Command bench measures the speed of the mock server and prints it relative to a
// floor from the same run: the same plugin, started and called with go-plugin and
// without a server. Unlike milliseconds, ratios hold on a busy or slow machine.
// With -beside, bench measures a real server in the same run.
//
//	go run ./suites/tests/bench
//	go run ./suites/tests/bench -beside /usr/local/bin/bao
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/progress"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code: 0, 2 for wrong usage
// or 3 for a failure.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 2 && args[0] == bareCommand {
		if err := serveBare(ctx, args[1], stdout); err != nil {
			fmt.Fprintln(stderr, "bench: "+err.Error())
			return 3
		}
		return 0
	}
	if len(args) == 3 && args[0] == startsCommand {
		if err := startMany(args[1], args[2]); err != nil {
			fmt.Fprintln(stderr, "bench: "+err.Error())
			return 3
		}
		return 0
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	s := settings{soakers: 8}
	flags.IntVar(&s.rounds, "rounds", 15, "how many times to measure each start, mount, reload and unmount")
	flags.IntVar(&s.mounts, "mounts", 10000, "how many mounts of one plugin to create and list")
	flags.IntVar(&s.entries, "entries", 100000, "how many plugins to register and list")
	flags.DurationVar(&s.soak, "soak", time.Minute, "how long to use the mock before what it holds is counted")
	flags.DurationVar(&s.load, "load", 3*time.Second, "how long to send requests for each rate")
	flags.StringVar(&s.only, "only", "", "measure only the parts with this `text` in what the progress calls them")
	flags.StringVar(&s.beside, "beside", "", "also measure this `vault` or bao binary, after the mock")
	flags.StringVar(&s.json, "json", "", "also write the figures to this `file`, as JSON")
	flags.StringVar(&s.svg, "svg", "", "also write a picture of them to this `file`")
	flags.Usage = func() {
		fmt.Fprint(stderr, "Measure the mock server beside go-plugin alone.\n\nExamples:\n"+
			"  go run ./suites/tests/bench\n  go run ./suites/tests/bench -rounds 50 -load 10s\n"+
			"  go run ./suites/tests/bench -beside /usr/local/bin/bao\n\nFlags:\n")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 || s.rounds < 1 || s.mounts < window || s.entries < 1 || s.load <= 0 {
		fmt.Fprintln(stderr, "bench: wrong usage: it takes no arguments, at least 1 round, 20 mounts and 1 entry, and a positive duration (see -h)")
		return 2
	}
	if err := bench(ctx, s, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "bench: "+err.Error())
		return 3
	}
	return 0
}

// settings holds the flags.
type settings struct {
	rounds, mounts, entries int
	load, soak              time.Duration
	soakers                 int // clients of a soak, each with a plugin and a mount of its own
	only, beside            string
	json, svg               string
}

// bench builds the programs, measures them one after another and writes the table
// to stdout and its progress to stderr.
func bench(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	all := figures{When: time.Now(), Machine: thisMachine()} // before the load is ours
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	plugins, err := build.Plugins(ctx, build.Options{Names: []string{pluginName}, Stage: progress.NewLog(stderr).Stage})
	if err != nil {
		return err
	}
	p, err := newSubject(plugins[pluginName])
	if err != nil {
		return err
	}
	fmt.Fprintln(stderr, "Building the server …")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir, "github.com/plugproof/plugproof", "github.com/plugproof/plugproof/suites/cmd/plugproof-serve")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // static, as released programs are
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	alone, whole := mock(filepath.Join(dir, "plugproof-serve")), mock(filepath.Join(dir, "plugproof"), "serve")
	var t, beside table
	if err := measure(ctx, s.only, append(ofServer(s, alone, p), ofMock(s, whole, dir, p)...), &t, stderr); err != nil {
		return err
	}
	if s.beside != "" {
		if err := measure(ctx, s.only, ofServer(s, realServer(s.beside), p), &beside, stderr); err != nil {
			return err
		}
		all.Beside = versionOf(ctx, s.beside)
	}
	all.Rows = t.figures(beside)
	return errors.Join(t.write(stdout, beside), all.write(s.json, s.svg))
}

// part is some of the measurements.
type part struct {
	what string
	run  func(context.Context, *table) error
}

// ofServer returns the measurements of any server.
func ofServer(s settings, of program, p *subject) []part {
	var parts []part
	for _, m := range []struct {
		what string
		run  func(context.Context, settings, program, *subject, *table) error
	}{
		{"start", measureStart},
		{"registration, mount and reload", measureLifecycle},
		{"many mounts", measureScale},
		{"many plugins", measureEntries},
		{"requests", measureRequests},
	} {
		parts = append(parts, part{of.name + ": " + m.what, func(ctx context.Context, t *table) error { return m.run(ctx, s, of, p, t) }})
	}
	return parts
}

// ofMock returns the measurements of the mock alone.
func ofMock(s settings, whole program, dir string, p *subject) []part {
	return []part{
		{whole.name + ": start", func(ctx context.Context, t *table) error { return measureStart(ctx, s, whole, p, t) }},
		{"mockserver: start", func(ctx context.Context, t *table) error { return measureStartWithin(ctx, s, t) }},
		{"begin", func(ctx context.Context, t *table) error { return measureBegin(ctx, s.rounds, dir, t) }},
		{"run", func(ctx context.Context, t *table) error { return measureRun(ctx, s.rounds, dir, p, t) }},
		{"soak", func(ctx context.Context, t *table) error { return measureSoak(ctx, s, p, t) }},
	}
}

// measure adds the parts whose names contain only to a table.
func measure(ctx context.Context, only string, parts []part, t *table, stderr io.Writer) error {
	for _, m := range parts {
		if !strings.Contains(m.what, only) {
			continue
		}
		fmt.Fprintf(stderr, "Measuring %s …\n", m.what)
		if err := m.run(ctx, t); err != nil {
			return fmt.Errorf("%s: %w", m.what, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
