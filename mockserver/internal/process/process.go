// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"crypto/tls"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/plugproof/plugproof/mockserver/environ"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	// drainTime is how long requests in flight may go on in a process that is
	// to end because it is reloaded.
	drainTime = 5 * time.Second
	// settleLimit is how long the end of a process is kept from go-plugin for
	// the sake of requests that the end broke off.
	settleLimit = time.Second
	// farewellTime is how long a plugin may take to answer that it shall shut
	// down; go-plugin itself would wait for ever.
	farewellTime = 2 * time.Second
)

// process is a plugin process that has answered its handshake.
type process struct {
	pool   *Pool
	entry  Entry
	key    string
	client *plugin.Client
	rpc    plugin.ClientProtocol
	conn   *grpc.ClientConn
	// shared: the plugin supports multiplexing.
	shared bool
	// started is closed when the start has succeeded or failed.
	started chan struct{}
	ending  sync.Once
	ended   chan struct{}

	mu       sync.Mutex
	child    *child
	aborted  bool
	shut     bool
	sessions map[*session]struct{}
}

// start starts a process for entry, speaking in the way of style, and returns
// when it has answered. deadline bounds all of it.
func (p *Pool) start(ctx context.Context, entry Entry, style style, deadline time.Time) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // nobody waits for it any more
	}
	// A bare name would be looked up in PATH, where nothing was compared.
	if !filepath.IsAbs(entry.Command) {
		return nil, fmt.Errorf("%w: %s", ErrNoPlace, entry.Name)
	}
	if err := p.digests.check(entry.Command, entry.SHA256); err != nil {
		return nil, err
	}
	own := environ.Own{
		Prefixes: p.host.OwnVariables,
		Version:  p.host.Version,
		Metadata: style.metadata,
		AutoMTLS: style.autoMTLS,
		Mlock:    p.host.Mlock,
	}
	var config *tls.Config
	var last []string // of the environment; nothing overrides it
	switch {
	case style.autoMTLS:
		ours, clientCert, err := autoTLS()
		if err != nil {
			return nil, err
		}
		config, last = ours, []string{"PLUGIN_CLIENT_CERT=" + clientCert}
	case !style.metadata:
		var err error
		if config, own.UnwrapToken, err = oldTLS(ctx, p.host); err != nil {
			return nil, err
		}
	}
	env := environ.Compose(environ.Input{
		Rule:       p.host.Rule,
		Host:       p.host.Environ(),
		Registered: entry.Env,
		Server:     own.Entries(),
	})
	proc := &process{
		pool: p, entry: entry, key: entry.key(),
		started:  make(chan struct{}),
		ended:    make(chan struct{}),
		sessions: make(map[*session]struct{}),
	}
	if err := p.add(proc); err != nil {
		return nil, err
	}
	defer close(proc.started)

	left := max(time.Until(deadline), time.Millisecond)
	logger := p.host.Logger.Named(entry.Name)
	if style.metadata {
		logger = logger.With("metadata", "true")
	}
	output := logger.StandardWriter(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug})
	proc.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  style.handshake,
		VersionedPlugins: style.sets,
		TLSConfig:        config,
		SkipHostEnv:      true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC, plugin.ProtocolGRPC},
		StartTimeout:     left,
		Logger:           logger,
		SyncStdout:       output,
		SyncStderr:       output,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: socketBase()},
		GRPCDialOptions:  []grpc.DialOption{grpc.WithUnaryInterceptor(p.limitCalls)},
		RunnerFunc: func(_ hclog.Logger, theirs *exec.Cmd, dir string) (runner.Runner, error) {
			// The standard input stays empty: the server's is not the plugins'.
			cmd := exec.Command(entry.Command, entry.Args...)
			cmd.Env = slices.Concat(env, withoutSocketDir(theirs.Env), last)
			return proc.adopt(cmd, dir)
		},
	})
	// go-plugin minds StartTimeout up to the handshake. A process that doesn't
	// answer calls after that is killed, which makes them fail.
	watchdog := time.AfterFunc(left+time.Second, proc.abortStart)
	defer watchdog.Stop()
	if err := proc.connect(ctx, style); err != nil {
		proc.discard()
		return nil, err
	}
	return proc, nil
}

