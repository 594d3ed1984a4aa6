// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/api"
	dbplugin "github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"google.golang.org/grpc"
)

// roleVariable makes the test binary a plugin, or a server, of a certain kind.
const roleVariable = "PROCESS_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(testAll(m))
	}
	if err := play(role); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// testAll runs the tests, and returns their exit code.
func testAll(m *testing.M) int {
	var err error
	if programDir, err = os.MkdirTemp("", "plugproof-process-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programDir)
	return m.Run()
}

func play(role string) error {
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Info, JSONFormat: true})
	opts := &sdkplugin.ServeOpts{
		BackendFactoryFunc: factory,
		TLSProviderFunc:    api.VaultPluginTLSProvider(nil),
		Logger:             logger,
	}
	switch role {
	case "multiplex":
		return sdkplugin.ServeMultiplex(opts)
	case "single":
		return sdkplugin.Serve(opts)
	case "old":
		set := plugin.PluginSet{"backend": &sdkplugin.GRPCBackendPlugin{Factory: factory, Logger: logger}}
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  sdkplugin.HandshakeConfig,
			VersionedPlugins: map[int]plugin.PluginSet{3: set, 4: set},
			TLSProvider:      opts.TLSProviderFunc,
			Logger:           logger,
			GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
				return plugin.DefaultGRPCServer(append(opts, grpc.MaxRecvMsgSize(math.MaxInt32)))
			},
		})
		return nil
	case "openbao":
		return serveOpenBao()
	case "database":
		dbplugin.ServeMultiplex(func() (any, error) { return versioned{}, nil })
		return nil
	case "garbage":
		fmt.Println("this is not a handshake")
		return nil
	case "plaintext":
		return answerInPlaintext()
	case "exit":
		return nil
	case "hang":
		select {}
	case "silent":
		return beSilent()
	case "too-long":
		// As plugins do that were built before go-plugin let servers name a directory.
		_, err := net.Listen("unix", filepath.Join(os.TempDir(), "plugin1"))
		return err
	case "holder":
		return hold()
	}
	return fmt.Errorf("no role %q", role)
}

// answerInPlaintext makes a handshake of a plugin whose socket does not speak TLS.
func answerInPlaintext() error {
	dir, err := os.MkdirTemp("", "plaintext")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		return err
	}
	fmt.Printf("1|5|unix|%s|grpc|\n", listener.Addr())
	return http.Serve(listener, http.NotFoundHandler())
}

// beSilent makes the socket of a plugin and says nothing.
func beSilent() error {
	file, err := os.CreateTemp("", "plugin")
	if err != nil {
		return err
	}
	if err := errors.Join(file.Close(), os.Remove(file.Name())); err != nil {
		return err
	}
	if _, err := net.Listen("unix", file.Name()); err != nil {
		return err
	}
	select {}
}

// hold is a server that has started a plugin and is going to be killed.
func hold() error {
	entry, err := self("multiplex")
	if err != nil {
		return err
	}
	pool := process.New(process.Host{OwnVariables: []string{"VAULT_"}, Environ: func() []string { return []string{"TMPDIR=" + os.Getenv("TMPDIR")} }})
	b, err := pool.Backend(context.Background(), fixed(entry), &logical.BackendConfig{
		StorageView: &logical.InmemStorage{}, System: logical.TestSystemView(),
	})
	if err != nil {
		return err
	}
	resp, err := b.HandleRequest(context.Background(), &logical.Request{Operation: logical.ReadOperation, Path: "pid"})
	if err != nil {
		return err
	}
	fmt.Println(resp.Data["pid"])
	select {}
}

// versioned is a database plugin that can only say its version.
type versioned struct{ dbplugin.Database }

func (versioned) PluginVersion() logical.PluginVersion {
	return logical.PluginVersion{Version: "v4.5.6"}
}
func (versioned) Close() error { return nil }

// factory makes a backend that shows its process and can be made to fail.
func factory(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
	if os.Getenv("FAIL_SETUP") != "" {
		return nil, errors.New("test: told to fail in the factory")
	}
	read := func(do framework.OperationFunc) map[logical.Operation]framework.OperationHandler {
		return map[logical.Operation]framework.OperationHandler{logical.ReadOperation: &framework.PathOperation{Callback: do}}
	}
	b := &framework.Backend{}
	*b = framework.Backend{ // in place, as paths use it
		BackendType:    logical.TypeLogical,
		RunningVersion: os.Getenv("REPORT_VERSION"),
		PathsSpecial:   &logical.Paths{Unauthenticated: []string{"pid"}},
		Paths: []*framework.Path{
			{Pattern: "pid", Operations: read(func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return &logical.Response{Data: map[string]any{"pid": os.Getpid()}}, nil
			})},
			{Pattern: "environ", Operations: read(func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				return &logical.Response{Data: map[string]any{"environ": os.Environ()}}, nil
			})},
			{Pattern: "crash", Operations: read(func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				os.Exit(7)
				return nil, nil
			})},
			{Pattern: "panic", Operations: read(func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				noRoles()["a"] = true
				return nil, nil
			})},
			{Pattern: "print", Operations: read(func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				fmt.Fprintln(os.Stderr, "printed while it serves")
				b.Logger().Info("logged while it serves")
				return &logical.Response{Data: map[string]any{}}, nil
			})},
			// The test's storage decides how long this takes.
			{Pattern: "storage", Operations: read(func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
				_, err := req.Storage.Get(ctx, "key")
				return &logical.Response{Data: map[string]any{"pid": os.Getpid()}}, err
			})},
		},
	}
	return b, b.Setup(ctx, conf)
}

// noRoles returns a map that can't be written to.
func noRoles() map[string]bool { return nil }

// names returns the sorted names of an environment.
func names(env []string) []string {
	var out []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// timeout is for what must happen at once; it is only long for slow machines.
const timeout = 30 * time.Second
