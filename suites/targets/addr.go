// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	vault "github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/steps"
)

// addrTarget is a target that somebody else runs.
type addrTarget struct {
	name string
	url  *url.URL
	opts Options
	// plain and client reach the server; client also names the namespace.
	plain, client *http.Client
	token         string
	ready         func() error
	placed        *placed // nil without a plugin directory
}

// newAddr makes the target of the server at the URL text, or at VAULT_ADDR when
// text is empty. The other settings are read from the environment as the Vault
// client reads them.
func newAddr(name, text string, opts Options) (steps.Target, error) {
	usage := func(problem string, err error, remedy string) error {
		return &Error{Target: withoutUser(name), Kind: ErrUsage, Problem: problem, Err: err, Remedy: remedy}
	}
	if text == "" {
		text = os.Getenv(vault.EnvVaultAddress)
	}
	address, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		if err != nil {
			err = errors.New(withoutUser(err.Error()))
		}
		return nil, usage(fmt.Sprintf("%q is not the address of a server", withoutUser(text)), err, "name it as addr:https://vault.example.com:8200, or set VAULT_ADDR")
	}
	if address.User != nil || address.RawQuery != "" {
		return nil, usage("the address has more than a server's: it stands in reports, which must show no secret", nil, "leave user, password and query out; the token is VAULT_TOKEN")
	}
	token := os.Getenv(vault.EnvVaultToken)
	if token == "" {
		return nil, usage("no token", nil, "set VAULT_TOKEN to a token that may manage plugins and mounts")
	}
	// The client's own reading of VAULT_CACERT, VAULT_CLIENT_CERT,
	// VAULT_SKIP_VERIFY, VAULT_PROXY_ADDR and their like.
	config := vault.DefaultConfig()
	if config.Error != nil {
		return nil, usage("the Vault client can't use its environment", config.Error, "correct the VAULT_ variable that it names")
	}
	a := &addrTarget{name: name, url: address, opts: opts, token: token}
	a.plain = &http.Client{Transport: steps.OneServer(config.HttpClient.Transport, address), Timeout: config.HttpClient.Timeout}
	a.client = &http.Client{Timeout: a.plain.Timeout, Transport: namespaced{
		next: a.plain.Transport, namespace: strings.Trim(os.Getenv(vault.EnvVaultNamespace), "/"),
	}}
	if opts.PluginDir != "" {
		dir, err := filepath.Abs(opts.PluginDir)
		if err == nil {
			err = isDirectory(dir)
		}
		if err != nil {
			return nil, usage("the plugin directory can't be used", err, "name the server's plugin directory as it is seen on this machine")
		}
		a.placed = &placed{dir: dir, known: newChecksums(), sums: map[string]string{}}
	}
	a.ready = sync.OnceValue(func() error { return a.check(context.Background()) })
	return a, nil
}

var (
	userPart  = regexp.MustCompile(`[^/\s"]*@`)
	queryPart = regexp.MustCompile(`\?[^\s"]*`)
)

// withoutUser returns a text in which addresses have no user, password and query.
func withoutUser(text string) string {
	return queryPart.ReplaceAllString(userPart.ReplaceAllString(text, "…@"), "?…")
}

func isDirectory(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", path)
	}
	return err
}

// namespaced adds the user's namespace to requests that name none.
type namespaced struct {
	next      http.RoundTripper
	namespace string
}

// RoundTrip implements http.RoundTripper.
func (n namespaced) RoundTrip(req *http.Request) (*http.Response, error) {
	const header = "X-Vault-Namespace"
	if n.namespace != "" && len(req.Header.Values(header)) == 0 {
		req = req.Clone(req.Context())
		req.Header.Set(header, n.namespace)
	}
	return n.next.RoundTrip(req)
}

// Name implements steps.Target.
func (a *addrTarget) Name() string { return a.name }

