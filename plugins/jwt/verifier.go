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
	// fetchTimeout bounds every request to an identity provider; a login must
	// not hang on one that does not answer.
	fetchTimeout = 30 * time.Second
	// maxKeySet bounds what is read of a key set, in bytes.
	maxKeySet = 1 << 20
)

var errNotConfigured = errors.New("could not load configuration")

// verifier checks tokens by one configuration. It caches the keys it fetched
// and fetches again when a token names a key that it does not know.
type verifier struct {
	config    *config
	validator *capjwt.Validator
}

// verifiers holds the verifier of the current configuration. The zero value is
// ready; its methods may be called by several goroutines.
type verifiers struct {
	mu      sync.Mutex
	current *verifier
	// writes counts changes of the configuration, so that a verifier built
	// from what was read before a change is not kept after it.
	writes int
}

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

// get returns the verifier for the configuration in storage: errNotConfigured
// without one. Two first logins at once may both build it; no lock is held
// while an identity provider is asked.
func (v *verifiers) get(ctx context.Context, storage logical.Storage) (*verifier, error) {
	current, writes := v.load()
	if current != nil {
		return current, nil
	}
	c, err := loadConfig(ctx, storage)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, errNotConfigured
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

// configError says that the configuration gives no usable keys, which is the
// caller's to know, unlike a failing storage.
type configError struct{ error }

func (e *configError) Unwrap() error { return e.error }

func newKeySet(ctx context.Context, c *config) (capjwt.KeySet, error) {
	switch {
	case len(c.JWTValidationPubKeys) > 0:
		var keys []crypto.PublicKey
		for _, text := range c.JWTValidationPubKeys {
			key, err := certutil.ParsePublicKeyPEM([]byte(text))
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

// withClient hands cap our HTTP client, which unlike its own has a timeout.
func withClient(ctx context.Context, caPEM string) (context.Context, error) {
	client, err := newClient(caPEM)
	if err != nil {
		return nil, err
	}
	return context.WithValue(ctx, oauth2.HTTPClient, client), nil
}

// newClient returns a client that trusts caPEM, or the system's certificates
// when it is empty, and heeds the proxy variables of this process.
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

// checkKeySet tells whether a key set can be fetched with client from url.
func checkKeySet(ctx context.Context, client *http.Client, url string) error {
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
		return fmt.Errorf("%s is no JSON Web Key Set: %w", url, err)
	}
	return nil
}
