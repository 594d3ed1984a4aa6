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

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/logical"
	sdkplugin "github.com/hashicorp/vault/sdk/plugin"
)

const (
	// pluginName is the sample plugin that everything is measured with.
	pluginName = "passthrough-plugin"
	// requestPath is read from it; the answer takes nothing from storage, so
	// that the way to the plugin is measured and not the plugin.
	requestPath = "env/HOME"
)

// subject is the plugin, for the server and for the floor.
type subject struct{ path, dir, sha256 string }

func newSubject(path string) (*subject, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return &subject{path: path, dir: filepath.Dir(path), sha256: hex.EncodeToString(sum[:])}, nil
}

// floor is the plugin run with go-plugin and nothing else. It isn't
// multiplexed: without a server there is only one mount.
type floor struct {
	client  *plugin.Client
	backend logical.Backend
}

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

// startReady starts the plugin and makes its backend ready for requests.
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

func (f *floor) request(ctx context.Context) (map[string]any, error) {
	resp, err := f.backend.HandleRequest(ctx, &logical.Request{Operation: logical.ReadOperation, Path: requestPath})
	if err != nil {
		return nil, err
	}
	if resp == nil || resp.IsError() {
		return nil, errors.New("the plugin did not answer " + requestPath)
	}
	return resp.Data, nil
}
