// SPDX-License-Identifier: MPL-2.0

// Package sources reads a server's environment from files of any kind: it looks at
// a file, finds its reader, and joins several in the order in which they apply.
package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/compose"
	"github.com/plugproof/plugproof/suites/env/hostenv/docker"
	"github.com/plugproof/plugproof/suites/env/hostenv/helm"
	"github.com/plugproof/plugproof/suites/env/hostenv/kubernetes"
	"github.com/plugproof/plugproof/suites/env/hostenv/nomad"
	"github.com/plugproof/plugproof/suites/env/hostenv/process"
	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// Kind is what a source is.
type Kind string

// The kinds of sources.
const (
	// Any is found out by looking at the file.
	Any Kind = ""
	// EnvironmentFile is a file for systemd's EnvironmentFile=.
	EnvironmentFile Kind = "env-file"
	// DockerEnvFile is a file for docker run --env-file.
	DockerEnvFile Kind = "docker-env-file"
	// EnvironmentD is a file of an environment.d.
	EnvironmentD Kind = "environment.d"
	// SystemdUnit is a service unit, by file or name, or the output of systemctl cat.
	SystemdUnit Kind = "systemd-unit"
	// DockerInspect is the output of docker inspect or podman inspect.
	DockerInspect Kind = "docker-inspect"
	// Kubernetes is a file of Kubernetes objects.
	Kubernetes Kind = "kubernetes"
	// HelmValues are values of the charts vault-helm and openbao-helm.
	HelmValues Kind = "helm-values"
	// Nomad is a job of Nomad's: its file, or the output of nomad job inspect.
	Nomad Kind = "nomad"
	// Compose is a Compose file.
	Compose Kind = "compose"
	// Dotenv is a file for Compose's env_file, or its .env.
	Dotenv Kind = "dotenv"
	// ProcEnviron is /proc/PID/environ.
	ProcEnviron Kind = "environ"
	// envLines are lines of NAME=value that may be for any program.
	envLines Kind = "lines of NAME=value"
)

// Input is one source. The path - is standard input.
type Input struct {
	Kind Kind
	Path string
}

// Options say how sources are read.
type Options struct {
	// Root is the root directory of the system that has the systemd units.
	Root string
	// Container chooses among containers.
	Container string
	// Given stand for what the sources refer to and do not have: WHAT=FILE, where
	// WHAT is the path of an EnvironmentFile= or env_file, configmap/NAME or secret/NAME.
	Given []string
	// Pid is a process whose environment counts; 0 is none.
	Pid int
	// Open opens a file or standard input.
	Open func(path string) (io.ReadCloser, error)
}

// source is an input that was looked at.
type source struct {
	Input
	// title is what messages call it.
	title string
	// text is its content, and empty for what is read by its path.
	text string
}

// Read reads all sources and joins them in the order in which they apply, whatever
// theirs in inputs: an image's variables before those that a unit, a manifest or a
// file adds, and a running container or process last.
func Read(ctx context.Context, inputs []Input, o Options) (hostenv.Environment, error) {
	if len(inputs) == 0 && o.Pid == 0 {
		return hostenv.Environment{}, fmt.Errorf("%w: no source of the server's environment was given: name files, or a process with --pid", hostenv.ErrInput)
	}
	var all []source
	for _, in := range inputs {
		s, err := look(in, o)
		if err != nil {
			return hostenv.Environment{}, err
		}
		all = append(all, s)
	}
	r := reader{options: o, sources: all}
	if err := r.readGiven(); err != nil {
		return hostenv.Environment{}, err
	}
	r.settleLines()
	return r.read(ctx)
}

