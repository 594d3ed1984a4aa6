// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"

	"github.com/plugproof/plugproof/steps"
)

// errNoPluginDir: a scenario that asked for no plugin directory places a file.
var errNoPluginDir = errors.New("this server was asked for without a plugin directory")

// binaryServer is a server program that runs on this machine.
type binaryServer struct {
	target  *binaryTarget
	program program
	spec    steps.Spec
	dir     string // holds everything of this server
	log     string

	mu      sync.Mutex // held by start, restart and close only as long as they change what follows
	listen  string     // host:port
	keys    keys
	process *process

	ending sync.Mutex // one restart or close at a time
}

func (s *binaryServer) pluginDir() string { return filepath.Join(s.dir, "plugins") }
func (s *binaryServer) stateDir() string  { return filepath.Join(s.dir, "state") }
func (s *binaryServer) homeDir() string   { return filepath.Join(s.dir, "home") }

func (s *binaryServer) now() (listen string, k keys, p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listen, s.keys, s.process
}

// begin starts the program on a free port, on the one it had if that is free.
func (s *binaryServer) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.target.opts.startTimeout())
	defer cancel()
	before, _, _ := s.now()
	return onPort(s.target.name, before, s.target.freePort, func(listen string) error { return s.try(ctx, listen) })
}

// try starts the program at an address and waits until it serves.
func (s *binaryServer) try(ctx context.Context, listen string) error {
	_, known, _ := s.now()
	token := known.token
	if token == "" {
		token = newToken()
	}
	base := "http://" + listen
	start, err := s.program.launch(s.spec, layout{
		listen: listen, apiAddr: base, pluginDir: s.pluginDir(), stateDir: s.stateDir(),
	}, token)
	if err != nil {
		return fmt.Errorf("%s: %w", s.target.name, err)
	}
	if start.config != "" {
		if err := os.WriteFile(start.configFile, []byte(start.config), 0o600); err != nil {
			return fmt.Errorf("%s: configuration: %w", s.target.name, err)
		}
	}
	if start.token != "" {
		known.token = start.token
	}
	p, err := startProcess(s.target.path, start.args, environment(s.spec, s.homeDir()), s.dir, s.log)
	if err != nil {
		return s.target.startFailure(err)
	}
	known, err = s.program.makeReady(ctx, localAPI(base, known.token), p.exited, s.spec, known)
	if err != nil {
		failure := s.failure(listen, p, token, err)
		p.kill()
		return failure
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listen, s.keys, s.process = listen, known, p
	return nil
}

// startFailure turns the error of a program that can't be started.
func (b *binaryTarget) startFailure(err error) error {
	failure := &Error{Target: b.name, Kind: ErrNotAServer, Problem: "the program can't be started", Err: err}
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		failure.Kind, failure.Remedy = ErrWrongArchitecture, "take the build for "+Platform()
	case errors.Is(err, syscall.E2BIG):
		failure.Remedy = "the environment that the scenario asks for is larger than this system allows"
	}
	return failure
}

// failure explains why a started program did not come into service.
func (s *binaryServer) failure(listen string, p *process, token string, err error) error {
	e := &Error{Target: s.target.name, Log: mask(tail(s.log), token)}
	switch {
	case errors.Is(err, errExited) && taken(listen):
		e.Kind = ErrPortTaken
		e.Problem = fmt.Sprintf("the server ended at its start because another process listens at %s", listen)
		e.Remedy = "run it again, or end that process"
	case errors.Is(err, errExited):
		e.Kind = ErrExited
		e.Problem = "the server ended at its start: " + p.exit()
		e.Remedy = "look at its last lines for the cause"
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind = ErrNotReady
		e.Err = err
		e.Problem = fmt.Sprintf("the server was not ready within %s", s.target.opts.startTimeout())
		e.Remedy = "give a slow machine more time, or look at its last lines for the cause"
	default:
		e.Kind = ErrNotReady
		e.Problem, e.Err = "the server could not be brought into service", err
	}
	if kept := saveLog(s.target.opts, mask(readAll(s.log), token)); kept != "" {
		e.Remedy += ". " + kept
	}
	return e
}

// Address implements steps.Server.
func (s *binaryServer) Address() string {
	listen, _, _ := s.now()
	return "http://" + listen
}

// Token implements steps.Server.
func (s *binaryServer) Token() string {
	_, k, _ := s.now()
	return k.token
}

// PluginDir implements steps.Server.
func (s *binaryServer) PluginDir() string {
	if s.spec.NoPluginDir {
		return ""
	}
	return s.pluginDir()
}

// Place implements steps.PluginPlacer.
func (s *binaryServer) Place(_ context.Context, name, path string) (string, error) {
	if s.spec.NoPluginDir {
		return "", errNoPluginDir
	}
	digest := func() (string, error) { return s.target.sums.of(path) }
	return unreplaced(digest, func() error { return placeFile(s.pluginDir(), name, path) })
}

// Reach implements steps.AddressMapper: plugins run on this machine.
func (s *binaryServer) Reach(address string) string { return address }

// Logs implements steps.LogReader. The root token and the unseal key are masked.
func (s *binaryServer) Logs(context.Context) (string, error) {
	_, k, _ := s.now()
	text, err := os.ReadFile(s.log)
	return mask(string(text), k.token, k.unseal), err
}

// Restart implements steps.Restarter. Without Spec.State the state is lost.
func (s *binaryServer) Restart(ctx context.Context, kill bool) error {
	s.ending.Lock()
	defer s.ending.Unlock()
	_, _, p := s.now()
	if kill {
		p.kill()
	} else {
		p.stop(ctx)
	}
	return s.begin(ctx)
}

// Close implements steps.Server.
func (s *binaryServer) Close(ctx context.Context) error {
	s.ending.Lock()
	defer s.ending.Unlock()
	_, k, p := s.now()
	crashed := p.ended()
	p.stop(ctx)
	var err error
	if crashed {
		err = s.crash(p, k)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// crash reports that the server ended without having been asked to.
func (s *binaryServer) crash(p *process, k keys) error {
	return &Error{
		Target: s.target.name, Kind: ErrExited,
		Problem: "the server ended during the run: " + p.exit(),
		Log:     mask(tail(s.log), k.token, k.unseal),
		Remedy:  saveLog(s.target.opts, mask(readAll(s.log), k.token, k.unseal)),
	}
}

func (s *binaryServer) exited() bool {
	_, _, p := s.now()
	return p.ended()
}

// Platform is this machine's, as programs are built for it: linux/amd64.
func Platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// readAll returns the file's text, empty when it can't be read.
func readAll(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}
