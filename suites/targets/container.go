// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/distribution/reference"

	"github.com/plugproof/plugproof/steps"
)

// containerTarget is a target that starts an image's server in a container.
type containerTarget struct {
	name, image string
	opts        Options
	pool        *pool
	engine      func() (*engine, error)
	imageInfo   func() (*imageInfo, error)
	inside      func() (string, error)
	sums        *checksums
	relays      *relays
	// stop ends what is under way with the engine: an image may take minutes to pull.
	stop context.CancelFunc
}

func newContainer(name, image string, opts Options) (steps.Target, error) {
	if _, err := reference.ParseDockerRef(image); err != nil {
		return nil, &Error{
			Target: name, Kind: ErrUsage, Problem: fmt.Sprintf("%q names no image", image), Err: err,
			Remedy: "name it as container:hashicorp/vault:1.20",
		}
	}
	c := &containerTarget{name: name, image: image, opts: opts, sums: newChecksums(), relays: newRelays()}
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.pool = newPool(c.start)
	// Both are found once, and outlive the scenario that asks first, but not the target.
	c.engine = sync.OnceValues(func() (*engine, error) {
		e, err := connect(ctx)
		return e, c.named(err)
	})
	c.imageInfo = sync.OnceValues(func() (*imageInfo, error) {
		e, err := c.engine()
		if err != nil {
			return nil, err
		}
		if err := e.have(ctx, image, opts.Progress); err != nil {
			return nil, c.named(err)
		}
		found, err := e.look(ctx, image)
		return found, c.named(err)
	})
	c.inside = sync.OnceValues(c.findInside)
	return c, nil
}

// named puts the target's name into errors from parts that don't know it.
func (c *containerTarget) named(err error) error {
	var known *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		known.Target = c.name
		return known
	default:
		return &Error{Target: c.name, Kind: ErrNoEngine, Problem: "the container engine refuses", Err: err, Remedy: "see the engine's own log"}
	}
}

// Name implements steps.Target.
func (c *containerTarget) Name() string { return c.name }

// Unsupported implements steps.Target. Asking for Loopback, Sealing,
// PluginFiles or ProcessControl contacts the engine; the last two may build a program.
func (c *containerTarget) Unsupported(capability steps.Capability) string {
	switch capability {
	case steps.PluginFiles, steps.ProcessControl:
		return c.lacksInside()
	case steps.ContainerPlugins:
		return "a server in a container has no container engine"
	case steps.Sealing:
		found, err := c.imageInfo()
		if err != nil {
			return "" // Server reports why
		}
		return sealable(found.program, nil)
	case steps.Loopback:
		// Without an engine nothing runs, and Server reports why.
		if e, err := c.engine(); err == nil && !e.desktop && !e.gateway.IsValid() {
			return "containers of this engine don't reach listeners of this machine"
		}
	}
	return notInAPI(capability)
}

// Server implements steps.Target.
func (c *containerTarget) Server(ctx context.Context, spec steps.Spec) (steps.Server, error) {
	return c.pool.server(ctx, spec)
}

// Close implements steps.Target.
func (c *containerTarget) Close(ctx context.Context) error {
	c.stop()
	return errors.Join(c.pool.close(ctx), c.relays.close())
}

// Platform is the system that plugins for this target have to be built for, as
// GOOS and GOARCH. It may pull the image.
func (c *containerTarget) Platform() (goos, goarch string, err error) {
	found, err := c.imageInfo()
	if err != nil {
		return "", "", err
	}
	return found.os, found.machine, nil
}

// start returns a new server.
func (c *containerTarget) start(ctx context.Context, spec steps.Spec) (running, error) {
	for _, entry := range spec.Env {
		// The engine takes a name alone as an order to unset it.
		if !strings.Contains(entry, "=") {
			return nil, &Error{Target: c.name, Kind: steps.ErrUnsupported, Problem: fmt.Sprintf("a container's environment can't hold %q, which has no value", entry)}
		}
	}
	found, err := c.imageInfo()
	if err != nil {
		return nil, err
	}
	e, err := c.engine()
	if err != nil {
		return nil, err
	}
	s := &containerServer{target: c, engine: e, image: found, spec: spec}
	if err := s.create(ctx); err != nil {
		return nil, errors.Join(err, s.remove(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// reach returns the address at which containers reach a listener of this machine.
func (c *containerTarget) reach(e *engine, address string) string {
	if e.gateway.IsValid() {
		return c.relays.to(e.gateway, address)
	}
	if _, port, err := net.SplitHostPort(address); err == nil && e.desktop {
		if _, err := strconv.Atoi(port); err == nil {
			return net.JoinHostPort("host.docker.internal", port)
		}
	}
	return address
}
