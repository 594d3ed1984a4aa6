// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/plugproof/plugproof/mockserver/internal/process/callback"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// backendPlugin is vault/sdk's plugin for backends with a client that survives
// whatever the plugin answers and calls.
type backendPlugin struct{ sdkplugin.GRPCBackendPlugin }

// GRPCClient returns a *client.
func (p *backendPlugin) GRPCClient(ctx context.Context, broker *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	raw, err := p.GRPCBackendPlugin.GRPCClient(ctx, broker, conn)
	if err != nil {
		return nil, err
	}
	backend, ok := raw.(logical.Backend)
	if !ok {
		return nil, fmt.Errorf("vault/sdk's client %T is not a backend", raw)
	}
	c := &client{sdk: backend, broker: broker, metadataMode: p.MetadataMode}
	c.use(conn)
	return c, nil
}

// client is the server's side of one backend of a plugin. The SDK's client
// encodes requests and decodes answers; the server for the plugin's callbacks is
// the client's own, because the SDK's panics on some messages. A panic in the
// SDK is returned as an error of the call.
type client struct {
	sdk          logical.Backend
	broker       *plugin.GRPCBroker
	metadataMode bool
	// tls is the server's side of the process's; nil without.
	tls *tls.Config
	// callbacks are those of Host.
	callbacks []string
	// traced makes the spans of the calls; nil for none.
	traced   *tracedCalls
	calls    pb.BackendClient
	versions logical.PluginVersionClient
	logger   hclog.Logger
	system   logical.SystemView
	// inContainer: the plugin runs in a container.
	inContainer bool
	// port serves the plugin's callbacks; nil until the plugin was set up.
	port atomic.Pointer[callbackPort]
}

var (
	_ logical.Backend         = (*client)(nil)
	_ logical.PluginVersioner = (*client)(nil)
)

// use makes the client's own calls go over conn.
func (c *client) use(conn grpc.ClientConnInterface) {
	c.calls, c.versions = pb.NewBackendClient(conn), logical.NewPluginVersionClient(conn)
}

// bind makes all calls go over conn, which names the mount of a multiplexed
// plugin. rpc is the connection that the client was dispensed from.
func (c *client) bind(rpc plugin.ClientProtocol, conn grpc.ClientConnInterface) error {
	l := &link{ClientProtocol: rpc, sdk: c.sdk, conn: conn}
	bound, err := sdkplugin.Dispense(l, l)
	if err != nil {
		return err
	}
	c.sdk = bound
	c.use(conn)
	return nil
}

// errPanic is returned for a call during which the SDK panicked.
var errPanic = errors.New("the plugin's answer can't be processed")