// withoutSocketDir removes the variable that go-plugin sets only because a
// Runner starts the process: in real servers, which let go-plugin start it,
// plugins don't have it.
func withoutSocketDir(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		return strings.HasPrefix(entry, plugin.EnvUnixSocketDir+"=")
	})
}

// adopt makes the child of the process, once.
func (proc *process) adopt(cmd *exec.Cmd, dir string) (*child, error) {
	c, err := newChild(cmd, dir, proc.pool.threads, proc.pool.host.HandshakeHint, proc.settle)
	if err != nil {
		return nil, err
	}
	proc.mu.Lock()
	defer proc.mu.Unlock()
	proc.child = c
	if proc.aborted {
		c.doomed.Store(true)
	}
	return c, nil
}

// connect starts the process and asks whether it can be shared.
func (proc *process) connect(ctx context.Context, style style) error {
	rpc, err := proc.client.Client()
	if err != nil {
		return err
	}
	proc.rpc = rpc
	if style.autoMTLS {
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

// multiplexes asks the plugin whether one process can serve many mounts. Names
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

// limitCalls gives every call but requests, which bring their own, a deadline:
// the SDK calls Type or SpecialPaths without any.
func (p *Pool) limitCalls(ctx context.Context, method string, request, reply any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	switch method {
	case "/pb.Backend/HandleRequest", "/pb.Backend/HandleExistenceCheck":
		return invoke(ctx, method, request, reply, conn, options...)
	case "/plugin.GRPCController/Shutdown":
		limited, cancel := context.WithTimeout(ctx, farewellTime)
		defer cancel()
		return invoke(limited, method, request, reply, conn, options...)
	}
	limited, cancel := context.WithTimeout(ctx, p.host.StartTimeout)
	defer cancel()
	return invoke(limited, method, request, reply, conn, options...)
}

// attach lets s use the process; false if it is ending or taken.
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
// step so that nobody joins a process that is about to be ended.
func (proc *process) detach(s *session) (last bool) {
	proc.mu.Lock()
	defer proc.mu.Unlock()
	delete(proc.sessions, s)
	last = len(proc.sessions) == 0
	proc.shut = proc.shut || last
	return last
}

// retire lets in neither sessions nor requests any more. The result is for
// waiting until the requests in flight have ended.
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
	drained := proc.retire()
	proc.pool.withdraw(proc)
	proc.child.closePipesLate()
	await(drained, settleLimit)
	proc.end()
}

// running tells whether the process has not ended. It takes no lock.
func (proc *process) running() bool {
	select {
	case <-proc.child.exited:
		return false
	default:
		return true
	}
}

// settle waits for requests in flight when the process has ended. go-plugin
// would tell the SDK's client that the plugin is shut down while those requests
// are about to return with the error of the broken connection, and which error
// they get would be chance. Real servers mostly give the connection's.
func (proc *process) settle() {
	await(proc.retire(), settleLimit)
}

// await waits for all channels, at most for limit; false if that was too short.
func await(channels []<-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, c := range channels {
		select {
		case <-c:
		case <-timer.C:
			return false
		}
	}
	return true
}

// end ends the process and returns when it is gone.
func (proc *process) end() {
	proc.ending.Do(func() {
		proc.pool.withdraw(proc)
		proc.retire()
		<-proc.started
		// Asks the plugin to shut down and kills it if it doesn't.
		proc.client.Kill()
		proc.pool.remove(proc)
		close(proc.ended)
	})
	<-proc.ended
}

// abortStart kills a process that is being started.
func (proc *process) abortStart() {
	select {
	case <-proc.started:
		return
	default:
	}
	proc.mu.Lock()
	proc.aborted = true
	c := proc.child
	proc.mu.Unlock()
	if c != nil {
		_ = c.Kill(context.Background())
	}
}

// discard clears up after a start that failed.
func (proc *process) discard() {
	proc.mu.Lock()
	proc.shut = true
	c := proc.child
	proc.mu.Unlock()
	if c != nil {
		_ = c.Kill(context.Background())
		if c.ID() != "" {
			<-c.exited
			c.closePipesLate()
		}
	}
	proc.client.Kill()
	proc.pool.remove(proc)
}

// info describes the process; false if it doesn't run.
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
