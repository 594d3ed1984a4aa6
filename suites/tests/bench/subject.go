// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
)

const (
	// pluginName is the sample plugin that all measurements use.
	pluginName = "passthrough-plugin"
	// requestPath is the path of the plugin that requests read. It does not use
	// the storage, so that the way to the plugin is measured and not the plugin.
	requestPath = "env/HOME"
	// requestLimit is the timeout of a request in servers.
	requestLimit = 90 * time.Second
)

// subject is the binary of the measured plugin.
type subject struct {
	path, dir, sha256 string
	// broken: it can't be started, which servers need not log.
	broken bool
}

func newSubject(path string) (*subject, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return &subject{path: path, dir: filepath.Dir(path), sha256: hex.EncodeToString(sum[:])}, nil
}

// floor is the plugin, run with go-plugin and without a server. It has one mount.
type floor struct {
	client  *plugin.Client
	backend logical.Backend
}

// start starts the plugin.
func (s *subject) start() (*floor, error) {
	cmd := exec.Command(s.path)
	cmd.Env = []string{"HOME=" + os.Getenv("HOME"), "VAULT_PLUGIN_AUTOMTLS_ENABLED=true", "VAULT_VERSION=1.20.0"}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  sdkplugin.HandshakeConfig,
		VersionedPlugins: sdkplugin.PluginSet,
		Cmd:              cmd,
		SkipHostEnv:      true,
		AutoMTLS:         true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	rpc, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, fmt.Errorf("start the plugin: %w", err)
	}
	backend, err := sdkplugin.Dispense(rpc, &soleMount{ClientProtocol: rpc, conn: rpc.(*plugin.GRPCClient).Conn})
	if err != nil {
		client.Kill()
		return nil, fmt.Errorf("dispense the plugin: %w", err)
	}
	return &floor{client: client, backend: backend}, nil
}

// startReady starts the plugin and sets up its backend.
func (s *subject) startReady(ctx context.Context) (*floor, error) {
	f, err := s.start()
	if err != nil {
		return nil, err
	}
	err = f.backend.Setup(ctx, &logical.BackendConfig{
		StorageView: &logical.InmemStorage{}, System: logical.TestSystemView(), Logger: hclog.NewNullLogger(),
	})
	if err != nil {
		f.client.Kill()
		return nil, fmt.Errorf("set the plugin up: %w", err)
	}
	return f, nil
}

// request makes the call that a server makes for a client's request, with the same
// fields and timeout.
func (f *floor) request(ctx context.Context) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	resp, err := f.backend.HandleRequest(ctx, &logical.Request{
		ID:                  "5b8f6a3e-7c1d-4f0a-9e2b-1d3c5a7f9b0e",
		Operation:           logical.ReadOperation,
		Path:                requestPath,
		ClientToken:         "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", // as hashed for a mount
		ClientTokenAccessor: "Pj4hXyVYl1xUDoQZ6uHvTQs3",
		ClientTokenSource:   logical.ClientTokenFromVaultHeader,
		DisplayName:         "token",
		MountPoint:          "m/",
		MountType:           pluginName,
		Connection:          &logical.Connection{RemoteAddr: "127.0.0.1", RemotePort: 50000},
	})
	if err != nil {
		return nil, err
	}
	if resp == nil || resp.IsError() {
		return nil, errors.New("the plugin did not answer " + requestPath)
	}
	return resp.Data, nil
}
