// SPDX-License-Identifier: MPL-2.0

// Package targets makes the servers that scenarios run against: the mock in
// this process or in one of its own, real servers from a binary or an image,
// and servers that somebody else runs.
package targets

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/trace"
	"github.com/plugproof/plugproof/steps"
)

// Options is what the user may choose besides the target's name. The zero
// Options are good defaults.
type Options struct {
	// StartTimeout bounds the time from a server's start until it is ready;
	// zero is 30 seconds.
	StartTimeout time.Duration
	// PluginDir is the plugin directory of a server at an address, as a path on
	// this machine. Without it nothing can be placed there.
	PluginDir string
	// ThisServer releases a server at an address that is not a development
	// server on loopback.
	ThisServer bool
	// Executable is the plugproof program for mock-process; empty is the
	// running program.
	Executable string
	// Progress is told in a word what takes long; nil keeps quiet.
	Progress func(what string)
	// LogDir keeps the logs of servers that failed; empty keeps none.
	LogDir string
	// Trace receives what goes between the mock in this process and its plugins, SecretFields
	// are fields whose values it must not show; see mockserver.WithTrace. Other targets
	// don't know it: with them, they are left alone.
	Trace        trace.Sink
	SecretFields []string
	// StartOnce lets the mock in this process start a plugin for its version once, and
	// not at each of the registrations that are equal (mockserver.WithVersions). It is
	// for what is about the server; a plugin that is checked is started each time.
	StartOnce bool
}

func (o Options) startTimeout() time.Duration {
	if o.StartTimeout > 0 {
		return o.StartTimeout
	}
	return 30 * time.Second
}

// Forms lists the forms of target names with what each means, for help texts.
func Forms() [][2]string {
	return [][2]string{
		{"mock[:DIALECT]", "the mock in this process, behaving like a named server version"},
		{"mock-process[:DIALECT]", "the same in a process of its own"},
		{"binary:PATH", "a real server's program (vault or bao), started for the run"},
		{"container:IMAGE", "an image's server: hashicorp/vault:1.20, openbao/openbao:2.5 or one of your own"},
		{"addr:URL", "a server that somebody else runs, with VAULT_TOKEN, VAULT_CACERT, VAULT_NAMESPACE … from the environment"},
	}
}

// Parse returns the target that spec names. It starts and contacts nothing: a
// name of no known form, an unknown dialect or a missing file is an *Error of
// kind ErrUsage.
func Parse(spec string, opts Options) (steps.Target, error) {
	kind, rest, colon := strings.Cut(spec, ":")
	usage := func(problem, remedy string) error {
		return &Error{Target: spec, Kind: ErrUsage, Problem: problem, Remedy: remedy}
	}
	if noServers != "" && slices.Contains([]string{"binary", "mock-process"}, kind) {
		return nil, usage(noServers, "take mock, a container: or an addr:")
	}
	if colon && rest == "" && slices.Contains([]string{"mock", "mock-process"}, kind) {
		return nil, usage("no server version named", "name it, as "+spec+dialect.Newest().Name+", or leave the colon out")
	}
	switch kind {
	case "mock":
		return newMock(spec, rest, opts)
	case "mock-process":
		return newMockProcess(spec, rest, opts)
	case "binary":
		if rest == "" {
			return nil, usage("no program named", "name it: binary:/usr/local/bin/vault")
		}
		return newBinary(spec, rest, opts)
	case "container":
		return newContainer(spec, rest, opts)
	case "addr":
		return newAddr(spec, rest, opts)
	}
	var forms []string
	for _, form := range Forms() {
		forms = append(forms, form[0])
	}
	return nil, usage(fmt.Sprintf("unknown kind of target %q", kind), "known are "+strings.Join(forms, ", "))
}

// Traces reports whether Options.Trace receives anything of the target that spec names.
func Traces(spec string) bool {
	kind, _, _ := strings.Cut(spec, ":")
	return kind == "mock"
}

// IsMock reports whether a target's servers are the project's own mock, which
// is meant to keep every requirement of the server that it behaves like. It may
// run a program or pull an image to find out.
func IsMock(target steps.Target) bool {
	var found program
	switch target := target.(type) {
	case *mockTarget:
		return true
	case *binaryTarget:
		found, _ = target.program()
	case *containerTarget:
		if contents, err := target.imageInfo(); err == nil {
			found = contents.program
		}
	}
	_, own := found.(ownProgram)
	return own
}
