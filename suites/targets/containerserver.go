// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/plugproof/plugproof/steps"
)

// Where things are in a container. They are copied in, so that images that
// hold nothing but a program do too.
const (
	innerPort    = "8200/tcp"
	innerRoot    = "srv/plugproof"
	innerPlugins = "/" + innerRoot + "/plugins"
	innerState   = "/" + innerRoot + "/state"
	innerHome    = "/" + innerRoot + "/home"
)

// containerServer is a server in a container.
type containerServer struct {
	target *containerTarget
	engine *engine
	image  *imageInfo
	spec   steps.Spec
	box    *testcontainers.DockerContainer

	ending sync.Mutex // one restart or close at a time

	looking sync.Mutex // guards what follows, and is held while it is made
	insight *insight
	copied  bool

	mu     sync.Mutex // guards what follows
	base   string
	keys   keys
	ended  chan struct{}
	placed map[string]*placement // by name
}

// create makes the container, starts it and waits until its server serves.
func (s *containerServer) create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.target.opts.startTimeout())
	defer cancel()
	token := newToken()
	// Plugins run beside the server: its own address is on loopback for them.
	start, err := s.image.program.launch(s.spec, layout{
		listen: "0.0.0.0:8200", apiAddr: "http://127.0.0.1:8200", pluginDir: innerPlugins, stateDir: innerState,
	}, token)
	if err != nil {
		return s.target.named(err)
	}
	s.keys = keys{token: start.token}
	s.placed = map[string]*placement{}
	s.box, err = testcontainers.Run(ctx, s.target.image,
		testcontainers.WithNoStart(),
		testcontainers.WithExposedPorts(innerPort),
		testcontainers.WithEntrypoint(s.image.command),
		testcontainers.WithCmd(start.args...),
		testcontainers.WithLabels(map[string]string{ownerLabel: owner()}),
		testcontainers.WithConfigModifier(func(c *container.Config) { c.Env = s.environment() }),
		testcontainers.WithHostConfigModifier(s.publish),
	)
	if err != nil {
		return s.target.named(err)
	}
	if err := s.engine.prepareContainer(ctx, s.box.GetContainerID(), start); err != nil {
		return s.target.named(err)
	}
	return s.begin(ctx)
}

// environment is what the server process gets: the image's PATH, a HOME and
// what the scenario asks for. Names alone unset what else the image sets. The
// engine adds HOSTNAME; Podman, whose API can't unset, keeps what the image sets
// and adds TERM and container.
func (s *containerServer) environment() []string {
	set := map[string]string{"PATH": s.image.search, "HOME": innerHome}
	for _, entry := range s.spec.Env {
		name, value, _ := strings.Cut(entry, "=")
		set[name] = value
	}
	var env []string
	for _, name := range s.image.unset {
		if _, kept := set[name]; !kept {
			env = append(env, name)
		}
	}
	for name, value := range maps.All(set) {
		env = append(env, name+"="+value)
	}
	return env
}

// publish makes the server reachable from this machine alone where the engine
// runs here too.
func (s *containerServer) publish(host *container.HostConfig) {
	binding := network.PortBinding{}
	if s.engine.here {
		binding.HostIP = netip.MustParseAddr(loopback)
	}
	host.PortBindings = network.PortMap{network.MustParsePort(innerPort): {binding}}
}