// recovered turns a panic into an error of the call what. It must be deferred.
func (c *client) recovered(what string, err *error) {
	if value := recover(); value != nil {
		if c.logger != nil {
			c.logger.Error("panic in a call to the plugin", "call", what, "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
		}
		*err = fmt.Errorf("%w: panic in %s: %v", errPanic, what, value)
	}
}

// Setup makes the plugin create its backend, which may call config's storage and
// system view from now on. In metadata mode it has neither.
func (c *client) Setup(ctx context.Context, config *logical.BackendConfig) (err error) {
	call := c.traced.begin(ctx, "Setup")
	defer func() { c.traced.end(call, trace.Failed(err)) }()
	defer c.recovered("Setup", &err)
	c.logger, c.system = config.Logger, config.System
	services := callback.Services{
		Storage: config.StorageView, System: config.System,
		Events: config.EventsSender, Observations: config.ObservationRecorder, Logger: config.Logger,
		Callbacks: c.callbacks, Trace: c.traced.callbacks(),
	}
	if c.metadataMode {
		services.Storage, services.System = &sdkplugin.NOOPStorage{}, &logical.StaticSystemView{}
	}
	id := c.broker.NextId()
	if err := c.serve(id, services); err != nil {
		return err
	}
	reply, err := c.calls.Setup(ctx, &pb.SetupArgs{BrokerID: id, Config: config.Config, BackendUUID: config.BackendUUID})
	if err != nil {
		return err
	}
	if reply.GetErr() != "" {
		return errors.New(reply.GetErr())
	}
	return nil
}

// serve serves the callbacks of the plugin's backend on the stream of that number, until
// stop. It is GRPCBroker.AcceptAndServe without two goroutines for each mount, which wait
// for the end of the process: that calls stop.
func (c *client) serve(id uint32, services callback.Services) error {
	listener, err := c.broker.Accept(id)
	if err != nil {
		return fmt.Errorf("listen for the plugin's callbacks: %w", err)
	}
	var opts []grpc.ServerOption
	if c.tls != nil {
		opts = append(opts, grpc.Creds(credentials.NewTLS(c.tls)))
	}
	port := &callbackPort{server: callback.NewServer(services, opts...)}
	if !c.inContainer { // the sockets of containers belong to a group, or are streams
		port.address = listener.Addr()
	}
	c.port.Store(port)
	port.open(listener)
	return nil
}

// stop ends the server for the plugin's callbacks, at once. It may be called at any time,
// and more than once.
func (c *client) stop() {
	if port := c.port.Load(); port != nil {
		port.stop()
	}
}

// Cleanup lets the plugin clean up and ends the server for its callbacks: in
// order as long as ctx lasts, then by force.
func (c *client) Cleanup(ctx context.Context) {
	call := c.traced.begin(ctx, "Cleanup")
	_, err := c.calls.Cleanup(ctx, &pb.Empty{})
	c.traced.end(call, trace.Failed(err))
	port := c.port.Load()
	if port == nil {
		return
	}
	if status.Code(err) == codes.Unavailable {
		port.stop()
		return
	}
	stop := context.AfterFunc(ctx, port.stop)
	defer stop()
	port.gracefulStop()
}

// Initialize implements logical.Backend.
func (c *client) Initialize(ctx context.Context, req *logical.InitializationRequest) (err error) {
	call := c.traced.begin(ctx, "Initialize")
	defer func() { c.traced.end(call, trace.Failed(err)) }()
	defer c.recovered("Initialize", &err)
	return c.sdk.Initialize(ctx, req)
}

// HandleRequest implements logical.Backend.
func (c *client) HandleRequest(ctx context.Context, req *logical.Request) (resp *logical.Response, err error) {
	call := c.traced.beginRequest(ctx, string(req.Operation), req)
	defer func() { c.traced.endRequest(call, resp, err) }()
	defer c.recovered("HandleRequest", &err)
	return c.sdk.HandleRequest(ctx, req)
}

// HandleExistenceCheck implements logical.Backend.
func (c *client) HandleExistenceCheck(ctx context.Context, req *logical.Request) (found, exists bool, err error) {
	call := c.traced.beginRequest(ctx, "existence check", req)
	defer func() { c.traced.endRequest(call, nil, err) }()
	defer c.recovered("HandleExistenceCheck", &err)
	return c.sdk.HandleExistenceCheck(ctx, req)
}

// SpecialPaths returns nil if the plugin does not answer.
func (c *client) SpecialPaths() (paths *logical.Paths) {
	var err error
	defer c.recovered("SpecialPaths", &err)
	return c.sdk.SpecialPaths()
}

// Type returns logical.TypeUnknown if the plugin does not answer.
func (c *client) Type() (kind logical.BackendType) {
	var err error
	defer c.recovered("Type", &err)
	return c.sdk.Type()
}

// InvalidateKey implements logical.Backend.
func (c *client) InvalidateKey(ctx context.Context, key string) {
	var err error
	defer c.recovered("InvalidateKey", &err)
	c.sdk.InvalidateKey(ctx, key)
}

// PluginVersion returns logical.EmptyPluginVersion if the plugin reports none.
func (c *client) PluginVersion() logical.PluginVersion {
	reply, err := c.versions.Version(context.Background(), &logical.Empty{})
	switch {
	case err == nil:
		return logical.PluginVersion{Version: reply.GetPluginVersion()}
	case status.Code(err) != codes.Unimplemented && c.logger != nil:
		c.logger.Warn("Unknown error getting plugin version", "err", err)
	}
	return logical.EmptyPluginVersion
}

// System returns the system view of Setup.
func (c *client) System() logical.SystemView { return c.system }

// Logger returns the logger of Setup.
func (c *client) Logger() hclog.Logger { return c.logger }

// link is what the SDK needs to replace the connection of its client. The Pool
// decides when a process ends, so Close and Reload do nothing.
type link struct {
	plugin.ClientProtocol
	sdk  logical.Backend
	conn grpc.ClientConnInterface
}

var _ pluginutil.PluginClient = (*link)(nil)

func (l *link) Dispense(string) (any, error)   { return l.sdk, nil }
func (l *link) Conn() grpc.ClientConnInterface { return l.conn }
func (l *link) Reload() error                  { return nil }
func (l *link) Close() error                   { return nil }
