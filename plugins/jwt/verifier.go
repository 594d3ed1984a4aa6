// SPDX-License-Identifier: MPL-2.0

package jwt

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	capjwt "github.com/hashicorp/cap/jwt"
	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/vault/sdk/helper/certutil"
	"github.com/hashicorp/vault/sdk/logical"
	"golang.org/x/oauth2"
)

const (
	// fetchTimeout limits each request to an identity provider, so that a login
	// does not hang on one that does not answer.
	fetchTimeout = 30 * time.Second
	// maxKeySet limits the size of a key set, in bytes.
	maxKeySet = 1 << 20
)

var errNotConfigured = errors.New("could not load configuration")

// verifier verifies tokens with the keys of one configuration. It caches fetched
// keys and fetches them again when a token is signed with an unknown key. Its
// methods may be called concurrently.
type verifier struct {
	config    *config
	validator *capjwt.Validator
}

// verifiers caches the verifier of the current configuration. The zero value is
// ready to use; its methods may be called concurrently.
type verifiers struct {
	mu      sync.Mutex
	current *verifier
	// writes counts the writes of the configuration, so that a verifier built
	// from the configuration before a write is not cached after it.
	writes int
}

// drop discards the cached verifier; the configuration was written.
func (v *verifiers) drop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.current = nil
	v.writes++
}

func (v *verifiers) load() (current *verifier, writes int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.current, v.writes
}

func (v *verifiers) store(built *verifier, writes int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.writes == writes {
		v.current = built
	}
}

// get returns the verifier for the configuration in storage. The error is
// errNotConfigured if there is none, and a *configError if it yields no keys.
// No lock is held while keys are fetched, so concurrent first logins may each
// build a verifier.
func (v *verifiers) get(ctx context.Context, storage logical.Storage) (*verifier, error) {
	current, writes := v.load()
	if current != nil {
		return current, nil
	}
	c, err := loadConfig(ctx, storage)
	if err != nil {
		return nil, err
	}
	keys, err := newKeySet(ctx, c)
	if err != nil {
		return nil, &configError{fmt.Errorf("keyset configuration error: %w", err)}
	}
	validator, err := capjwt.NewValidator(keys)
	if err != nil {
		return nil, &configError{fmt.Errorf("JWT validator configuration error: %w", err)}
	}
	built := &verifier{config: c, validator: validator}
	v.store(built, writes)
	return built, nil
}

// configError reports a configuration without usable keys. Unlike a failure of
// the storage, it is shown to whoever logs in.
type configError struct{ error }

func (e *configError) Unwrap() error { return e.error }

// newKeySet returns the key set that c names. Discovery is fetched here, the keys
// behind a URL when a token needs them.
func newKeySet(ctx context.Context, c *config) (capjwt.KeySet, error) {
	switch {
	case len(c.JWTValidationPubKeys) > 0:
		var keys []crypto.PublicKey
		for _, pem := range c.JWTValidationPubKeys {
			key, err := certutil.ParsePublicKeyPEM([]byte(pem))
			if err != nil {
				return nil, fmt.Errorf("error parsing public key: %w", err)
			}
			keys = append(keys, key)
		}
		return capjwt.NewStaticKeySet(keys)
	case c.JWKSURL != "":
		ctx, err := withClient(ctx, c.JWKSCAPEM)
		if err != nil {
			return nil, err
		}
		return capjwt.NewJSONWebKeySet(ctx, c.JWKSURL, "")
	default:
		ctx, err := withClient(ctx, c.OIDCDiscoveryCAPEM)
		if err != nil {
			return nil, err
		}
		return capjwt.NewOIDCDiscoveryKeySet(ctx, c.OIDCDiscoveryURL, "")
	}
}

// withClient returns a context with the HTTP client that cap is to use. Unlike
// cap's own, it has a timeout.
func withClient(ctx context.Context, caPEM string) (context.Context, error) {
	client, err := newClient(caPEM)
	if err != nil {
		return nil, err
	}
	return context.WithValue(ctx, oauth2.HTTPClient, client), nil
}

// newClient returns an HTTP client that trusts the certificates in caPEM, or the
// system's if it is empty, and uses the proxy that the environment names.
func newClient(caPEM string) (*http.Client, error) {
	transport := cleanhttp.DefaultPooledTransport()
	if caPEM != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(caPEM)) {
			return nil, errors.New("could not parse CA PEM value successfully")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: transport, Timeout: fetchTimeout}, nil
}

// fetchKeySet returns an error unless url serves a JSON Web Key Set (RFC 7517).
func fetchKeySet(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	var keys jose.JSONWebKeySet
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxKeySet)).Decode(&keys); err != nil {
		return fmt.Errorf("%s is not a JSON Web Key Set: %w", url, err)
	}
	return nil
}
