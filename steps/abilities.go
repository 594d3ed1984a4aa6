// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/plugproof/plugproof/steps/host"
)

// This file and abilities_faults.go declare every optional ability of a target or a
// server, each as a small interface beside Target and Server, with the function that uses it.
// Callers use the functions. A server that wraps another one is a ServerWrapper.
//
// What a target lacks is found out before a scenario starts, by
// Target.Unsupported; the errors here are for callers that did not ask.

// ErrUnsupported is matched by the errors of servers that lack an ability.
var ErrUnsupported = errors.New("not supported by this target")

// ServerWrapper is a Server around another one, of which it changes something. It has
// the abilities of the other one, and its own instead where both have one.
type ServerWrapper interface {
	Server
	// Unwrap returns the other server.
	Unwrap() Server
}

// as returns the server, or the nearest one that it wraps, that has an ability.
func as[Able Server](server Server) (able Able, ok bool) {
	for {
		if able, ok = server.(Able); ok {
			return able, true
		}
		wrapper, wraps := server.(ServerWrapper)
		if !wraps {
			return able, false
		}
		server = wrapper.Unwrap()
	}
}

// PlatformTarget is a Target whose servers may run on another system than this.
type PlatformTarget interface {
	Target
	// Platform returns the GOOS and GOARCH that plugins have to be built for.
	Platform() (goos, goarch string, err error)
}

// Platform returns the GOOS and GOARCH that the target's plugins have to be built
// for. Both are empty if its servers run on this machine's system.
func Platform(target Target) (goos, goarch string, err error) {
	if elsewhere, ok := target.(PlatformTarget); ok {
		return elsewhere.Platform()
	}
	return "", "", nil
}

// PluginPlacer is a Server whose plugin directory can be filled
// (PluginDirectory).
type PluginPlacer interface {
	Server
	// Place copies the executable file at path into the plugin directory as name
	// and returns its sha256 in hex. The file may be running already: where one
	// server serves many scenarios, they place the same file under the same name
	// over and over, which must be cheap and must not disturb it.
	Place(ctx context.Context, name, path string) (string, error)
}

// PlacePlugin copies the executable file at path into the server's plugin
// directory as name and returns its sha256 in hex.
func PlacePlugin(ctx context.Context, server Server, name, path string) (string, error) {
	placer, ok := as[PluginPlacer](server)
	if !ok {
		return "", lacking(server, PluginDirectory)
	}
	return placer.Place(ctx, name, path)
}

// ElsewhereServer is a Server whose plugins run on another machine than this, or in
// a container, where its plugin directory is too (ProcessControl, PluginFiles).
type ElsewhereServer interface {
	Server
	// Host returns that machine, for as long as the server is not restarted.
	Host(ctx context.Context) (host.Host, error)
}

// HostOf returns the machine that the server's plugins run on.
func HostOf(ctx context.Context, server Server) (host.Host, error) {
	if elsewhere, ok := as[ElsewhereServer](server); ok {
		return elsewhere.Host(ctx)
	}
	return host.Local{}, nil
}

// PluginImage is a plugin as an image of a container engine.
type PluginImage struct {
	// Name is the image's name without tag, Digest its identifier in hex.
	Name, Digest string
	// OCIRuntime is a runtime that the engine has.
	OCIRuntime string
}

// PluginContainer is a container that a plugin runs in.
type PluginContainer struct {
	// Memory is how many bytes of memory it may use; 0 for any number.
	Memory int64
	// Capabilities are those that it was given beyond the engine's usual ones, without
	// the prefix CAP_.
	Capabilities []string
}

// ImageTarget is a Target whose servers run plugins from images of the container engine
// of this machine (ContainerPlugins).
type ImageTarget interface {
	Target
	// PluginImage makes an image of the static executable file at path, which the end of
	// the target removes. Called again it returns the same one.
	PluginImage(ctx context.Context, path string) (PluginImage, error)
	// PluginContainers returns the containers of the plugin with that name of
	// registration, also those that do not run.
	PluginContainers(ctx context.Context, plugin string) ([]PluginContainer, error)
}

