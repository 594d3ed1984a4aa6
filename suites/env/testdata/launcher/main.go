// SPDX-License-Identifier: MPL-2.0

// Command launcher starts plugin processes with vault/sdk, exactly as Vault
// does, for the differential test of package environ. Its own environment plays
// the server's. It reads one Job as JSON from standard input and starts a
// process for each case; the plugin writes down what it got.
//
// One source serves two versions of vault/sdk: go.mod pins the one after the
// change of layering, before.mod (go build -modfile) one before it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
)

// Job is what to start; the test declares the same fields.
type Job struct {
	Plugin string `json:"plugin"`
	SHA256 []byte `json:"sha256"`
	// Dir is where case n's environment goes, into the file n, and this
	// process's own, into the file host.
	Dir   string `json:"dir"`
	Cases []Case `json:"cases"`
}

// Case is one start of the plugin.
type Case struct {
	Registered []string `json:"registered"`
	Metadata   bool     `json:"metadata"`
	AutoMTLS   bool     `json:"auto_mtls"`
	Mlock      bool     `json:"mlock"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "launcher:", err)
		os.Exit(1)
	}
}

func run() error {
	var job Job
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		return err
	}
	host := []byte(strings.Join(os.Environ(), "\x00"))
	if err := os.WriteFile(filepath.Join(job.Dir, "host"), host, 0o600); err != nil {
		return err
	}
	for i, c := range job.Cases {
		file := filepath.Join(job.Dir, strconv.Itoa(i))
		if err := start(job, c, file); err != nil {
			return fmt.Errorf("case %d: %w", i, err)
		}
	}
	return nil
}

func start(job Job, c Case, file string) error {
	runner := &pluginutil.PluginRunner{
		Name:    "dump",
		Command: job.Plugin,
		Args:    []string{file},
		Env:     c.Registered,
		Sha256:  job.SHA256,
	}
	client, err := runner.RunConfig(context.Background(),
		pluginutil.Runner(server{mlock: c.Mlock}),
		pluginutil.PluginSets(map[int]plugin.PluginSet{5: {}}),
		pluginutil.HandshakeConfig(plugin.HandshakeConfig{
			ProtocolVersion:  5,
			MagicCookieKey:   "VAULT_BACKEND_PLUGIN",
			MagicCookieValue: "6669da05-b1c8-4f49-97d9-c8e5bed98e20",
		}),
		pluginutil.Logger(hclog.NewNullLogger()),
		pluginutil.MetadataMode(c.Metadata),
		pluginutil.AutoMTLS(c.AutoMTLS),
		pluginutil.MLock(c.Mlock),
	)
	if err != nil {
		return err
	}
	defer client.Kill()
	// The plugin ends without a handshake, so Start always fails; what counts
	// is whether it ran.
	_, startErr := client.Start()
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the plugin did not run: %w", startErr)
	}
	return nil
}

// server answers what vault/sdk asks its server for. The embedded interface is
// nil: it stands for the methods that starting a process never calls and that
// differ between the two versions.
type server struct {
	pluginutil.RunnerUtil
	mlock bool
}

func (s server) MlockEnabled() bool { return s.mlock }

func (s server) VaultVersion(context.Context) (string, error) { return "1.2.3", nil }

func (s server) ResponseWrapData(context.Context, map[string]interface{}, time.Duration, bool) (*wrapping.ResponseWrapInfo, error) {
	return &wrapping.ResponseWrapInfo{Token: "wrapped"}, nil
}
