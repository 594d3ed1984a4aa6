// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/mockserver"
)

// declaring is a server that is started again and again with the same state. Its
// plugin is an empty file, which is registered although it does not run.
type declaring struct {
	t         *testing.T
	dir, data string
	log       lockedBuffer
	server    *mockserver.Server
}

// start starts it anew with the declared plugins.
func (d *declaring) start(plugins ...mockserver.DeclaredPlugin) (*api.Client, error) {
	d.t.Helper()
	d.stop()
	server, err := mockserver.Start(d.t.Context(), mockserver.WithPluginDir(d.dir), mockserver.WithDataDir(d.data), mockserver.WithRootToken("root"),
		mockserver.WithDialect("openbao-2.6"), mockserver.WithLogger(hclog.New(&hclog.LoggerOptions{Output: &d.log})),
		mockserver.WithDeclaredPlugins(plugins...))
	if err != nil {
		return nil, err
	}
	d.server = server
	return clientOf(d.t, server.Address()), nil
}

func (d *declaring) stop() {
	if d.server == nil {
		return
	}
	if err := d.server.Close(); err != nil {
		d.t.Error(err)
	}
	d.server = nil
}

// has checks what the catalog says of a plugin: declarative or not, or nothing.
func (d *declaring) has(version string, declarative any) {
	d.t.Helper()
	status, body := send(d.t, d.server.Address(), "GET", "sys/plugins/catalog/secret/plug?version="+version, "")
	wanted := map[any]string{true: `"declarative":true`, false: `"declarative":false`, nil: `"errors":[]`}[declarative]
	if !strings.Contains(body, wanted) {
		d.t.Errorf("%s: %d %s, want %s", version, status, body, wanted)
	}
}

// TestDeclaredPlugins: what the configuration declares and what is registered through
// the API.
func TestDeclaredPlugins(t *testing.T) {
	t.Parallel()
	d := &declaring{t: t, dir: t.TempDir(), data: t.TempDir()}
	t.Cleanup(d.stop)
	if err := os.WriteFile(filepath.Join(d.dir, "plug"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	sum := strings.Repeat("ab", 32)
	one := mockserver.DeclaredPlugin{Type: "secret", Name: "plug", Version: "v1.0.0", Command: "plug", SHA256: sum}
	other := one
	other.Version = "v2.0.0"
	kms := mockserver.DeclaredPlugin{Type: "kms", Name: "seal", Command: "seal"} // of another catalog
	start := func(plugins ...mockserver.DeclaredPlugin) *api.Client {
		t.Helper()
		client, err := d.start(plugins...)
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	refused := func(text string, plugins ...mockserver.DeclaredPlugin) {
		t.Helper()
		if _, err := d.start(plugins...); !errors.As(err, new(*mockserver.OptionError)) || err.Error() != "failed to set up declarative plugins: "+text {
			t.Errorf("%v, want %s", err, text)
		}
	}

	start(one, kms, other)
	d.has("v1.0.0", true)
	d.has("v2.0.0", true)

	// Through the API it is deregistered until the next start, and replaced for good.
	client := start(one, other)
	if err := client.Sys().DeregisterPlugin(&api.DeregisterPluginInput{Name: "plug", Type: api.PluginTypeSecrets, Version: "v1.0.0"}); err != nil {
		t.Fatal(err)
	}
	d.has("v1.0.0", nil)
	client = start(one, other)
	d.has("v1.0.0", true)
	if err := client.Sys().RegisterPlugin(&api.RegisterPluginInput{Name: "plug", Type: api.PluginTypeSecrets, Version: "v1.0.0", Command: "plug", SHA256: sum}); err != nil {
		t.Fatal(err)
	}
	d.has("v1.0.0", false)
	refused("[plugin 0 (name: plug / type: secret)]: conflicts with existing non-declarative plugin; do not specify existing plugins in the server configuration", one, other)

	// What is declared no more goes, what was registered stays.
	start()
	d.has("v1.0.0", false)
	d.has("v2.0.0", nil)

	builtin := one
	builtin.Name, builtin.Version = "kv", ""
	refused("[plugin 0 (name: kv / type: secret)]: conflicts with existing non-declarative plugin; do not specify existing plugins in the server configuration", builtin)
	missing := other
	missing.Command = "../plug"
	refused("[plugin 0 (name: plug / type: secret)]: failed to register new plugin: error while validating the command path: lstat "+filepath.Dir(d.dir)+"/plug: no such file or directory", missing)
	nonsense := other
	nonsense.Version = "new"
	refused(`while listing plugins of type unknown: failed to list plugins: unexpected error parsing version from plugin catalog entry "secret/plug/new": malformed version: new`, nonsense)
	untyped := other
	untyped.Type = "secrets"
	refused(`[plugin 0 (name: plug / type: secrets)]: "secrets" is not a supported plugin type`, untyped)

	for _, line := range []string{
		"core.plugins: starting declarative plugin registration",
		"core: registering new declarative plugin: name=plug type=secret version=v1.0.0 sha256=" + sum,
		"core: updating existing plugin: name=plug type=secret version=v2.0.0",
		"core: removing plugin present in storage but no longer present in configuration: name=plug type=secret version=v2.0.0",
	} {
		if !strings.Contains(d.log.String(), line) {
			t.Errorf("the log does not say %q:\n%s", line, d.log.String())
		}
	}
}

// TestDeclaredPluginsAreUnknown: versions before OpenBao 2.5, and Vault, know none.
func TestDeclaredPluginsAreUnknown(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"openbao-2.4", "vault-1.21"} {
		_, err := mockserver.New(mockserver.WithDialect(dialect), mockserver.WithDeclaredPlugins())
		if !errors.As(err, new(*mockserver.OptionError)) || !strings.HasPrefix(err.Error(), dialect+" knows no declared plugins") {
			t.Errorf("%s: %v", dialect, err)
		}
	}
}
