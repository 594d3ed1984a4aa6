// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/sources"
)

// envSources are the sources of a server's environment that flags and arguments
// name.
type envSources struct {
	sources.Options
	named []sources.Input
}

// containerFlag chooses among containers.
const containerFlag = "server-container"

// addFlags declares a flag for each kind of source, for files that are not to be
// looked at, and those that say more about all of them.
func (s *envSources) addFlags(flags *pflag.FlagSet) {
	for _, f := range []struct {
		name  string
		kind  sources.Kind
		usage string
	}{
		{"env-file", sources.EnvironmentFile, "a `file` of NAME=value lines, as systemd reads an EnvironmentFile="},
		{"docker-env-file", sources.DockerEnvFile, "a `file` of NAME=value lines, as docker run --env-file reads it"},
		{"dotenv", sources.Dotenv, "a `file` of NAME=value lines, as Compose reads an env_file"},
		{"systemd-unit", sources.SystemdUnit, "a systemd service `unit`: its file or, below --root, its name"},
		{"docker-inspect", sources.DockerInspect, "a `file` that docker inspect or podman inspect printed"},
		{"compose", sources.Compose, "a Compose `file`"},
		{"kubernetes", sources.Kubernetes, "a `file` of Kubernetes objects: Pod, Deployment, StatefulSet …"},
		{"helm-values", sources.HelmValues, "a `file` of values of the chart vault-helm or openbao-helm"},
		{"nomad", sources.Nomad, "a Nomad job `file`, or what nomad job inspect printed"},
	} {
		flags.Var(&sourceFlag{s, f.kind}, f.name, f.usage+" (repeatable)")
	}
	flags.IntVar(&s.Pid, "pid", 0, "read the environment of the running `process`")
	flags.StringVar(&s.Root, "root", "", "root `directory` of the system that has the systemd units (default: the one a unit lies in)")
	flags.StringVar(&s.Container, containerFlag, "", "`name` of the server's container, where there are several")
	flags.StringArrayVar(&s.Given, "given", nil, "`WHAT=FILE`: a file for an EnvironmentFile= that is not here (WHAT is its path), or of the variables in secret/NAME or configmap/NAME (repeatable)")
}

// sourceFlag adds an input of its kind each time it is given.
type sourceFlag struct {
	to   *envSources
	kind sources.Kind
}

// String is the flag's default.
func (*sourceFlag) String() string { return "" }

// Type is how help calls its value.
func (*sourceFlag) Type() string { return "file" }

// Set adds an input.
func (f *sourceFlag) Set(path string) error {
	f.to.named = append(f.to.named, sources.Input{Kind: f.kind, Path: path})
	return nil
}

// read reads the sources of the flags and files.
func (s *envSources) read(ctx context.Context, in *inputs, files []string) (hostenv.Environment, error) {
	all := s.named
	for _, file := range files {
		all = append(all, sources.Input{Path: file})
	}
	s.Open = func(path string) (io.ReadCloser, error) { return in.open("a source of the environment", path) }
	e, err := sources.Read(ctx, all, s.Options)
	if errors.Is(err, hostenv.ErrSeveral) {
		err = fmt.Errorf("%w with --%s", err, containerFlag)
	}
	return e, err
}

// inputs opens the files that flags name; only one of them can be standard input.
type inputs struct {
	stdin io.Reader
	taken string
}

// open opens a file, or takes standard input for the flag. The caller closes it.
func (in *inputs) open(flag, path string) (io.ReadCloser, error) {
	if path == "-" {
		if in.taken != "" {
			return nil, fmt.Errorf("%w: both %s and %s want standard input", hostenv.ErrInput, in.taken, flag)
		}
		in.taken = flag
		return io.NopCloser(in.stdin), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return file, nil
}
