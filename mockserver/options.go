// SPDX-License-Identifier: MPL-2.0

package mockserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// Option chooses something about a server. Options are applied in order.
type Option func(*options) error

// options are what a server is made of; see the functions that set them.
type options struct {
	dialect      *dialect.Dialect // nil for the newest
	pluginDir    string
	apiAddr      string
	noAPIAddr    bool
	rootToken    string
	environ      func() []string
	dataDir      string
	listen       string
	tls          *tls.Config
	backends     map[catalog.Key]logical.Factory
	registerAll  bool
	startTimeout time.Duration
	logger       hclog.Logger
}

// OptionError says that an option asks for what can't be, so that no server was
// made. Its text is that of the cause.
type OptionError struct{ Err error }

func (e *OptionError) Error() string { return e.Err.Error() }
func (e *OptionError) Unwrap() error { return e.Err }

// collect gives what the options ask for. The error is an *OptionError.
func collect(opts []Option) (options, error) {
	o := options{
		environ: os.Environ, listen: "127.0.0.1:0",
		backends: map[catalog.Key]logical.Factory{}, logger: hclog.NewNullLogger(),
	}
	for _, option := range opts {
		if err := option(&o); err != nil {
			return options{}, &OptionError{err}
		}
	}
	return o, nil
}

// WithDialect makes the server behave like the named version; dialect.Names
// lists them. Default: the newest Vault.
func WithDialect(name string) Option {
	return func(o *options) error {
		d, err := dialect.Lookup(name)
		if err != nil {
			return err
		}
		o.dialect = d
		return nil
	}
}

// WithDialectData makes the server behave as d says, for dialects that are not
// among the named ones.
func WithDialectData(d *dialect.Dialect) Option {
	return func(o *options) error {
		o.dialect = d
		return nil
	}
}

// WithPluginDir sets the directory of the plugin binaries; only files directly
// in it can be registered. Default: none, and nothing can be registered.
func WithPluginDir(dir string) Option {
	return func(o *options) error {
		if dir == "" {
			o.pluginDir = ""
			return nil
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			return fmt.Errorf("plugin directory %s: %w", dir, err)
		}
		info, err := os.Stat(abs)
		if err != nil {
			return fmt.Errorf("plugin directory: %w", err)
		}
		if !info.IsDir() {
			return fmt.Errorf("plugin directory %s is not a directory", dir)
		}
		real, err := filepath.EvalSymlinks(abs)
		if err != nil {
			return fmt.Errorf("plugin directory: %w", err)
		}
		o.pluginDir = real
		return nil
	}
}

// WithAPIAddr sets api_addr, the URL at which plugins reach the server. Default:
// the server's own address if Start serves it, none with New.
func WithAPIAddr(address string) Option {
	return func(o *options) error {
		if u, err := url.Parse(address); address != "" && (err != nil || u.Scheme == "" || u.Host == "") {
			return fmt.Errorf("api_addr %q: give a URL with its scheme, such as http://127.0.0.1:8200", address)
		}
		o.apiAddr, o.noAPIAddr = address, false
		return nil
	}
}

// WithoutAPIAddr leaves api_addr unset: plugins built before AutoMTLS can then
// be mounted, but not used.
func WithoutAPIAddr() Option {
	return func(o *options) error {
		o.apiAddr, o.noAPIAddr = "", true
		return nil
	}
}

// WithRootToken sets the root token. Default: a random one; see
// Server.RootToken.
func WithRootToken(id string) Option {
	return func(o *options) error {
		if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return errors.New("root token: no client can send a token with blanks or characters beyond ASCII")
		}
		if err := token.CheckChosen(id); err != nil {
			return fmt.Errorf("root token: %w", err)
		}
		o.rootToken = id
		return nil
	}
}

// WithEnviron sets what plugin processes see as the environment of the server
// process: NAME=value each. It is asked each time a plugin starts. Default:
// os.Environ.
func WithEnviron(environ func() []string) Option {
	return func(o *options) error {
		o.environ = environ
		return nil
	}
}

// WithDataDir keeps the state in a directory, so that it survives a restart and
// a kill. Default: in memory.
func WithDataDir(dir string) Option {
	return func(o *options) error {
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			return fmt.Errorf("data directory %s is not a directory", dir)
		}
		o.dataDir = dir
		return nil
	}
}

// WithListen sets where Start listens, as host:port. Default: a free port of
// 127.0.0.1.
func WithListen(address string) Option {
	return func(o *options) error {
		_, port, err := net.SplitHostPort(address)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return fmt.Errorf("address %q to listen on: give HOST:PORT, such as 127.0.0.1:8200", address)
		}
		o.listen = address
		return nil
	}
}

// WithTLS makes Start serve HTTPS with the certificate and key in PEM files.
func WithTLS(certFile, keyFile string) Option {
	return func(o *options) error {
		cert, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return fmt.Errorf("TLS certificate and key: %w", err)
		}
		o.tls = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		return nil
	}
}

// WithBackend puts a backend of this process into the catalog, to be mounted as
// a plugin of that name, under a debugger if need be. kind is secret or auth.
func WithBackend(name, kind string, factory logical.Factory) Option {
	return func(o *options) error {
		t, err := consts.ParsePluginType(kind)
		if err != nil || t != consts.PluginTypeSecrets && t != consts.PluginTypeCredential {
			return fmt.Errorf("backend %q: type %q is neither secret nor auth", name, kind)
		}
		if name == "" || factory == nil {
			return errors.New("a backend needs a name and a factory")
		}
		o.backends[catalog.Key{Type: t, Name: name}] = factory
		return nil
	}
}

// WithRegisterAll registers every binary of the plugin directory when the
// server starts, under its file name.
func WithRegisterAll() Option {
	return func(o *options) error {
		o.registerAll = true
		return nil
	}
}

// WithStartTimeout bounds how long a plugin may take to start. Default: one
// minute, as go-plugin has it.
func WithStartTimeout(d time.Duration) Option {
	return func(o *options) error {
		if d <= 0 {
			return fmt.Errorf("plugin start timeout %s is not positive", d)
		}
		o.startTimeout = d
		return nil
	}
}

// WithLogger sets where the server and its plugins log. Tokens are never
// logged. Default: nowhere.
func WithLogger(logger hclog.Logger) Option {
	return func(o *options) error {
		o.logger = logger
		return nil
	}
}
