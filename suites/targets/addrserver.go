// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"

	vault "github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/steps"
)

// addrServer is one scenario's use of a server that somebody else runs.
type addrServer struct{ target *addrTarget }

var (
	_ steps.HTTPServer   = (*addrServer)(nil)
	_ steps.PluginPlacer = (*addrServer)(nil)
)

// Address implements steps.Server.
func (r *addrServer) Address() string { return r.target.url.String() }

// Token implements steps.Server.
func (r *addrServer) Token() string { return r.target.token }

// HTTPClient implements steps.HTTPServer.
func (r *addrServer) HTTPClient() *http.Client { return r.target.client }

// CommandLineEnv implements steps.HTTPServer: what the user's own Vault client
// would read.
func (r *addrServer) CommandLineEnv() map[string]string {
	env := map[string]string{}
	for _, name := range []string{
		vault.EnvVaultCACert, vault.EnvVaultCACertBytes, vault.EnvVaultCAPath,
		vault.EnvVaultClientCert, vault.EnvVaultClientKey, vault.EnvVaultTLSServerName,
		vault.EnvVaultSkipVerify, vault.EnvVaultNamespace, vault.EnvVaultProxyAddr,
		vault.EnvHTTPProxy,
	} {
		if value := os.Getenv(name); value != "" {
			env[name] = value
		}
	}
	return env
}

// PluginDir implements steps.Server.
func (r *addrServer) PluginDir() string {
	if r.target.placed == nil {
		return ""
	}
	return r.target.placed.dir
}

// Place implements steps.PluginPlacer.
func (r *addrServer) Place(_ context.Context, name, path string) (string, error) {
	if r.target.placed == nil {
		return "", &Error{Target: r.target.name, Kind: steps.ErrUnsupported, Problem: r.target.Unsupported(steps.PluginDirectory)}
	}
	return r.target.placed.add(name, path)
}

// Close implements steps.Server.
func (r *addrServer) Close(context.Context) error { return nil }

// placed remembers what was brought into a directory that others use too.
type placed struct {
	dir   string
	known *checksums

	// mu is held while a file is placed: what is at a name is judged and changed
	// in one go.
	mu   sync.Mutex
	sums map[string]string // sha256 by name in the directory
}

// add places a file. It refuses to replace one that it did not place.
func (p *placed) add(name, path string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum, err := p.known.of(path)
	if err != nil {
		return "", err
	}
	if p.sums[name] == sum {
		return sum, nil
	}
	target := filepath.Join(p.dir, filepath.Base(name))
	if _, ours := p.sums[name]; !ours {
		there, err := fileChecksum(target)
		switch {
		case err == nil && there == sum:
			return sum, nil // it was there before and stays
		case err == nil:
			return "", fmt.Errorf("%s exists and is another file: empty the plugin directory or use another one", target)
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	sum, err = unreplaced(func() (string, error) { return p.known.of(path) }, func() error { return placeFile(p.dir, name, path) })
	if err == nil {
		p.sums[name] = sum
	}
	return sum, err
}

// remove takes away what add placed.
func (p *placed) remove() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(p.sums)) {
		errs = append(errs, os.Remove(filepath.Join(p.dir, name)))
	}
	clear(p.sums)
	return errors.Join(errs...)
}