// look reads the input and finds out what it is.
func look(in Input, o Options) (source, error) {
	s := source{Input: in, title: in.Path}
	if in.Path == "-" {
		s.title = "standard input"
	}
	// A unit is read by its path: its other files are found from there.
	if in.Path != "-" && (in.Kind == SystemdUnit || in.Kind == Any && unitName(in.Path, o.Root)) {
		s.Kind = SystemdUnit
		return s, nil
	}
	file, err := o.Open(in.Path)
	if err != nil {
		return source{}, err
	}
	defer file.Close()
	raw, err := io.ReadAll(file)
	if err != nil {
		return source{}, fmt.Errorf("reading %s: %w", s.title, err)
	}
	s.text = string(raw)
	if s.Kind != Any {
		return s, nil
	}
	if s.Kind, err = detect(in.Path, s.text); err != nil {
		return source{}, fmt.Errorf("%w: %s: %w", hostenv.ErrInput, s.title, err)
	}
	return s, nil
}

// reader reads sources that are of known kinds.
type reader struct {
	options Options
	sources []source
	// files stand for EnvironmentFile=, objects for ConfigMaps and Secrets.
	files   map[string]string
	objects kubernetes.Given
}

// readGiven reads what stands for missing files and objects.
func (r *reader) readGiven() error {
	r.files, r.objects = make(map[string]string), make(kubernetes.Given)
	for i, given := range r.options.Given {
		what, file, found := strings.Cut(given, "=")
		if !found || what == "" || file == "" {
			return fmt.Errorf("%w: --given, argument %d is not WHAT=FILE", hostenv.ErrInput, i+1)
		}
		kind, _, slash := strings.Cut(what, "/")
		if !slash || kind != "secret" && kind != "configmap" {
			r.files[what] = file
			continue
		}
		opened, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("--given: %w", err)
		}
		e, err := docker.EnvFile(file, opened)
		if err := errors.Join(err, opened.Close()); err != nil {
			return err
		}
		r.objects[what] = e.Variables
	}
	return nil
}

// settleLines decides for whom lines of NAME=value are: the program of the other
// sources, if there are any.
func (r *reader) settleLines() {
	has := func(kind Kind) bool {
		return slices.ContainsFunc(r.sources, func(s source) bool { return s.Kind == kind })
	}
	for i, s := range r.sources {
		if s.Kind != envLines {
			continue
		}
		switch {
		case has(Nomad) && forNomad(s.Path):
			r.sources[i].Kind = nomadVariables
		case has(SystemdUnit):
			r.sources[i].Kind = EnvironmentFile
		case has(Compose):
			r.sources[i].Kind = Dotenv
		case has(DockerInspect):
			r.sources[i].Kind = DockerEnvFile
		}
	}
}

// The order in which sources apply.
const (
	rankImage = iota
	rankUnit
	rankFile
	rankManifest
	rankContainer
	rankProcess
)

// part is the environment of some sources.
type part struct {
	rank int
	hostenv.Environment
	// image: it is the environment of an image.
	image bool
}

func (r *reader) read(ctx context.Context) (hostenv.Environment, error) {
	var parts []part
	var objects kubernetes.Objects
	var values []helm.File
	var unseen []hostenv.Remark
	releases := 0
	manifests := 0
	files, composed := r.composeFiles()
	// Units first: they may have the files that are named beside them.
	slices.SortStableFunc(r.sources, func(a, b source) int {
		switch unit := a.Kind == SystemdUnit; {
		case unit == (b.Kind == SystemdUnit):
			return 0
		case unit:
			return -1
		}
		return 1
	})
	for _, s := range r.sources {
		if s.Kind == Compose || composed && s.Kind == Dotenv || s.Kind == nomadVariables {
			continue
		}
		switch s.Kind {
		case Kubernetes:
			manifests++
			charts := embedded(s)
			releases += charts.releases
			values, unseen = append(values, charts.files...), append(unseen, charts.remarks...)
			if err := objects.Add(s.title, strings.NewReader(s.text)); err != nil {
				return hostenv.Environment{}, err
			}
			continue
		case HelmValues:
			values = append(values, helm.File{Source: s.title, Text: s.text})
			continue
		}
		if s.Kind == EnvironmentFile && slices.ContainsFunc(parts, func(p part) bool { return slices.Contains(p.Read, s.Path) }) {
			continue // a unit has it
		}
		p, err := r.one(s)
		if err != nil {
			return hostenv.Environment{}, err
		}
		parts = append(parts, p)
	}
	if composed {
		e, err := compose.Read(ctx, files, compose.Options{Service: r.options.Container, Env: r.interpolation(), Given: r.files})
		if err != nil {
			return hostenv.Environment{}, err
		}
		parts = append(parts, part{rank: rankManifest, Environment: e})
	}
	// Merged, the values of two would be those of neither.
	if releases > 1 {
		return hostenv.Environment{}, fmt.Errorf("%w: %d objects install a chart of a server: give the server's alone", hostenv.ErrInput, releases)
	}
	if manifests > 0 || len(values) > 0 {
		e, err := r.pod(&objects, values)
		if err != nil {
			return hostenv.Environment{}, err
		}
		e.Remarks = append(e.Remarks, unseen...)
		parts = append(parts, part{rank: rankManifest, Environment: e})
	}
	if r.options.Pid != 0 {
		e, err := process.Read(r.options.Pid)
		if err != nil {
			return hostenv.Environment{}, err
		}
		parts = append(parts, part{rank: rankProcess, Environment: e})
	}
	slices.SortStableFunc(parts, func(a, b part) int { return a.rank - b.rank })
	return joined(parts), nil
}

