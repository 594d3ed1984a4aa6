// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// errExited: the server ended while the harness waited for it.
var errExited = errors.New("the server ended")

// layout is where a server program finds things, as it sees them itself: paths
// on this machine, or in a container.
type layout struct {
	listen    string // host:port
	apiAddr   string // URL
	pluginDir string
	stateDir  string // for configuration and storage
}

// launch is how a server program is started.
type launch struct {
	args []string
	// config is written to configFile before the start, if it is not empty.
	config, configFile string
	// token is the root token where it is known beforehand.
	token string
}

// program knows one kind of server program: how it is started and what has to
// be done until it can serve scenarios.
type program interface {
	// launch returns the command line for spec. It is pure.
	launch(spec steps.Spec, at layout, token string) (launch, error)
	// makeReady brings a started server into service, the first time or after a
	// restart; keys is what the first time returned.
	makeReady(ctx context.Context, server api, gone <-chan struct{}, spec steps.Spec, keys keys) (keys, error)
}

// keys are a server's secrets.
type keys struct{ token, unseal string }

// recognise returns the program by what it prints for "version".
func recognise(output string) (program, bool) {
	switch {
	case strings.HasPrefix(output, "Vault v"):
		return realProgram{disableMlock: true}, true
	case strings.HasPrefix(output, "OpenBao v"):
		return realProgram{}, true
	}
	return nil, false
}

// IsVault reports whether what a program prints for "version" is that of HashiCorp Vault or
// of OpenBao.
func IsVault(output string) bool {
	_, ok := recognise(output)
	return ok
}

// programNames returns the known programs by the names of their files, for where
// they can't be asked.
func programNames() map[string]program {
	return map[string]program{
		"vault":           realProgram{disableMlock: true},
		"bao":             realProgram{},
		"plugproof":       ownProgram{},
		"plugproof-serve": ownProgram{alone: true},
	}
}

// realProgram is vault or bao.
type realProgram struct {
	// disableMlock: Vault locks its memory unless told not to, which needs a
	// privilege. OpenBao knows neither the lock nor the setting.
	disableMlock bool
}

// configured reports whether spec needs a configuration file: a development
// server sets api_addr by itself and keeps nothing.
func configured(spec steps.Spec) bool { return spec.NoAPIAddr || spec.APIAddr != "" || spec.State }

func (r realProgram) launch(spec steps.Spec, at layout, token string) (launch, error) {
	if !configured(spec) {
		args := []string{"server", "-dev", "-dev-no-store-token",
			"-dev-root-token-id=" + token, "-dev-listen-address=" + at.listen}
		if !spec.NoPluginDir {
			args = append(args, "-dev-plugin-dir="+at.pluginDir)
		}
		return launch{args: args, token: token}, nil
	}
	config := map[string]any{
		"listener": map[string]any{"tcp": map[string]any{"address": at.listen, "tls_disable": true}},
		"storage":  map[string]any{"inmem": map[string]any{}},
	}
	if spec.State {
		config["storage"] = map[string]any{"file": map[string]any{"path": path.Join(at.stateDir, "storage")}}
	}
	if !spec.NoAPIAddr {
		config["api_addr"] = cmp.Or(spec.APIAddr, at.apiAddr)
	}
	if !spec.NoPluginDir {
		config["plugin_directory"] = at.pluginDir
	}
	if r.disableMlock {
		config["disable_mlock"] = true
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return launch{}, err
	}
	file := path.Join(at.stateDir, "server.json")
	return launch{args: []string{"server", "-config=" + file}, config: string(text), configFile: file}, nil
}

func (r realProgram) makeReady(ctx context.Context, server api, gone <-chan struct{}, spec steps.Spec, known keys) (keys, error) {
	if configured(spec) {
		var err error
		if known, err = r.unseal(ctx, server, gone, known); err != nil {
			return keys{}, err
		}
		server.token = known.token
	}
	if _, err := server.await(ctx, gone, "sys/health", http.StatusOK); err != nil {
		return keys{}, err
	}
	// A development server answers before it has set up its token and the
	// engine at secret/, and seals itself once in between. This answer needs
	// both, and the engine's own preparations too.
	if _, err := server.await(ctx, gone, "secret/config", http.StatusOK); err != nil {
		return keys{}, err
	}
	return known, nil
}

// unseal initialises the server if it is new, unseals it, and mounts at secret/
// what a development server has there, so that scenarios find the same.
func (r realProgram) unseal(ctx context.Context, server api, gone <-chan struct{}, known keys) (keys, error) {
	const notInitialised, sealed = http.StatusNotImplemented, http.StatusServiceUnavailable
	status, err := server.await(ctx, gone, "sys/health", notInitialised, sealed)
	if err != nil {
		return keys{}, err
	}
	fresh := status == notInitialised
	if fresh {
		var made struct {
			Keys  []string `json:"keys_base64"`
			Token string   `json:"root_token"`
		}
		shares := map[string]any{"secret_shares": 1, "secret_threshold": 1}
		if err := server.must(ctx, http.MethodPut, "sys/init", shares, &made); err != nil {
			return keys{}, err
		}
		if len(made.Keys) != 1 || made.Token == "" {
			return keys{}, errors.New("PUT sys/init gave no key or no token")
		}
		known = keys{token: made.Token, unseal: made.Keys[0]}
	}
	if err := server.must(ctx, http.MethodPut, "sys/unseal", map[string]any{"key": known.unseal}, nil); err != nil {
		return keys{}, err
	}
	if _, err := server.await(ctx, gone, "sys/health", http.StatusOK); err != nil {
		return keys{}, err
	}
	if fresh {
		server.token = known.token
		kv := map[string]any{"type": "kv", "options": map[string]any{"version": "2"}}
		if err := server.must(ctx, http.MethodPost, "sys/mounts/secret", kv, nil); err != nil {
			return keys{}, err
		}
	}
	return known, nil
}
