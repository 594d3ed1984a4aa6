// SPDX-License-Identifier: MPL-2.0

package process

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/mockserver/internal/process/callback"
)

// start starts a process for entry and returns when it has completed the
// handshake and answered. deadline bounds all of it.
func (p *Pool) start(ctx context.Context, entry Entry, speak protocol, deadline time.Time) (*process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // no caller waits for it
	}
	file, err := p.openBinary(entry)
	if err != nil {
		return nil, err
	}
	defer file.close()
	config, err := p.configure(ctx, entry, speak)
	if err != nil {
		return nil, err
	}
	proc := newProcess(p, entry, config.tls)
	if err := p.add(proc); err != nil {
		return nil, err
	}
	defer close(proc.started)
	span := proc.beginTrace(ctx)
	left := max(time.Until(deadline), time.Millisecond)
	proc.client = plugin.NewClient(proc.clientConfig(config, file, left))
	// go-plugin minds StartTimeout up to the handshake. A process that doesn't
	// answer calls after that is killed, which makes them fail.
	watchdog := time.AfterFunc(left+time.Second, proc.abortStart)
	defer watchdog.Stop()
	if err := proc.connect(ctx, speak); err != nil {
		err = proc.failed(err, speak, deadline)
		proc.traceStart(span, err)
		proc.traceExit()
		return nil, err
	}
	proc.traceStart(span, nil)
	return proc, nil
}

// startConfig is what a process is started with.
type startConfig struct {
	speak protocol
	// tls is the server's side of the connection; nil in metadata mode.
	tls *tls.Config
	// env is the environment. Nothing overrides lastEnv, which is added to it.
	env, lastEnv []string
	// temporary is the plugin's directory for temporary files, socketDir the server's
	// for its sockets.
	temporary, socketDir string
}

// configure computes what a process for entry is started with.
func (p *Pool) configure(ctx context.Context, entry Entry, speak protocol) (c startConfig, err error) {
	c.speak = speak
	server := environ.ServerInfo{
		Prefixes: p.host.OwnVariables,
		Version:  p.host.Version,
		Metadata: speak.metadata,
		AutoMTLS: speak.autoMTLS,
		Mlock:    p.host.Mlock,
	}
	switch {
	case speak.autoMTLS:
		var clientCert string
		c.tls, clientCert, err = autoTLS()
		c.lastEnv = []string{"PLUGIN_CLIENT_CERT=" + clientCert}
	case !speak.metadata:
		c.tls, server.UnwrapToken, err = legacyTLS(ctx, p.host)
	}
	if err != nil {
		return c, err
	}
	c.env = environ.Compose(environ.Input{
		Rule:       p.host.Rule,
		Host:       p.host.Environ(),
		Registered: entry.Env,
		Server:     server.Entries(),
		Container:  entry.Container != nil,
	})
	c.temporary = temporaryDir(c.env)
	c.socketDir, err = p.sockets.open(c.temporary)
	return c, err
}

// clientConfig returns the configuration of go-plugin's client, whose handshake may
// take as long as is left.
func (proc *process) clientConfig(c startConfig, file *binary, left time.Duration) *plugin.ClientConfig {
	logger := proc.pool.host.Logger.Named(proc.entry.Name)
	if c.speak.metadata {
		logger = logger.With("metadata", "true")
	}
	if c.speak.attempt && !logger.IsDebug() {
		logger = hclog.NewNullLogger()
	}
	output := logger.StandardWriter(&hclog.StandardLoggerOptions{ForceLevel: hclog.Debug})
	config := &plugin.ClientConfig{
		HandshakeConfig:  c.speak.handshake,
		VersionedPlugins: c.speak.sets,
		TLSConfig:        c.tls,
		SkipHostEnv:      true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC, plugin.ProtocolGRPC},
		StartTimeout:     left,
		Logger:           logger,
		SyncStdout:       output,
		SyncStderr:       output,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: c.socketDir},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithUnaryInterceptor(proc.pool.limitCalls), grpc.WithChainStreamInterceptor(proc.watchStdio),
			grpc.WithInitialWindowSize(callback.Window), grpc.WithInitialConnWindowSize(callback.Window),
		},
		RunnerFunc: proc.runBinary(c, file),
	}
	if c.speak.around != nil {
		config.GRPCDialOptions = append(config.GRPCDialOptions, grpc.WithChainUnaryInterceptor(c.speak.around))
	}
	if proc.entry.Container != nil {
		proc.runInContainer(config, c)
	}
	return config
}

// runBinary returns the runner of a program on this machine.
func (proc *process) runBinary(c startConfig, file *binary) func(hclog.Logger, *exec.Cmd, string) (runner.Runner, error) {
	return func(_ hclog.Logger, goPluginCmd *exec.Cmd, dir string) (runner.Runner, error) {
		// The standard input stays empty: the server's is not the plugins'.
		cmd := exec.Command(proc.entry.Command, proc.entry.Args...)
		cmd.Path = file.executable(dir)
		goPluginEnv := goPluginCmd.Env
		if !tooLong(c.temporary) {
			goPluginEnv = withoutSocketDir(goPluginEnv)
		}
		cmd.Env = slices.Concat(c.env, goPluginEnv, c.lastEnv)
		return proc.adopt(cmd, dir, c.temporary, file)
	}
}

// runInContainer changes the configuration to that of a plugin from an image.
func (proc *process) runInContainer(config *plugin.ClientConfig, c startConfig) {
	container := proc.pool.containerConfig(proc.entry, c.env, c.socketDir)
	config.UnixSocketConfig = &plugin.UnixSocketConfig{
		Group: strconv.Itoa(container.GroupAdd), TempDir: cmp.Or(proc.pool.host.Tmpdir, c.socketDir),
	}
	config.GRPCBrokerMultiplex = true
	config.RunnerFunc = func(logger hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
		cmd.Env = append(cmd.Env, c.lastEnv...)
		return proc.newContained(container, logger, cmd, dir)
	}
}

// openBinary returns the binary of an entry when its digest is the registered one;
// nil for a plugin from an image, whose digest plugincontainer compares.
func (p *Pool) openBinary(entry Entry) (*binary, error) {
	if entry.Container != nil {
		return nil, nil //nolint:nilnil // there is none
	}
	// A bare name would be looked up in PATH, where nothing was compared.
	if !filepath.IsAbs(entry.Command) {
		return nil, fmt.Errorf("%w: %s", ErrNoPluginDir, entry.Name)
	}
	file, err := p.digests.open(entry.Command, entry.SHA256)
	if err != nil {
		return nil, fileFailure(entry, err)
	}
	return file, nil
}

// withoutSocketDir removes the variable that go-plugin sets only because a
// Runner starts the process: in real servers, which let go-plugin start it,
// plugins don't have it. A plugin whose temporary directory has a path that is too
// long for sockets keeps it: it would end at once without.
func withoutSocketDir(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		return strings.HasPrefix(entry, plugin.EnvUnixSocketDir+"=")
	})
}
