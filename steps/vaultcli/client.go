// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/api"
	"golang.org/x/net/http/httpproxy"
)

const tokenFile = ".vault-token"

// client makes the client for this run, with the token of the environment or,
// failing that, of ~/.vault-token.
func (inv *invocation) client() (*api.Client, error) {
	client, err := inv.clientWithoutToken()
	if err != nil {
		return nil, err
	}
	token := inv.env[api.EnvVaultToken]
	if token == "" {
		if token, err = inv.storedToken(); err != nil {
			return nil, refused("failed to get token from token helper: %w", err)
		}
	}
	if token != "" {
		client.SetToken(token)
	}
	return client, nil
}

// clientWithoutToken makes a client from the flags and the variables in env
// alone.
func (inv *invocation) clientWithoutToken() (*api.Client, error) {
	config, err := inv.config()
	if err != nil {
		return nil, refused("failed to read environment: %w", err)
	}
	conn := &inv.connection
	if err := config.ConfigureTLS(&api.TLSConfig{
		CACert:        conn.caCert,
		CACertBytes:   []byte(inv.env[api.EnvVaultCACertBytes]),
		CAPath:        conn.caPath,
		ClientCert:    conn.clientCert,
		ClientKey:     conn.clientKey,
		TLSServerName: conn.tlsServerName,
		Insecure:      conn.tlsSkipVerify,
	}); err != nil {
		return nil, refused("failed to setup TLS config: %w", err)
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, refused("failed to create client: %w", err)
	}
	// NewClient takes token, namespace (a header) and headers from the process's
	// environment; only inv.env counts.
	client.ClearToken()
	client.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})

	client.SetWrappingLookupFunc(func(operation, path string) string {
		if conn.wrapTTL != 0 {
			return conn.wrapTTL.String()
		}
		return defaultWrapping(operation, path, inv.env)
	})
	if len(conn.mfa) > 0 {
		client.SetMFACreds(conn.mfa)
	}
	if conn.namespaceShort != notSet {
		conn.namespace = conn.namespaceShort
	}
	if conn.namespace != notSet {
		client.SetNamespace(canonicalNamespace(conn.namespace))
	}
	if conn.policyOverride {
		client.SetPolicyOverride(true)
	}
	return client, inv.addHeaders(client)
}

// defaultWrapping is the client library's rule with inv's environment: wrapping
// requests are wrapped with 5 minutes unless told otherwise.
func defaultWrapping(operation, path string, env map[string]string) string {
	if ttl := env[api.EnvVaultWrapTTL]; ttl != "" {
		return ttl
	}
	if (operation == http.MethodPut || operation == http.MethodPost) && path == "sys/wrapping/wrap" {
		return api.DefaultWrappingTTL
	}
	return ""
}

// config holds what is settled before there is a client.
func (inv *invocation) config() (*api.Config, error) {
	inv.transport = cleanhttp.DefaultPooledTransport()
	inv.transport.TLSHandshakeTimeout = 10 * time.Second
	inv.transport.Proxy = proxyFrom(inv.env)
	inv.transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}

	conn := &inv.connection
	config := &api.Config{
		Address:          conn.address,
		HttpClient:       &http.Client{Transport: inv.transport, CheckRedirect: keepRedirects},
		Timeout:          time.Minute,
		MinRetryWait:     time.Second,
		MaxRetryWait:     1500 * time.Millisecond,
		Backoff:          retryablehttp.RateLimitLinearJitterBackoff,
		DisableRedirects: conn.disableRedirects,
		OutputCurlString: conn.outputCurl,
		OutputPolicy:     conn.outputPolicies,
	}
	if conn.agentAddress != "" {
		config.Address = conn.agentAddress
	}
	// No retries unless asked for.
	if text := inv.env[api.EnvVaultMaxRetries]; text != "" {
		retries, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return nil, err
		}
		config.MaxRetries = int(retries)
	}
	if text := inv.env[api.EnvVaultClientTimeout]; text != "" {
		timeout, err := parseutil.ParseDurationSecond(text)
		if err != nil {
			return nil, fmt.Errorf("could not parse %q", api.EnvVaultClientTimeout)
		}
		config.Timeout = timeout
	}
	for _, name := range []string{api.EnvVaultSkipVerify, api.EnvVaultDisableRedirects} {
		if _, err := strconv.ParseBool(inv.env[name]); inv.env[name] != "" && err != nil {
			return nil, fmt.Errorf("could not parse %s", name)
		}
	}
	for _, name := range []string{api.EnvHTTPProxy, api.EnvVaultProxyAddr} {
		if text := inv.env[name]; text != "" {
			proxy, err := url.Parse(text)
			if err != nil {
				return nil, err
			}
			inv.transport.Proxy = http.ProxyURL(proxy)
		}
	}
	return config, nil
}

// keepRedirects leaves redirects to the client library, which follows one.
func keepRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// proxyFrom is http.ProxyFromEnvironment for the variables in env.
func proxyFrom(env map[string]string) func(*http.Request) (*url.URL, error) {
	either := func(upper, lower string) string {
		if v := env[upper]; v != "" {
			return v
		}
		return env[lower]
	}
	choose := (&httpproxy.Config{
		HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
		NoProxy:    either("NO_PROXY", "no_proxy"),
	}).ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
}

// addHeaders adds the headers of VAULT_HEADERS, a JSON object, and of -header.
func (inv *invocation) addHeaders(client *api.Client) error {
	headers := make(map[string]string)
	if text := inv.env[api.EnvVaultHeaders]; text != "" {
		if err := json.Unmarshal([]byte(text), &headers); err != nil {
			return refused("failed to create client: could not unmarshal environment-supplied headers")
		}
	}
	maps.Copy(headers, inv.connection.header)
	var forbidden []string
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if strings.HasPrefix(name, "X-Vault-") {
			forbidden = append(forbidden, name)
			continue
		}
		client.AddHeader(name, headers[name])
	}
	if len(forbidden) > 0 {
		return refused("failed to setup Headers[%s]: Header starting by 'X-Vault-' are for internal usage only",
			strings.Join(forbidden, ", "))
	}
	return nil
}

// canonicalNamespace gives a namespace the form servers use: a/b/, empty for the
// root.
func canonicalNamespace(name string) string {
	if name == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(name, "/"), "/") + "/"
}

// storedToken reads the token that `vault login` left; without HOME or file it
// is empty.
func (inv *invocation) storedToken() (string, error) {
	home := inv.env["HOME"]
	if home == "" {
		return "", nil
	}
	content, err := os.ReadFile(filepath.Join(home, tokenFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(content)), err
}

// storeToken leaves a token for later runs, readable by the user alone.
func (inv *invocation) storeToken(token string) error {
	home := inv.env["HOME"]
	if home == "" {
		return errors.New("HOME is not set, so there is no place for the token")
	}
	// Written beside and renamed: a failure must not harm what is there.
	file, err := os.CreateTemp(home, tokenFile+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(token)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(home, tokenFile))
}
