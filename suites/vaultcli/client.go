// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/vault/api"
)

const (
	defaultAddress = "https://127.0.0.1:8200"
	// requestTimeout is api.DefaultConfig's.
	requestTimeout = time.Minute
)

// newClient makes a client from env alone: from VAULT_ADDR, VAULT_TOKEN and the
// variables that steps.CommandLineEnv passes on. api.DefaultConfig would read the
// process's environment, which api.NewClient still looks at: it fails if one of its
// own VAULT_ variables can't be parsed, though none is used.
func newClient(env map[string]string) (*api.Client, error) {
	// Without kept connections there is nothing to close after a command.
	transport := cleanhttp.DefaultTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	transport.Proxy = nil
	if address := cmp.Or(env[api.EnvVaultProxyAddr], env[api.EnvHTTPProxy]); address != "" {
		proxy, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("failed to read environment: %w", err)
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	skipVerify, err := strconv.ParseBool(cmp.Or(env[api.EnvVaultSkipVerify], "false"))
	if err != nil {
		return nil, fmt.Errorf("failed to read environment: could not parse %s", api.EnvVaultSkipVerify)
	}
	config := &api.Config{
		Address: cmp.Or(env[api.EnvVaultAddress], defaultAddress),
		// The library itself follows one redirect.
		HttpClient: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		Timeout: requestTimeout,
	}
	if err := config.ConfigureTLS(&api.TLSConfig{
		CACert:        env[api.EnvVaultCACert],
		CACertBytes:   []byte(env[api.EnvVaultCACertBytes]),
		CAPath:        env[api.EnvVaultCAPath],
		ClientCert:    env[api.EnvVaultClientCert],
		ClientKey:     env[api.EnvVaultClientKey],
		TLSServerName: env[api.EnvVaultTLSServerName],
		Insecure:      skipVerify,
	}); err != nil {
		return nil, fmt.Errorf("failed to setup TLS config: %w", err)
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("failed to create client: %w", err)
	}
	// Replaces the headers, the token and the wrapping of the process's environment.
	client.SetHeaders(http.Header{api.RequestHeaderName: {"true"}})
	client.SetToken(env[api.EnvVaultToken])
	client.SetWrappingLookupFunc(func(string, string) string { return "" })
	if namespace := strings.Trim(env[api.EnvVaultNamespace], "/"); namespace != "" {
		client.SetNamespace(namespace + "/")
	}
	return client, nil
}
