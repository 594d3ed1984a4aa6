// SPDX-License-Identifier: MPL-2.0

// Package plugintest builds plugins and starts them as a server would, with
// go-plugin and nothing else, for the tests of the sample plugins.
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

// startTimeout is far above what a start takes, so that a loaded machine fails
// no test.
const startTimeout = 30 * time.Second

// Build builds the main package of this module and returns the binary's path.
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
	// Multiplexed says whether one process can serve several mounts.
	Multiplexed bool
}

// Start starts a plugin with protocol version 5 and AutoMTLS. Its environment
// is env and PATH, and what go-plugin and every server add. The process ends
// with the test. The error is go-plugin's.
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

// addMount gives every call the identifier of the only mount; plugins that are
// not multiplexed do not look at it.
func addMount(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx = metadata.AppendToOutgoingContext(ctx, pluginutil.MultiplexingCtxKey, "mount")
	return invoke(ctx, method, req, reply, conn, opts...)
}

// Mount sets up the process's backend with storage in memory. The error is
// what the plugin's factory returned.
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