// Unsupported implements steps.Target.
func (a *addrTarget) Unsupported(c steps.Capability) string {
	switch c {
	case steps.HostEnvironment, steps.Settings, steps.Restart:
		return "somebody else starts this server"
	case steps.ContainerPlugins:
		return "the server's container engine is out of reach"
	case steps.Sealing:
		return "somebody else unseals this server"
	case steps.OwnServer:
		return "there is one server, which others may use"
	case steps.ServerLogs:
		return "the server's log is out of reach"
	case steps.PluginFiles:
		return "the plugin directory belongs to somebody else"
	case steps.ProcessControl:
		return "the server's processes are out of reach"
	case steps.PluginDirectory:
		if a.placed == nil {
			return "no plugin directory was named with --plugin-dir"
		}
	case steps.Loopback:
		if !a.loopback() {
			return "the server is not known to run on this machine"
		}
	}
	return notInAPI(c)
}

// Server implements steps.Target.
func (a *addrTarget) Server(ctx context.Context, spec steps.Spec) (steps.Server, error) {
	if spec.Env != nil || spec.NoAPIAddr || spec.APIAddr != "" || spec.NoPluginDir || spec.State || spec.Fresh {
		return nil, &Error{Target: a.name, Kind: steps.ErrUnsupported, Problem: "the scenario needs a server of its own, and somebody else starts this one"}
	}
	if err := a.ready(); err != nil {
		return nil, err
	}
	return &addrServer{target: a}, ctx.Err()
}

// Close implements steps.Target: the server stays, what was placed goes.
func (a *addrTarget) Close(context.Context) error {
	a.plain.CloseIdleConnections()
	if a.placed == nil {
		return nil
	}
	return a.placed.remove()
}

func (a *addrTarget) loopback() bool {
	host := a.url.Hostname()
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// check finds out whether the server can be used and may be.
func (a *addrTarget) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	server := api{base: a.url.String(), http: a.plain}
	var seal struct {
		Initialized bool   `json:"initialized"`
		Sealed      bool   `json:"sealed"`
		Shares      int    `json:"n"`
		StorageType string `json:"storage_type"`
	}
	status, err := server.do(ctx, http.MethodGet, "sys/seal-status", nil, &seal)
	if err != nil || status != http.StatusOK {
		return Unreachable(a.name, a.url, status, err)
	}
	dev := a.loopback() && seal.StorageType == "inmem" && seal.Shares == 1
	switch {
	case !dev && !a.opts.ThisServer:
		return &Error{
			Target: a.name, Kind: ErrNotAllowed,
			Problem: "this is not a development server on loopback; the run registers, mounts and reloads plugins on it",
			Remedy:  "if it is a server to test on, say so with --yes-this-server",
		}
	case !seal.Initialized:
		return &Error{Target: a.name, Kind: ErrNotReady, Problem: "the server is not initialized", Remedy: "initialize and unseal it first: vault operator init"}
	case seal.Sealed:
		return &Error{Target: a.name, Kind: ErrNotReady, Problem: "the server is sealed", Remedy: "unseal it first: vault operator unseal"}
	}
	server.http, server.token = a.client, a.token
	status, err = server.do(ctx, http.MethodGet, "auth/token/lookup-self", nil, nil)
	switch {
	case err != nil:
		return Unreachable(a.name, a.url, status, err)
	case status != http.StatusOK && status != http.StatusForbidden:
		return &Error{
			Target: a.name, Kind: ErrNotReady,
			Problem: fmt.Sprintf("the server answers the lookup of the token in VAULT_TOKEN with %d", status),
			Remedy:  "see the server's log; the run starts when vault token lookup works",
		}
	case status != http.StatusOK:
		return &Error{
			Target: a.name, Kind: ErrTokenRefused,
			Problem: fmt.Sprintf("the server refuses the token in VAULT_TOKEN (%d)", status),
			Remedy:  "set VAULT_TOKEN to a valid token of this server, and VAULT_NAMESPACE to its namespace if it has one",
		}
	}
	return nil
}
