// SPDX-License-Identifier: MPL-2.0

package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/internal/ocipull"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// defaultAddress is where a listener of a server listens that has no address.
const defaultAddress = "127.0.0.1:8200"

// IsSettings reports whether a file of --config is one of plugproof's own settings and
// not of a server.
func IsSettings(file string) bool {
	ext := filepath.Ext(file)
	return ext == ".yaml" || ext == ".yml"
}

// readConfigs reads the server's own configuration and sets the flags that it means and
// that the user did not set.
func (f *flags) readConfigs(changed func(flag string) bool) error {
	f.changed = changed
	files := f.serverConfigs()
	if len(files) == 0 {
		return nil
	}
	d, err := dialect.Lookup(f.dialect)
	if err != nil {
		return fmt.Errorf("--dialect: %w", err)
	}
	c, err := serverconfig.Load(files, os.Environ(), d)
	if err != nil {
		return err
	}
	f.server = c
	if c.LogLevel != "" && hclog.LevelFromString(c.LogLevel) == hclog.NoLevel {
		return fmt.Errorf("unknown log level: %s", c.LogLevel)
	}
	if format := strings.ToLower(c.LogFormat); format != "" && format != "standard" && format != "json" {
		return fmt.Errorf("unknown log format: %s", c.LogFormat)
	}
	for _, value := range []struct {
		flag, said string
		to         *string
	}{
		{"plugin-dir", c.PluginDirectory, &f.pluginDir},
		{"api-addr", c.APIAddr, &f.apiAddr},
		{"log-level", strings.ToLower(c.LogLevel), &f.logLevel},
		{"log-format", strings.ToLower(c.LogFormat), &f.logFormat},
	} {
		if value.said != "" && !changed(value.flag) {
			*value.to = value.said
		}
	}
	if err := f.listenAs(c.Listeners, changed); err != nil {
		return err
	}
	return f.storeAs(c.Storage, changed)
}

// serverConfigs returns the files of --config that are of a server.
func (f flags) serverConfigs() []string {
	return slices.DeleteFunc(slices.Clone(f.configs), IsSettings)
}

// listenAs takes address and certificate of the first listener with an address.
func (f *flags) listenAs(listeners []serverconfig.Listener, changed func(string) bool) error {
	for _, l := range listeners {
		if l.Type != "tcp" {
			continue
		}
		f.listener = l
		if !changed("listen") {
			f.listen = l.Address
			if l.Address == "" {
				f.listen = defaultAddress
			}
		}
		if l.TLSDisable || changed("tls-cert") || changed("tls-key") {
			return nil
		}
		if l.CertFile == "" || l.KeyFile == "" {
			return fmt.Errorf("%s: listener %q has no certificate: give it tls_cert_file and tls_key_file, or tls_disable = true", l.Where, l.Type)
		}
		f.tlsCert, f.tlsKey = l.CertFile, l.KeyFile
		return nil
	}
	if len(listeners) > 0 && !changed("listen") {
		return fmt.Errorf("%s: the mock server listens on no socket of type %s: give a listener \"tcp\", or --listen", listeners[0].Where, listeners[0].Type)
	}
	return nil
}

// storeAs takes the directory of the storage, unless it is in memory.
func (f *flags) storeAs(s *serverconfig.Storage, changed func(string) bool) error {
	if s == nil || changed("data-dir") {
		return nil
	}
	switch s.Type {
	case "inmem", "inmem_ha", "inmem_transactional", "inmem_transactional_ha":
		return nil
	case "file", "raft":
		if f.dataDir = s.Config["path"]; f.dataDir == "" {
			return fmt.Errorf("%s: error initializing storage of type %s: %w", s.Where, s.Type, errors.New("'path' must be set"))
		}
		return nil
	}
	return fmt.Errorf("%s: the mock server keeps no state in storage of type %s: give inmem, or file or raft with a path, or --data-dir", s.Where, s.Type)
}

// download downloads the plugins that the configuration declares. A plugin directory
// that is none is not made: the server reports it.
func (f flags) download(ctx context.Context, logger hclog.Logger) error {
	if f.server == nil {
		return nil
	}
	if info, err := os.Stat(f.pluginDir); f.pluginDir != "" && (err != nil || !info.IsDir()) {
		return nil
	}
	d, err := dialect.Lookup(f.dialect)
	if err != nil {
		return err
	}
	if err := ocipull.Download(ctx, f.server, f.pluginDir, d, logger); err != nil {
		return fmt.Errorf("%s: %w", downloadFailed(d), err)
	}
	if err := f.server.CheckKMS(d); err != nil {
		return usage.Errorf("%s: %w", "Error creating KMS plugin catalog", err)
	}
	return nil
}

// downloadFailed is what a server says of plugins that can't be downloaded.
func downloadFailed(d *dialect.Dialect) string {
	if d.Configuration.OCIWords {
		return "failed to download OCI plugins"
	}
	return "Error downloading plugins"
}

// declare returns the options for the plugins that the configuration declares, and logs
// what the server warns of.
func declare(c *serverconfig.Config, d *dialect.Dialect, logger hclog.Logger) []mockserver.Option {
	for _, problem := range c.Problems {
		logger.Warn(problem)
	}
	options := []mockserver.Option{mockserver.WithPluginFiles(c.PluginFileUID, c.PluginFilePermissions), mockserver.WithPluginTmpdir(c.PluginTmpdir)}
	if !c.AutoRegister || !d.Configuration.DeclaredPlugins {
		return options
	}
	return append(options, mockserver.WithDeclaredPlugins(declared(c)...))
}

// declared returns the plugins that the configuration declares.
func declared(c *serverconfig.Config) []mockserver.DeclaredPlugin {
	var plugins []mockserver.DeclaredPlugin
	for _, p := range c.Plugins {
		plugins = append(plugins, mockserver.DeclaredPlugin{
			Type: p.Type, Name: p.Name, Version: p.Version, Command: p.CommandPath(), SHA256: p.SHA256Sum,
			Args: p.Args, Env: p.Env, OCI: p.Image != "",
		})
	}
	return plugins
}
