// SPDX-License-Identifier: MPL-2.0

// Package process starts external plugins over go-plugin and keeps their
// processes: one for all mounts of a catalog entry when the plugin supports
// multiplexing, otherwise one a mount. It is what builtin/plugin, builtin/
// plugin/v5 and the catalog's process part are in Vault and OpenBao, on the
// client side of vault/sdk/plugin.
//
// No lock is held while a plugin is started, called or ended: locks guard maps
// only, everything slow has one owner and a channel that others wait on.
package process

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"google.golang.org/grpc"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/mockserver/failure"
	"github.com/plugproof/plugproof/mockserver/internal/process/callback"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// ErrClosed is returned by every method of a closed Pool.
var ErrClosed = errors.New("the server is shutting down: no plugin is started any more")

// ErrNoPluginDir is returned for a plugin whose binary has no absolute path: it was
// registered by a server that had a plugin directory, and this one has none.
var ErrNoPluginDir = errors.New("the server has no plugin directory to run the plugin from")

// DefaultStartTimeout is go-plugin's, used when Host.StartTimeout is zero.
const DefaultStartTimeout = time.Minute

// Entry is the part of a catalog entry that starting an external plugin needs.
type Entry struct {
	// Name and Version are the catalog's; Version may be empty.
	Name    string
	Type    consts.PluginType
	Version string
	// Command is the absolute path of the binary, Args its arguments.
	Command string
	Args    []string
	// Env is the registered environment, NAME=value.
	Env []string
	// SHA256 is the registered digest of the binary; it is compared at every
	// start.
	SHA256 []byte
	// Container is nil unless the plugin runs from an image; Command is not used
	// then, and SHA256 is the image's.
	Container *Container
}

// key identifies entries that may share a process: those that agree in every
// field, so that a re-registration with another environment gets a process of
// its own while the mounts of before keep theirs. Lengths go before the parts
// because parts may contain any separator.
func (e Entry) key() string {
	var b strings.Builder
	part := func(s string) {
		b.WriteString(strconv.Itoa(len(s)))
		b.WriteByte(':')
		b.WriteString(s)
	}
	part(e.Name)
	part(e.Type.String())
	part(e.Version)
	part(e.Command)
	part(string(e.SHA256))
	if e.Container != nil {
		part(e.Container.Image)
		part(e.Container.Command)
		part(e.Container.Runtime)
	}
	for _, list := range [][]string{e.Args, e.Env} {
		b.WriteString(strconv.Itoa(len(list)))
		b.WriteByte(';')
		for _, s := range list {
			part(s)
		}
	}
	return b.String()
}

// Host is the server as a Pool sees it. Its functions are called
// concurrently.
type Host struct {
	// Environ returns the server process's environment. It is read each time a
	// process starts.
	Environ func() []string
	// Rule is the order of the layers of a plugin's environment.
	Rule environ.Rule
	// OwnVariables are the prefixes of the server's own variables: VAULT_, in
	// OpenBao BAO_ beside it.
	OwnVariables []string
	// Version is what plugins find in VAULT_VERSION.
	Version string
	// Tmpdir is where the sockets of plugins in containers are, in a directory for each
	// of them; empty for the directory of all sockets.
	Tmpdir string
	// ClusterID is the server's, for the labels of containers; it may be nil.
	ClusterID func() string
	// Mlock asks plugins to lock their memory.
	Mlock bool
	// Wrap puts data into a response-wrapping token that is a JWT, for the
	// certificates of plugins of protocol 4. If it is nil, such plugins
	// can only be mounted, not used.
	Wrap func(ctx context.Context, data map[string]any, ttl time.Duration) (token string, err error)
	// StartTimeout bounds Backend, Version and each restart as a whole.
	StartTimeout time.Duration
	// Callbacks are the methods of the system view and the services that plugins may
	// call beyond those of Vault 1.14, by name; see callback.Services.
	Callbacks []string
	// HandshakeHint: the error for a plugin that ends without a word says so,
	// as go-plugin 1.6 and later do.
	HandshakeHint bool
	// Digests are those of binaries that were hashed already; nil for none.
	Digests *Digests
	// Versions are those that equal registrations had; nil for none.
	Versions *Versions
	// OnFailure receives why a plugin could not be started, before the call that
	// started it returns, and why a process died, soon after.
	OnFailure func(failure.Failure)
	// Trace makes the spans of plugins' processes and calls; nil for none.
	Trace *trace.Tracer
	// Logger receives the output of plugins and the events of their processes.
	Logger hclog.Logger
}

func (h Host) clusterID() string {
	if h.ClusterID == nil {
		return ""
	}
	return h.ClusterID()
}

// Pool owns plugin processes. Its methods may be called concurrently.
type Pool struct {
	host    Host
	forker  *forker
	digests *Digests
	sockets sockets
	// limit bounds the answers of plugins.
	limit []grpc.CallOption

	mu     sync.Mutex
	closed bool
	// flights are the processes that can be shared, running or being started.
	flights map[string]*flight
	// all are the processes that live or are being started.
	all map[*process]struct{}
}

// New returns an empty Pool. Close must be called in the end.
func New(host Host) *Pool {
	if host.StartTimeout == 0 {
		host.StartTimeout = DefaultStartTimeout
	}
	if host.Logger == nil {
		host.Logger = hclog.NewNullLogger()
	}
	if host.OnFailure == nil {
		host.OnFailure = func(failure.Failure) {}
	}
	if host.Digests == nil {
		host.Digests = NewDigests()
	}
	if host.Environ == nil {
		host.Environ = func() []string { return nil }
	}
	return &Pool{
		host:    host,
		forker:  newForker(),
		digests: host.Digests,
		limit:   []grpc.CallOption{grpc.MaxCallRecvMsgSize(callback.MessageLimit)},
		flights: make(map[string]*flight),
		all:     make(map[*process]struct{}),
	}
}

// Info describes a running plugin process.
type Info struct {
	PID     int
	Name    string
	Type    consts.PluginType
	Version string
	// Mounts are the BackendUUIDs of the backends that use the process.
	Mounts []string
}

// Processes returns the running processes by pid.
func (p *Pool) Processes() []Info {
	p.mu.Lock()
	processes := slices.Collect(maps.Keys(p.all))
	p.mu.Unlock()
	var infos []Info
	for _, proc := range processes {
		if info, running := proc.info(); running {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b Info) int { return a.PID - b.PID })
	return infos
}

// Close ends all processes and returns when they are gone. Requests in flight
// get errors; starts under way fail.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	processes := slices.Collect(maps.Keys(p.all))
	p.mu.Unlock()
	var wg sync.WaitGroup
	for _, proc := range processes {
		wg.Go(func() {
			proc.abortStart()
			proc.end()
		})
	}
	wg.Wait()
	p.forker.close()
	p.sockets.close()
}

// add records proc for Close and Processes. It returns ErrClosed after Close.
func (p *Pool) add(proc *process) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.all[proc] = struct{}{}
	return nil
}

// remove drops proc from the records; new mounts get another process.
func (p *Pool) remove(proc *process) {
	p.unshare(proc)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, proc)
}

// unshare removes proc from the shared processes, so no new mount joins it.
func (p *Pool) unshare(proc *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.flights[proc.key]; f != nil && f.proc == proc {
		delete(p.flights, proc.key)
	}
}