// ImageOf returns an image of a static plugin for the target's servers.
func ImageOf(ctx context.Context, target Target, path string) (PluginImage, error) {
	images, ok := target.(ImageTarget)
	if !ok {
		return PluginImage{}, fmt.Errorf("%s: %s: %w", target.Name(), ContainerPlugins, ErrUnsupported)
	}
	return images.PluginImage(ctx, path)
}

// ContainersOf returns the containers of a plugin of the target's servers.
func ContainersOf(ctx context.Context, target Target, plugin string) ([]PluginContainer, error) {
	images, ok := target.(ImageTarget)
	if !ok {
		return nil, fmt.Errorf("%s: %s: %w", target.Name(), ContainerPlugins, ErrUnsupported)
	}
	return images.PluginContainers(ctx, plugin)
}

// LogReader is a Server whose log can be read (ServerLogs).
type LogReader interface {
	Server
	// Logs returns what the server logged so far.
	Logs(ctx context.Context) (string, error)
}

// ServerLog returns what the server logged so far.
func ServerLog(ctx context.Context, server Server) (string, error) {
	reader, ok := as[LogReader](server)
	if !ok {
		return "", lacking(server, ServerLogs)
	}
	return reader.Logs(ctx)
}

// Restarter is a Server that can be stopped and started again (Restart).
type Restarter interface {
	Server
	// Restart stops the server and starts it again with the same state. With
	// kill it is killed rather than stopped. Address may change.
	Restart(ctx context.Context, kill bool) error
}

// RestartServer stops or kills the server and starts it again with the same
// state. Its address may change.
func RestartServer(ctx context.Context, server Server, kill bool) error {
	restarter, ok := as[Restarter](server)
	if !ok {
		return lacking(server, Restart)
	}
	return restarter.Restart(ctx, kill)
}

// AddressMapper is a Server whose plugins reach listeners of this machine at
// another address than this machine does (Loopback).
type AddressMapper interface {
	Server
	// Reach turns the address (host:port) of a listener that the scenario
	// opened on this machine into one that the server's plugins can dial.
	Reach(address string) string
}

// ReachableAddress returns the address (host:port) at which the server's plugins
// dial a listener of this machine.
func ReachableAddress(server Server, address string) string {
	if mapper, ok := as[AddressMapper](server); ok {
		return mapper.Reach(address)
	}
	return address
}

// EnvironmentChanger is a Server whose environment can change while it runs. No
// server in a process of its own is one.
type EnvironmentChanger interface {
	Server
	// SetHostEnv replaces what Spec.Env added to the server's environment, for
	// plugins that start from now on. It fails with ErrUnsupported where that is
	// impossible after all.
	SetHostEnv(env []string) error
}

// SetHostEnv replaces what Spec.Env added to the server's environment, for
// plugins that start from now on.
func SetHostEnv(server Server, env []string) error {
	changer, ok := as[EnvironmentChanger](server)
	if !ok {
		return lacking(server, HostEnvironment)
	}
	return changer.SetHostEnv(env)
}

// HTTPServer is a Server that is reached in a way of its own: with a TLS
// configuration, a namespace or a proxy.
type HTTPServer interface {
	Server
	// HTTPClient sends the scenario's requests.
	HTTPClient() *http.Client
	// CommandLineEnv is added to the environment of the vault command line:
	// VAULT_CACERT, VAULT_NAMESPACE and so on.
	CommandLineEnv() map[string]string
}

// HTTPClient returns the client that reaches the server: its own, or one like
// http.DefaultClient. It follows no redirect to another server.
func HTTPClient(server Server) *http.Client {
	if own, ok := OwnHTTPClient(server); ok {
		return own
	}
	return SameServer(&http.Client{Transport: transport()})
}

// OwnHTTPClient returns the client of a server that is reached in a way of its own.
// It follows no redirect to another server.
func OwnHTTPClient(server Server) (client *http.Client, ok bool) {
	special, ok := as[HTTPServer](server)
	if !ok {
		return nil, false
	}
	return SameServer(special.HTTPClient()), true
}

