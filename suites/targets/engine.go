// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// engineTimeout bounds the first answer of a container engine.
const engineTimeout = 5 * time.Second

// engine is a container engine that answers.
type engine struct {
	*client.Client
	// remote: containers run on another machine than this process.
	remote bool
	// gateway is the address at which containers reach this machine; the zero
	// Addr when they don't.
	gateway netip.Addr
	// here: ports that containers publish on loopback are this process's.
	here bool
	// desktop: the engine runs in a virtual machine of Docker Desktop.
	desktop bool
	// architecture is the engine's, as Go calls it.
	architecture string
	// reaped: Ryuk removes containers when this process is killed.
	reaped bool
}

// connect finds the container engine as testcontainers does and prepares
// testcontainers for it. It is to be called before anything else of
// testcontainers: that reads its settings once.
func connect(ctx context.Context) (*engine, error) {
	silence()
	cli, err := dial(ctx)
	if err != nil {
		return nil, &Error{
			Kind: ErrNoEngine, Problem: "no container engine answers", Err: err,
			Remedy: "start Docker or Podman, or set DOCKER_HOST to its socket",
		}
	}
	e := &engine{Client: cli, remote: !strings.HasPrefix(cli.DaemonHost(), "unix:")}
	if version, err := cli.ServerVersion(ctx, client.ServerVersionOptions{}); err == nil {
		e.architecture = version.Arch
	}
	rootless := false
	if info, err := cli.Info(ctx, client.InfoOptions{}); err == nil {
		e.desktop = info.Info.OperatingSystem == "Docker Desktop"
		rootless = slices.Contains(info.Info.SecurityOptions, "name=rootless")
	}
	// The networks of a rootless engine are in a namespace of its own; one of
	// this machine with the same subnet is another engine's.
	if !rootless {
		e.gateway = e.findGateway(ctx)
	}
	e.here = e.findHere()
	e.reaped = e.chooseReaper(ctx)
	e.sweep(ctx)
	return e, nil
}

// silence turns off the log of testcontainers, which would report the engine and
// the life of each container on stderr. It does so once, since containers read the
// logger, a global variable, without a lock.
//
//nolint:gochecknoglobals // a sync.OnceFunc has to be one
var silence = sync.OnceFunc(func() { tclog.SetDefault(tclog.NewNoopLogger()) })

// loopback is where containers publish their ports when the engine is here.
const loopback = "127.0.0.1"

// hostOverride is testcontainers' variable for where published ports are.
const hostOverride = "TESTCONTAINERS_HOST_OVERRIDE"

// findHere reports whether ports that containers publish on loopback are this
// process's loopback, and tells testcontainers, which Ryuk is asked by. That
// takes any machine with a /.dockerenv for a container that uses its host's
// engine; the engine's network decides it better.
func (e *engine) findHere() bool {
	if host, chosen := os.LookupEnv(hostOverride); chosen || e.remote {
		return host == loopback // chosen before, maybe here
	}
	if _, err := os.Stat("/.dockerenv"); !e.gateway.IsValid() && err == nil {
		return false
	}
	return os.Setenv(hostOverride, loopback) == nil
}

// dial tries the places where testcontainers looks for an engine, and Podman's
// own socket after them. The one that answers is made DOCKER_HOST of this
// process, which is how testcontainers takes it.
func dial(ctx context.Context) (*client.Client, error) {
	if os.Getenv(client.EnvOverrideHost) != "" {
		return ping(ctx, client.FromEnv)
	}
	var errs []error
	for _, socket := range sockets() {
		if _, err := os.Stat(socket); err != nil {
			continue
		}
		host := "unix://" + socket
		cli, err := ping(ctx, client.FromEnv, client.WithHost(host))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if err := os.Setenv(client.EnvOverrideHost, host); err != nil {
			return nil, err
		}
		return cli, nil
	}
	if len(errs) == 0 {
		errs = append(errs, fmt.Errorf("there is no socket at %s", strings.Join(sockets(), ", ")))
	}
	return nil, errors.Join(errs...)
}

// sockets lists where engines listen, system-wide ones first.
func sockets() []string {
	run := os.Getenv("XDG_RUNTIME_DIR")
	if run == "" {
		run = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	}
	paths := []string{"/var/run/docker.sock", filepath.Join(run, "docker.sock")}
	if home, err := os.UserHomeDir(); err == nil {
		paths = append(paths, filepath.Join(home, ".docker/run/docker.sock"), filepath.Join(home, ".docker/desktop/docker.sock"))
	}
	return append(paths, filepath.Join(run, "podman/podman.sock"), "/run/podman/podman.sock")
}

func ping(ctx context.Context, opts ...client.Opt) (*client.Client, error) {
	cli, err := client.New(opts...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, engineTimeout)
	defer cancel()
	if _, err := cli.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return nil, errors.Join(err, cli.Close())
	}
	return cli, nil
}

// findGateway returns the address that this machine has in the engine's default
// network. With a remote or rootless engine there is none. Engines don't always
// tell the gateway, but always the subnet.
func (e *engine) findGateway(ctx context.Context) netip.Addr {
	local, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}
	}
	for _, name := range []string{testcontainers.Bridge, testcontainers.Podman} {
		found, err := e.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
		if err != nil {
			continue
		}
		for _, config := range found.Network.IPAM.Config {
			for _, address := range local {
				mine, err := netip.ParsePrefix(address.String())
				if err == nil && mine.Addr().Is4() && config.Subnet.Contains(mine.Addr()) {
					return mine.Addr()
				}
			}
		}
	}
	return netip.Addr{}
}

// chooseReaper tells testcontainers to do without Ryuk where its image is
// neither here nor can be had soon: it would otherwise fail every container.
// The user's own choice stands.
func (e *engine) chooseReaper(ctx context.Context) bool {
	const disable = "TESTCONTAINERS_RYUK_DISABLED"
	if chosen, ok := os.LookupEnv(disable); ok {
		return chosen != "true"
	}
	image := testcontainers.ReaperDefaultImage //nolint:staticcheck // deprecated, but nothing else tells the image that will be used
	if e.have(ctx, image, nil) == nil {
		return true
	}
	return os.Setenv(disable, "true") != nil
}

// ownerLabel marks the containers of this package with who made them, so that a
// later run can remove what a killed one left where there is no Ryuk.
const ownerLabel = "io.plugproof.owner"

// owner names this process on this machine: host name, process id and what
// tells it from an earlier process of the same id.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	pid := os.Getpid()
	return fmt.Sprintf("%s/%d/%s", host, pid, birth(pid))
}

// birth is when a process began, in the kernel's ticks, where the system reports it.
func birth(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The second field, the command's name, may hold spaces; it ends with ")".
	_, rest, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(rest); len(fields) > 19 {
		return fields[19]
	}
	return ""
}

// sweep removes containers whose makers on this machine are gone.
func (e *engine) sweep(ctx context.Context) {
	found, err := e.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", ownerLabel),
	})
	if err != nil {
		return
	}
	for _, c := range found.Items {
		if abandoned(c.Labels[ownerLabel]) {
			_, _ = e.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		}
	}
}

// abandoned reports whether the maker that a label names is a process of this machine
// that is gone.
func abandoned(label string) bool {
	mine, maker := strings.Split(owner(), "/"), strings.Split(label, "/")
	if len(maker) != 3 || maker[0] != mine[0] || slices.Equal(maker, mine) {
		return false
	}
	pid, err := strconv.Atoi(maker[1])
	return err == nil && maker[2] != "" && birth(pid) != maker[2]
}