// composeFiles returns the Compose files, which are read as one.
func (r *reader) composeFiles() (files []compose.File, found bool) {
	for _, s := range r.sources {
		if s.Kind == Compose {
			files = append(files, compose.File{Name: s.title, Text: s.text})
		}
	}
	return files, len(files) > 0
}

// beside returns the files that may stand for an EnvironmentFile= of a unit, by
// their base names.
func (r *reader) beside() map[string]string {
	files := make(map[string]string)
	for _, s := range r.sources {
		if s.Kind == EnvironmentFile && s.Path != "-" {
			files[filepath.Base(s.Path)] = s.Path
		}
	}
	return files
}

// interpolation returns the files for Compose's interpolation: those of NAME=value
// beside the Compose files that none of them names as an env_file.
func (r *reader) interpolation() []compose.File {
	var files []compose.File
	for _, s := range r.sources {
		if s.Kind != Dotenv || slices.ContainsFunc(r.sources, func(other source) bool {
			return other.Kind == Compose && strings.Contains(other.text, filepath.Base(s.Path)) && filepath.Base(s.Path) != ".env"
		}) {
			continue
		}
		files = append(files, compose.File{Name: s.title, Text: s.text})
	}
	return files
}

// one reads a source that stands for itself.
func (r *reader) one(s source) (part, error) {
	text := strings.NewReader(s.text)
	switch s.Kind {
	case SystemdUnit:
		o := systemd.Options{Root: r.options.Root, Given: r.files, Beside: r.beside()}
		if s.Path == "-" {
			e, err := systemd.Text(s.title, s.text, o)
			return part{rank: rankUnit, Environment: e}, err
		}
		e, err := systemd.Unit(s.Path, o)
		return part{rank: rankUnit, Environment: e}, err
	case DockerInspect:
		e, err := docker.Inspect(s.title, text, r.options.Container)
		rank := rankImage
		if e.Container {
			rank = rankContainer
		}
		return part{rank: rank, Environment: e.Environment, image: !e.Container}, err
	case Nomad:
		e, err := nomad.Read(s.title, text, r.options.Container, r.jobVariables()...)
		return part{rank: rankManifest, Environment: e}, err
	case DockerEnvFile:
		e, err := docker.EnvFile(s.title, text)
		return part{rank: rankFile, Environment: e}, err
	case Dotenv:
		e, err := compose.Dotenv(s.title, s.text)
		return part{rank: rankFile, Environment: e}, err
	case EnvironmentD:
		return part{rank: rankImage, Environment: systemd.EnvironmentDFile(s.title, s.text)}, nil
	case ProcEnviron:
		return part{rank: rankProcess, Environment: process.Environ(s.title, s.text)}, nil
	case envLines:
		e, err := anyLines(s)
		return part{rank: rankFile, Environment: e}, err
	}
	e, err := systemd.EnvironmentFile(s.title, text)
	return part{rank: rankFile, Environment: e}, err
}