// transport is http.DefaultTransport with connections of its own: whoever closes an
// httptest.Server in the same process closes those of http.DefaultTransport, under
// requests that are just being sent.
var transport = sync.OnceValue(func() http.RoundTripper { //nolint:gochecknoglobals // kept connections are a process's, as in http.DefaultTransport
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		return t.Clone()
	}
	return http.DefaultTransport
})

// CommandLineEnv returns the environment with which the vault command line
// reaches the server with its own token.
func CommandLineEnv(server Server) map[string]string {
	env := map[string]string{"VAULT_ADDR": server.Address(), "VAULT_TOKEN": server.Token()}
	if special, ok := as[HTTPServer](server); ok {
		for name, value := range special.CommandLineEnv() {
			env[name] = value
		}
	}
	return env
}

// Crash is a plugin process that could not be started, or died.
type Crash struct {
	// Plugin is the name of its registration.
	Plugin string
	Time   time.Time
	// Started reports whether it had been serving.
	Started bool
	// Killed reports whether a signal ended it.
	Killed bool
	// Panicked reports whether it was a panic, which What has with its place.
	Panicked bool
	// What says in a line what happened: the plugin crashed: panic: … at path.go:42.
	What string
	// Stderr are the last lines that it printed there.
	Stderr []string
	// Remedy is what to do about it; empty where that is not known.
	Remedy string
}

// CrashReporter is a Server that knows why plugin processes failed (Crashes).
type CrashReporter interface {
	Server
	// Crashes returns the latest, oldest first. A failed start is there when the
	// request that started the plugin is answered, a death soon after it.
	Crashes(ctx context.Context) ([]Crash, error)
}

// PluginCrashes returns why plugin processes of the server could not be started,
// or died, oldest first.
func PluginCrashes(ctx context.Context, server Server) ([]Crash, error) {
	reporter, ok := as[CrashReporter](server)
	if !ok {
		return nil, lacking(server, Crashes)
	}
	return reporter.Crashes(ctx)
}

// ClockMover is a Server whose time can be moved forward (Clock).
type ClockMover interface {
	Server
	// Advance moves the server's time forward. What was to happen in between has
	// happened when it returns.
	Advance(ctx context.Context, d time.Duration) error
}

// AdvanceClock moves the server's time forward.
func AdvanceClock(ctx context.Context, server Server, d time.Duration) error {
	mover, ok := as[ClockMover](server)
	if !ok {
		return lacking(server, Clock)
	}
	return mover.Advance(ctx, d)
}

// TokenReporter is a Server that knows as what its plugins see a caller's token.
type TokenReporter interface {
	Server
	// PluginToken returns what the plugin at a mount, whose path is as in requests,
	// sees in place of a token.
	PluginToken(ctx context.Context, mount, token string) (string, error)
}

// PluginToken returns what the plugin at a mount sees in place of a token.
func PluginToken(ctx context.Context, server Server, mount, token string) (string, error) {
	reporter, ok := as[TokenReporter](server)
	if !ok {
		return "", lacking(server, PluginLogs)
	}
	return reporter.PluginToken(ctx, mount, token)
}

// SpecialPathSet are the special paths that a plugin declares.
type SpecialPathSet struct {
	Root, Unauthenticated, LocalStorage, SealWrapStorage []string
}

// SpecialPathReporter is a Server that knows them (SpecialPaths).
type SpecialPathReporter interface {
	Server
	// SpecialPaths returns those of the plugin at a mount, whose path is as in
	// requests.
	SpecialPaths(ctx context.Context, mount string) (SpecialPathSet, error)
}

// MountSpecialPaths returns the special paths that the plugin at a mount
// declares.
func MountSpecialPaths(ctx context.Context, server Server, mount string) (SpecialPathSet, error) {
	reporter, ok := as[SpecialPathReporter](server)
	if !ok {
		return SpecialPathSet{}, lacking(server, SpecialPaths)
	}
	return reporter.SpecialPaths(ctx, mount)
}

func lacking(server Server, capability Capability) error {
	return fmt.Errorf("%s: %s: %w", server.Address(), capability, ErrUnsupported)
}