// begin starts the created or stopped container and brings its server into
// service.
func (s *containerServer) begin(ctx context.Context) error {
	id := s.box.GetContainerID()
	if err := s.box.Start(ctx); err != nil {
		return s.failure(ctx, err)
	}
	s.watch(id)
	base, err := s.endpoint(ctx)
	if err != nil {
		return s.failure(ctx, err)
	}
	_, known, exited := s.now()
	known, err = s.image.program.makeReady(ctx, localAPI(base, known.token), exited, s.spec, known)
	if err != nil {
		return s.failure(ctx, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base, s.keys = base, known
	return nil
}

// watch notices the server's end.
func (s *containerServer) watch(id string) {
	exited := make(chan struct{})
	s.mu.Lock()
	s.ended = exited
	s.mu.Unlock()
	wait := s.engine.ContainerWait(context.Background(), id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	go func() {
		defer close(exited)
		// The container's removal ends the wait too.
		select {
		case <-wait.Result:
		case <-wait.Error: //nolint:errcheck // whatever it is, there is nothing left to wait for
		}
	}()
}

func (s *containerServer) endpoint(ctx context.Context) (string, error) {
	host := loopback
	if !s.engine.here {
		var err error
		if host, err = s.box.Host(ctx); err != nil {
			return "", err
		}
	}
	port, err := s.box.MappedPort(ctx, innerPort)
	if err != nil {
		return "", err
	}
	return "http://" + net.JoinHostPort(host, port.Port()), nil
}

func (s *containerServer) now() (base string, k keys, exited chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base, s.keys, s.ended
}

// failure explains why a container did not come into service.
func (s *containerServer) failure(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
	defer cancel()
	logs, _ := s.Logs(ctx)
	e := &Error{Target: s.target.name, Log: lastLines(logs, 12), Kind: ErrNotReady, Err: err}
	e.Problem, e.Remedy = "the server could not be brought into service", "look at its last lines for the cause"
	state, inspectErr := s.box.State(ctx)
	switch {
	case s.image.machine != s.engine.architecture && inspectErr == nil && !state.Running:
		e.Kind, e.Err = ErrWrongArchitecture, nil
		e.Problem = fmt.Sprintf("%s in image %s is built for %s and does not run on this engine, which is for %s", s.image.command, s.target.image, s.image.machine, s.engine.architecture)
		e.Remedy = "take the image for linux/" + s.engine.architecture
	case errors.Is(err, errExited) && inspectErr == nil:
		e.Kind, e.Err = ErrExited, nil
		e.Problem = fmt.Sprintf("the server ended at its start: it exited with %d", state.ExitCode)
	case errors.Is(err, context.DeadlineExceeded):
		e.Problem = fmt.Sprintf("the server was not ready within %s", s.target.opts.startTimeout())
	case inspectErr == nil && !state.Running:
		e.Kind, e.Problem = ErrExited, "the server can't be started"
	}
	if kept := saveLog(s.target.opts, logs); kept != "" {
		e.Remedy += ". " + kept
	}
	return e
}

// Address implements steps.Server.
func (s *containerServer) Address() string {
	base, _, _ := s.now()
	return base
}

// Token implements steps.Server.
func (s *containerServer) Token() string {
	_, k, _ := s.now()
	return k.token
}

// PluginDir implements steps.Server.
func (s *containerServer) PluginDir() string {
	if s.spec.NoPluginDir {
		return ""
	}
	return innerPlugins
}

// Place implements steps.PluginPlacer. The file has to be built for the image's
// platform.
func (s *containerServer) Place(ctx context.Context, name, path string) (string, error) {
	if s.spec.NoPluginDir {
		return "", errNoPluginDir
	}
	if err := checkName(name, path); err != nil {
		return "", err
	}
	sum, err := s.target.sums.of(path)
	if err != nil {
		return "", err
	}
	for {
		current, mine := s.claim(name, sum)
		if mine {
			current.err = s.copyPlugin(ctx, name, path)
			close(current.done)
			return sum, current.err
		}
		select {
		case <-current.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if current.err == nil && current.sum == sum {
			return sum, nil
		}
	}
}

// placement is a file in the plugin directory, or on its way there. err is valid
// once done is closed.
type placement struct {
	sum  string
	done chan struct{}
	err  error
}

// claim returns the placement of a name that counts now. It is mine to carry out
// if there is none that has or will come to that checksum: the engine replaces files
// by removing them first, so that two who copy the same one at a time would
// take it from under a server that reads it.
func (s *containerServer) claim(name, sum string) (current *placement, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before := s.placed[name]; before != nil {
		select {
		case <-before.done:
			if before.err == nil && before.sum == sum {
				return before, false
			}
		default:
			return before, false
		}
	}
	current = &placement{sum: sum, done: make(chan struct{})}
	s.placed[name] = current
	return current, true
}

func (s *containerServer) copyPlugin(ctx context.Context, name, path string) error {
	if err := checkPlatform(path, s.image); err != nil {
		return s.target.named(err)
	}
	if err := s.engine.copyPlugin(ctx, s.box.GetContainerID(), name, path); err != nil {
		return fmt.Errorf("%s: place %s: %w", s.target.name, path, err)
	}
	return nil
}

// Reach implements steps.AddressMapper.
func (s *containerServer) Reach(address string) string { return s.target.reach(s.engine, address) }

// Logs implements steps.LogReader. The root token and the unseal key are masked.
func (s *containerServer) Logs(ctx context.Context) (string, error) {
	_, k, _ := s.now()
	stream, err := s.box.Logs(ctx)
	if err != nil {
		return "", err
	}
	defer stream.Close()
	text, err := io.ReadAll(stream)
	return mask(string(text), k.token, k.unseal), err
}

// Restart implements steps.Restarter. Without Spec.State the state is lost.
func (s *containerServer) Restart(ctx context.Context, kill bool) error {
	s.ending.Lock()
	defer s.ending.Unlock()
	ctx, cancel := context.WithTimeout(ctx, stopGrace+s.target.opts.startTimeout())
	defer cancel()
	s.lookAway()
	if kill {
		if _, err := s.engine.ContainerKill(ctx, s.box.GetContainerID(), client.ContainerKillOptions{}); err != nil {
			return s.target.named(err)
		}
		_, _, exited := s.now()
		select {
		case <-exited:
		case <-ctx.Done():
			return s.failure(ctx, ctx.Err())
		}
	} else {
		grace := stopGrace
		if err := s.box.Stop(ctx, &grace); err != nil {
			return s.target.named(err)
		}
	}
	return s.begin(ctx)
}

// Close implements steps.Server.
func (s *containerServer) Close(ctx context.Context) error {
	s.ending.Lock()
	defer s.ending.Unlock()
	var crash error
	if s.exited() {
		logs, _ := s.Logs(ctx)
		crash = &Error{
			Target: s.target.name, Kind: ErrExited, Problem: "the server ended during the run",
			Log: lastLines(logs, 12), Remedy: saveLog(s.target.opts, logs),
		}
	}
	return errors.Join(crash, s.remove(ctx))
}

// remove takes the container away, with everything that runs in it.
func (s *containerServer) remove(ctx context.Context) error {
	if s.box == nil {
		return nil
	}
	s.lookAway()
	return s.box.Terminate(ctx, testcontainers.StopTimeout(0))
}

func (s *containerServer) exited() bool {
	_, _, exited := s.now()
	select {
	case <-exited:
		return true
	default:
		return false
	}
}
