// SPDX-License-Identifier: MPL-2.0

// Package plugintest builds plugins and starts them with go-plugin, as a server
// does, for the tests of the sample plugins.
package plugintest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// startTimeout is far longer than a start takes, so that tests do not fail on a
// busy machine.
const startTimeout = 30 * time.Second

// Build builds a main package, relative to the directory of the test or by its
// import path, and returns the path of the binary. The binary is removed when the
// test ends; a failed build fails the test.
func Build(t testing.TB, mainPackage string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, mainPackage).CombinedOutput()
	if err != nil {
		t.Fatalf("go build %s: %v\n%s", mainPackage, err, out)
	}
	return path
}

// Process is a running plugin process.
type Process struct {
	rpc goplugin.ClientProtocol
	// Multiplexed reports whether the process can serve several mounts.
	Multiplexed bool
}

// Start starts the plugin at path with protocol version 5 and AutoMTLS. Its
// environment is PATH, the variables that every server sets, and env. The process
// is killed when the test ends. Start returns the error of go-plugin if the
// handshake fails.
func Start(t testing.TB, path string, env ...string) (*Process, error) {
	t.Helper()
	cmd := exec.Command(path)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), pluginutil.PluginAutoMTLSEnv + "=true", pluginutil.PluginMetadataModeEnv + "=false",
	}, env...)
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig,
		VersionedPlugins: plugin.PluginSet,
		Cmd:              cmd,
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		StartTimeout:     startTimeout,
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions:  []grpc.DialOption{grpc.WithUnaryInterceptor(addMount)},
	})
	t.Cleanup(client.Kill)
	rpc, err := client.Client()
	if err != nil {
		return nil, err
	}
	conn := rpc.(*goplugin.GRPCClient).Conn
	multiplexed, err := pluginutil.MultiplexingSupported(t.Context(), conn, "test")
	if err != nil {
		return nil, err
	}
	return &Process{rpc: rpc, Multiplexed: multiplexed}, nil
}

// addMount adds the identifier of the mount to each call. Only multiplexed
// plugins read it.
func addMount(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx = metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, "mount")
	return invoke(ctx, method, req, reply, conn, opts...)
}

// Mount creates a backend in the process and sets it up with in-memory storage,
// which it returns too. The error is that of the plugin's factory. A process can
// be mounted once.
func (p *Process) Mount(t testing.TB) (logical.Backend, logical.Storage, error) {
	t.Helper()
	raw, err := p.rpc.Dispense(plugin.BackendPluginName)
	if err != nil {
		return nil, nil, err
	}
	b := raw.(logical.Backend)
	storage := &logical.InmemStorage{}
	conf := logical.TestBackendConfig()
	conf.StorageView = storage
	conf.System = logical.StaticSystemView{
		DefaultLeaseTTLVal: time.Hour,
		MaxLeaseTTLVal:     2 * time.Hour,
		PluginEnvironment:  &logical.PluginEnvironment{VaultVersion: "1.2.3"},
	}
	if err := b.Setup(t.Context(), conf); err != nil {
		return nil, nil, err
	}
	return b, storage, nil
}
