// SPDX-License-Identifier: MPL-2.0

// Package serverconfig reads the configuration files of Vault and OpenBao, in HCL or
// JSON, as the servers read them, for what they say about plugins and about where the
// server listens and keeps its state. What a version does not know is reported as that
// version does.
//
// Source: command/server/config.go and configutil of both servers.
package serverconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/hcl/parser"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/fileperm"
)

// What happens when a plugin can't be downloaded: plugin_download_behavior.
const (
	DownloadFail     = "fail"
	DownloadContinue = "continue"
)

// Config is what the files of a server say.
type Config struct {
	PluginDirectory string
	// PluginTmpdir is where the sockets of plugins in containers are.
	PluginTmpdir string
	// PluginFileUID and PluginFilePermissions are what the plugin directory and files of
	// plugins must have where VAULT_ENABLE_FILE_PERMISSIONS_CHECK is on.
	PluginFileUID, PluginFilePermissions int
	APIAddr                              string
	LogLevel, LogFormat                  string
	// Listeners are those of all files.
	Listeners []Listener
	// Storage is nil if no file says where.
	Storage *Storage

	// Plugins are the declared ones, in the order of the files.
	Plugins []Plugin
	// AutoRegister and AutoDownload are plugin_auto_register and plugin_auto_download.
	AutoRegister, AutoDownload bool
	// DownloadBehavior is DownloadFail, DownloadContinue, or what else stands there; empty for the former.
	DownloadBehavior string
	// DownloadMaxSize is in bytes; 0 for the server's default.
	DownloadMaxSize int64

	// Problems are what the server warns of when it starts, in its words.
	Problems []string

	// The keys that were there although their value is a zero.
	permissionsSet, downloadSet, registerSet bool
}

// Listener is a stanza listener.
type Listener struct {
	// Where is its file, line and column.
	Where string
	// Type is tcp or unix.
	Type              string
	Address           string
	TLSDisable        bool
	CertFile, KeyFile string
	// JSONLimits are the limits of a request's JSON; those that are 0 are the server's own.
	JSONLimits dialect.JSONLimits
	// TokenHeaderLimit is max_token_header_size: 0 for the server's own, less for none.
	TokenHeaderLimit int
}

// Storage is a stanza storage, or backend as it was called once.
type Storage struct {
	// Where is its file, line and column.
	Where  string
	Type   string
	Config map[string]string
}

// Load reads files, and of directories the files *.hcl and *.json, as the dialect's
// server does; what stands in a later one wins. Errors name the file and the line.
//
// environ is the environment of the server, which may turn on the check of owner and
// permissions of the files and of the plugin directory.
func Load(paths, environ []string, d *dialect.Dialect) (*Config, error) {
	l := loader{environ: environ, dialect: d}
	var err error
	if l.check, err = fileperm.Enabled(environ, d.Processes.OwnVariables); err != nil {
		return nil, errors.New(d.Catalog.CheckUnparsed)
	}
	var config *Config
	for _, path := range paths {
		files, err := l.expand(path)
		if err != nil {
			return nil, fmt.Errorf("error loading configuration from %s: %w", path, err)
		}
		for _, file := range files {
			next, err := l.file(file)
			if err != nil {
				return nil, err
			}
			config = merge(config, next)
		}
	}
	if config == nil {
		return nil, errors.New("no configuration files found: name a file, or a directory that contains files with the .hcl or .json extension")
	}
	return config, nil
}

// loader loads the files of one server.
type loader struct {
	environ []string
	dialect *dialect.Dialect
	// check: owner and permissions are checked.
	check bool
}

// expand returns the files that a path names.
func (l loader) expand(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	if l.check {
		if err := (fileperm.Rule{}).Check(path); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		name := e.Name()
		// Editors' temporary files begin so; those that end in ~ have another extension.
		if ext := filepath.Ext(name); !e.IsDir() && (ext == ".hcl" || ext == ".json") && !strings.HasPrefix(name, ".#") {
			files = append(files, filepath.Join(path, name))
		}
	}
	return files, nil
}

func (l loader) file(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("error loading configuration from %s: %w", file, err)
	}
	config, err := l.parse(text, file)
	if located := new(parser.PosError); errors.As(err, &located) && located.Pos.IsValid() {
		return nil, fmt.Errorf("error loading configuration from %s:%d:%d: %w", file, located.Pos.Line, located.Pos.Column, withoutPosition(err, located))
	}
	if err != nil {
		return nil, fmt.Errorf("error loading configuration from %s: %w", file, err)
	}
	if err := l.checkFiles(file, config); err != nil {
		return nil, fmt.Errorf("error loading configuration from %s: %w", file, err)
	}
	return config, nil
}

// checkFiles checks owner and permissions of a file and of the plugin directory that it
// names.
func (l loader) checkFiles(file string, c *Config) error {
	if !l.check {
		return nil
	}
	if err := (fileperm.Rule{}).Check(file); err != nil || c.PluginDirectory == "" {
		return err
	}
	return fileperm.Rule{UID: c.PluginFileUID, Mode: c.PluginFilePermissions}.Check(c.PluginDirectory)
}

// withoutPosition returns err without the position that stands before the cause.
func withoutPosition(err error, located *parser.PosError) error {
	text := strings.Replace(err.Error(), located.Error(), located.Err.Error(), 1)
	return errors.New(text)
}

// merge returns a configuration with what a later file says.
//
// Source: Config.Merge in command/server/config.go at v2.6.2.
func merge(c, next *Config) *Config {
	if c == nil {
		return next
	}
	m := *c
	for _, text := range []struct {
		to   *string
		next string
	}{
		{&m.PluginDirectory, next.PluginDirectory}, {&m.PluginTmpdir, next.PluginTmpdir}, {&m.APIAddr, next.APIAddr},
		{&m.LogLevel, next.LogLevel}, {&m.LogFormat, next.LogFormat}, {&m.DownloadBehavior, next.DownloadBehavior},
	} {
		if text.next != "" {
			*text.to = text.next
		}
	}
	if next.PluginFileUID != 0 {
		m.PluginFileUID = next.PluginFileUID
	}
	if next.permissionsSet {
		m.PluginFilePermissions = next.PluginFilePermissions
	}
	if next.Storage != nil {
		m.Storage = next.Storage
	}
	if next.registerSet {
		m.AutoRegister = next.AutoRegister
	}
	if next.downloadSet { // the size too: so servers do it
		m.AutoDownload, m.DownloadMaxSize = next.AutoDownload, next.DownloadMaxSize
	}
	m.Listeners = slices.Concat(c.Listeners, next.Listeners)
	m.Plugins = slices.Concat(c.Plugins, next.Plugins)
	m.Problems = slices.Concat(c.Problems, next.Problems)
	return &m
}
