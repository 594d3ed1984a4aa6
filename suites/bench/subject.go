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
	// pluginName is the sample plugin that everything is measured with.
	pluginName = "passthrough-plugin"
	// requestPath is read from it; the answer takes nothing from storage, so
	// that the way to the plugin is measured and not the plugin.
	requestPath = "env/HOME"
	// requestLimit is how long servers let a request take.
	requestLimit = 90 * time.Second
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

// request is the call that a server makes of a client's request: in its form,
// and with the limit of time that servers set, which the plugin gets too.
func (f *floor) request(ctx context.Context) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	resp, err := f.backend.HandleRequest(ctx, &logical.Request{
		ID:                  "5b8f6a3e-7c1d-4f0a-9e2b-1d3c5a7f9b0e",
		Operation:           logical.ReadOperation,
		Path:                requestPath,
		ClientToken:         "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", // as a mount sees it
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
