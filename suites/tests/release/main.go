// SPDX-License-Identifier: MPL-2.0

// Command release makes what a release holds besides Go programs, and the archive
// of one platform without goreleaser, from the same description, .goreleaser.yaml:
//
//	go run ./suites/tests/release prepare bin/release
//	go run ./suites/tests/release archive bin
//	go run ./suites/tests/release archive bin darwin arm64
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"

	"github.com/plugproof/plugproof/suites/cli"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/build"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(execute(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code: 0, 2 for wrong usage
// or 3 for a failure.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := platform{runtime.GOOS, runtime.GOARCH}
	if len(args) == 4 && args[0] == "archive" {
		p, args = platform{args[2], args[3]}, args[:2]
	}
	if len(args) != 2 || args[0] != "prepare" && args[0] != "archive" {
		fmt.Fprintln(stderr, "usage: release prepare DIR\n       release archive DIR [GOOS GOARCH]")
		return 2
	}
	if err := run(ctx, args[0], args[1], p, stdout); err != nil {
		fmt.Fprintln(stderr, "release: "+err.Error())
		return 3
	}
	return 0
}

func run(ctx context.Context, command, directory string, p platform, stdout io.Writer) error {
	if command == "prepare" {
		return prepare(ctx, directory, "amd64", "arm64")
	}
	r, err := read(".goreleaser.yaml")
	if err != nil {
		return err
	}
	// What goreleaser's hook makes, for this platform alone.
	prepared, err := os.MkdirTemp("", "plugproof-release-")
	if err != nil {
		return fmt.Errorf("make the archive: %w", err)
	}
	defer os.RemoveAll(prepared)
	if p.OS == "linux" {
		err = writeManual(ctx, prepared)
	} else {
		err = prepare(ctx, prepared, p.Arch)
	}
	if err != nil {
		return err
	}
	file, err := r.archive(ctx, p, prepared, directory)
	if err == nil {
		fmt.Fprintln(stdout, file)
	}
	return err
}

// prepare makes the manual pages, and the sample plugins for containers with the
// program that looks into them, which machines with other systems need too.
func prepare(ctx context.Context, directory string, architectures ...string) error {
	if err := writeManual(ctx, directory); err != nil {
		return err
	}
	for _, architecture := range architectures {
		o := build.Options{
			Dir: filepath.Join(directory, "plugins"), GOOS: "linux", GOARCH: architecture,
			Names: append(conformance.SamplePlugins(), build.Inside),
		}
		if _, err := build.Plugins(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func writeManual(ctx context.Context, directory string) error {
	if code := cli.Main(ctx, []string{"man", filepath.Join(directory, "man")}, io.Discard, os.Stderr); code != 0 {
		return errors.New("the manual pages could not be written")
	}
	return nil
}
