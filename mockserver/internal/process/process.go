// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/mockserver/trace"
)

const (
	// drainTimeout is how long requests in flight may go on in a process that is
	// to end because it is reloaded.
	drainTimeout = 5 * time.Second
	// exitDrainLimit is how long the end of a process is kept from go-plugin for
	// the sake of requests that the end broke off.
	exitDrainLimit = time.Second
	// shutdownTimeout is how long a plugin may take to answer that it shall shut
	// down; go-plugin itself would wait for ever.
	shutdownTimeout = 2 * time.Second
)

// process is a plugin process that has answered its handshake.
type process struct {
	pool   *Pool
	entry  Entry
	key    string
	client *plugin.Client
	rpc    plugin.ClientProtocol
	conn   *grpc.ClientConn
	// tls is the server's side; nil for plugins in metadata mode.
	tls *tls.Config
	// shared: the plugin supports multiplexing.
	shared bool
	// started is closed when the start has succeeded or failed.
	started chan struct{}
	ending  sync.Once
	ended   chan struct{}
	// stdio knows whether what the plugin prints is logged.
	stdio reading
	// reported is closed when the process has ended and the server knows of its crash,
	// if it was one.
	reported chan struct{}

	mu       sync.Mutex
	child    *child
	aborted  bool
	shut     bool
	sessions map[*session]struct{}
	// clients serve callbacks until they are stopped, with the process at the latest.
	clients map[*client]struct{}
	// wanted: the server ended the process, which ran until then.
	wanted bool

	// span is the life of the process in a trace, which exit ends once; nil for none.
	span *trace.Active
	exit sync.Once
}

// newProcess returns a process of the pool that is not started yet.
func newProcess(p *Pool, entry Entry, config *tls.Config) *process {
	return &process{
		pool: p, entry: entry, key: entry.key(), tls: config,
		started:  make(chan struct{}),
		ended:    make(chan struct{}),
		reported: make(chan struct{}),
		sessions: make(map[*session]struct{}),
		clients:  make(map[*client]struct{}),
	}
}

// adopt makes the child of the process, once.
func (proc *process) adopt(cmd *exec.Cmd, dir, temporary string, file *binary) (*child, error) {
	c, err := newChild(cmd, dir, temporary, file, proc.pool.forker, proc.pool.host.HandshakeHint, proc.drainAfterExit)
	if err != nil {
		return nil, err
	}
	proc.keep(c)
	return c, nil
}

// keep makes c the child of the process.
func (proc *process) keep(c *child) {
	proc.mu.Lock()
	defer proc.mu.Unlock()
	proc.child = c
	if proc.aborted {
		c.killOnStart.Store(true)
	}
}

// connect starts the process and queries whether it supports multiplexing.
func (proc *process) connect(ctx context.Context, speak protocol) error {
	rpc, err := proc.client.Client()
	if err != nil {
		return err
	}
	proc.rpc = rpc
	if speak.autoMTLS {
		client, ok := rpc.(*plugin.GRPCClient)
		if !ok {
			return fmt.Errorf("plugin %q speaks net/rpc: plugins of protocol 5 must speak gRPC", proc.entry.Name)
		}
		proc.conn = client.Conn
		if proc.shared, err = proc.multiplexes(ctx); err != nil {
			return err
		}
	}
	go proc.watch()
	return nil
}

// multiplexes reports whether one process can serve many mounts. Plugins named
// in the server's variable PLUGIN_MULTIPLEXING_OPT_OUT are not asked.
func (proc *process) multiplexes(ctx context.Context) (bool, error) {
	env := proc.pool.host.Environ()
	for _, prefix := range proc.pool.host.OwnVariables {
		out, _ := environ.Lookup(env, prefix+"PLUGIN_MULTIPLEXING_OPT_OUT")
		if slices.Contains(strings.Split(out, ","), proc.entry.Name) {
			return false, nil
		}
	}
	answer, err := pluginutil.NewPluginMultiplexingClient(proc.conn).
		MultiplexingSupport(ctx, &pluginutil.MultiplexingSupportRequest{})
	if status.Code(err) == codes.Unimplemented {
		return false, nil
	}
	return answer.GetSupported(), err
}

// limitCalls bounds the answers of plugins and sets a deadline on every call except requests, which bring their
// own: the SDK calls Type and SpecialPaths without one.
func (p *Pool) limitCalls(ctx context.Context, method string, request, reply any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if len(options) == 0 {
		options = p.limit
	} else {
		options = append(slices.Clip(options), p.limit...)
	}
	switch {
	case hasOwnDeadline(method):
		return invoke(ctx, method, request, reply, conn, options...)
	case method == "/plugin.GRPCController/Shutdown":
		limited, cancel := context.WithTimeout(ctx, shutdownTimeout)
		defer cancel()
		return invoke(limited, method, request, reply, conn, options...)
	}
	limited, cancel := context.WithTimeout(ctx, p.host.StartTimeout)
	defer cancel()
	return invoke(limited, method, request, reply, conn, options...)
}

// attach registers s as a user of the process. It reports false if the process is
// ending, or is not shared and has a user.
func (proc *process) attach(s *session) bool {
	proc.mu.Lock()
	defer proc.mu.Unlock()
	if proc.shut || (!proc.shared && len(proc.sessions) > 0) {
		return false
	}
	proc.sessions[s] = struct{}{}
	return true
}

// detach ends the use of s; the last one closes the process to others, in one
// step so that no session joins a process that is about to be ended.
func (proc *process) detach(s *session) (last bool) {
	proc.mu.Lock()
	defer proc.mu.Unlock()
	delete(proc.sessions, s)
	delete(proc.clients, s.backend)
	last = len(proc.sessions) == 0
	proc.shut = proc.shut || last
	return last
}

// retire closes the process to new sessions and requests. The channels close
// when the requests in flight have ended.
func (proc *process) retire() (drained []<-chan struct{}) {
	proc.mu.Lock()
	defer proc.mu.Unlock()
	proc.shut = true
	for s := range proc.sessions {
		drained = append(drained, s.gate.shut())
	}
	return drained
}

// watch clears up when the process has ended, by itself or not. Requests in
// flight get to see how their connection broke before it is closed for good.
func (proc *process) watch() {
	<-proc.child.exited
	proc.traceExit()
	drained := proc.retire()
	proc.pool.unshare(proc)
	proc.child.closePipesLate()
	proc.mu.Lock()
	crashed := !proc.wanted
	proc.mu.Unlock()
	if crashed {
		proc.reportCrash()
	}
	close(proc.reported)
	await(drained, exitDrainLimit)
	proc.mu.Lock()
	clients := slices.Collect(maps.Keys(proc.clients))
	proc.mu.Unlock()
	for _, c := range clients {
		c.stop()
	}
	proc.end()
}

// running reports whether the process has not exited. It takes no lock.
func (proc *process) running() bool {
	select {
	case <-proc.child.exited:
		return false
	default:
		return true
	}
}

// info describes the process. It reports false if the process does not run.
func (proc *process) info() (Info, bool) {
	select {
	case <-proc.started:
	default:
		return Info{}, false
	}
	proc.mu.Lock()
	defer proc.mu.Unlock()
	if proc.child == nil || !proc.running() {
		return Info{}, false
	}
	info := Info{
		PID:  int(proc.child.pid.Load()),
		Name: proc.entry.Name, Type: proc.entry.Type, Version: proc.entry.Version,
	}
	for s := range proc.sessions {
		info.Mounts = append(info.Mounts, s.mount)
	}
	slices.Sort(info.Mounts)
	return info, info.PID != 0
}
