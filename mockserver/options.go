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

	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/mockserver/fileperm"
	"github.com/plugproof/plugproof/mockserver/internal/catalog"
	"github.com/plugproof/plugproof/mockserver/internal/process"
	"github.com/plugproof/plugproof/mockserver/internal/token"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// Option chooses something about a server. Options are applied in order.
type Option func(*options) error

// options are what a server is made of; see the functions that set them.
type options struct {
	dialect      *dialect.Dialect // nil for the newest
	pluginDir    string
	pluginTmpdir string
	artifactKey  catalog.ArtifactKey
	pluginFiles  fileperm.Rule
	apiAddr      string
	noAPIAddr    bool
	rootToken    string
	environ      func() []string
	dataDir      string
	listen       string
	tls          *tls.Config
	backends     map[catalog.Key]logical.Factory
	registerAll  bool
	declared     []catalog.Declaration // nil for no declarations
	startTimeout time.Duration
	digests      *Digests        // nil for the server's own
	versions     *Versions       // nil to start a plugin at each registration
	clock        *clock.Clock    // nil for the system's
	faults       *fault.Injector // nil for none
	trace        trace.Sink      // nil for none
	secretFields []string
	logger       hclog.Logger
}

// OptionError reports an invalid option, because of which no server was made. Its
// text is that of the cause.
type OptionError struct{ Err error }

func (e *OptionError) Error() string { return e.Err.Error() }
func (e *OptionError) Unwrap() error { return e.Err }

// collect applies the options. Invalid ones are reported as *OptionError.
func collect(opts []Option) (options, error) {
	o := options{
		environ: os.Environ, listen: "127.0.0.1:0",
		backends: map[catalog.Key]logical.Factory{}, logger: hclog.NewNullLogger(),
	}
	for i, option := range opts {
		if option == nil {
			return options{}, &OptionError{fmt.Errorf("option %d is nil", i+1)}
		}
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
// among the named ones; nil for the newest Vault.
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
		resolved, err := filepath.EvalSymlinks(abs)
		if err != nil {
			return fmt.Errorf("plugin directory: %w", err)
		}
		o.pluginDir = resolved
		return nil
	}
}

// WithPluginTmpdir sets the directory below which the sockets of plugins in containers
// are: plugin_tmpdir. VAULT_PLUGIN_TMPDIR in the server's environment wins over it.
// Default: a directory of the server among the system's temporary files.
func WithPluginTmpdir(dir string) Option {
	return func(o *options) error {
		o.pluginTmpdir = dir
		return nil
	}
}

// WithPluginPGPKey sets the file with the ASCII-armored OpenPGP public key that extracted
// artifacts of plugins are signed with, where the dialect knows such (Vault 1.20 and
// later). Real servers have HashiCorp's. Default: none, and every artifact is refused.
func WithPluginPGPKey(file string) Option {
	return func(o *options) error {
		if file == "" {
			o.artifactKey = catalog.ArtifactKey{}
			return nil
		}
		armored, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("PGP key of plugins: %w", err)
		}
		if o.artifactKey, err = catalog.ReadArtifactKey(armored); err != nil {
			return fmt.Errorf("PGP key of plugins in %s: %w; give a file with an ASCII-armored OpenPGP public key", file, err)
		}
		return nil
	}
}

// WithPluginFiles sets which owner and permissions the plugin directory and the files in
// it must have where VAULT_ENABLE_FILE_PERMISSIONS_CHECK is true in the server's
// environment: plugin_file_uid and plugin_file_permissions. Default, and 0: this user, and
// no permission to write for others.
func WithPluginFiles(uid, permissions int) Option {
	return func(o *options) error {
		o.pluginFiles = fileperm.Rule{UID: uid, Mode: permissions}
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
// process: NAME=value each. It is asked each time a plugin starts. Default, and
// nil: os.Environ.
func WithEnviron(environ func() []string) Option {
	return func(o *options) error {
		if environ == nil {
			environ = os.Environ
		}
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
//
// A panic of the backend fails the request in which it happened with 500, the
// panic and its file and line, and the next request gets a new backend, as after
// the crash of a plugin process; the log has the stack. A panic on a goroutine
// that the backend started itself can't be recovered and ends this process.
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

// Digests are the sha256 sums of plugin binaries that a server hashed, by the
// identity of the file (inode, size, modification and change time), which every
// change of a file changes. Their methods may be called concurrently.
type Digests = process.Digests

// NewDigests returns Digests that know no binary yet.
func NewDigests() *Digests { return process.NewDigests() }

// WithDigests lets servers of one process share digests, so that a binary in a
// plugin directory that they share is read once and not once a server. Default,
// and nil: the server has its own.
func WithDigests(d *Digests) Option {
	return func(o *options) error {
		o.digests = d
		return nil
	}
}

// Versions are those that plugins reported at their registration, for registrations
// that are equal in all that a plugin can see of them. Their methods may be called
// concurrently.
type Versions = process.Versions

// NewVersions returns Versions that know no plugin yet.
func NewVersions() *Versions { return process.NewVersions() }

// WithVersions lets servers of one process share versions, so that registering the
// same program with the same arguments and environment again does not start it.
// Default, and nil: each registration starts the plugin, as in real servers.
func WithVersions(v *Versions) Option {
	return func(o *options) error {
		o.versions = v
		return nil
	}
}

// WithClock sets the server's clock, so that a test can move its time forward:
// leases and tokens then end, and the periodic functions of plugins run, without
// waiting. Default: a clock that runs with the system's.
func WithClock(c *clock.Clock) Option {
	return func(o *options) error {
		o.clock = c
		return nil
	}
}

// WithFaults lets things go wrong as the injector says, once the server has started.
// Default, and nil: nothing is made to fail.
func WithFaults(faults *fault.Injector) Option {
	return func(o *options) error {
		o.faults = faults
		return nil
	}
}

// WithTrace reports to sink what goes between the server and its plugin processes: requests,
// what plugins ask of the server meanwhile, and processes' starts and exits. Values are not
// in it; where an error repeats a secret, it is masked: tokens, and what fields hold whose
// names say so (password, private_key) or that are among secretFields. The spans of a
// request with the header traceparent (W3C Trace Context) belong to the trace that it
// names. Default, and nil: nothing is traced.
func WithTrace(sink trace.Sink, secretFields ...string) Option {
	return func(o *options) error {
		o.trace, o.secretFields = sink, secretFields
		return nil
	}
}

// WithLogger sets where the server and its plugins log. Tokens are never
// logged. Default, and nil: nowhere.
func WithLogger(logger hclog.Logger) Option {
	return func(o *options) error {
		if logger == nil {
			logger = hclog.NewNullLogger()
		}
		o.logger = logger
		return nil
	}
}
