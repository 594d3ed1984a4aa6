// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// identityProvider publishes the key with which it signs tokens, as the JWKS
// endpoint of a real provider does.
type identityProvider struct {
	issuer   string
	key      *ecdsa.PrivateKey
	listener net.Listener
	server   *http.Server
}

// keyID names the provider's one key.
const keyID = "plugproof"

func startIdentityProvider(host string) (*identityProvider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("create the provider's key: %w", err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: &key.PublicKey, KeyID: keyID, Algorithm: string(jose.ES256), Use: "sig"},
	}})
	if err != nil {
		return nil, fmt.Errorf("encode the provider's key: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start an identity provider: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(set)
	})
	provider := &identityProvider{issuer: "http://" + host, key: key, listener: listener,
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}}
	go func() {
		// Serve ends with ErrServerClosed when close is called.
		_ = provider.server.Serve(listener)
	}()
	return provider, nil
}

func (p *identityProvider) close() error { return p.server.Close() }

// sign returns a token for a subject and an audience, valid for ten minutes.
func (p *identityProvider) sign(subject, audience string) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: p.key, KeyID: keyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	now := time.Now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: p.issuer, Subject: subject, Audience: jwt.Audience{audience},
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)),
		Expiry: jwt.NewNumericDate(now.Add(10 * time.Minute)),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// providerRuns starts an identity provider that only the scenario's proxies can
// resolve.
func (w *world) providerRuns(host string) error {
	provider, err := startIdentityProvider(host)
	if err != nil {
		return err
	}
	w.closers = append(w.closers, provider.close)
	w.providers[host] = provider
	w.hosts.add(host, provider.listener.Addr().String())
	return nil
}

// signs keeps a token that a provider signed under a name.
func (w *world) signs(host, subject, audience, name string) error {
	provider, ok := w.providers[host]
	if !ok {
		return fmt.Errorf("no identity provider was started at %q", host)
	}
	token, err := provider.sign(subject, audience)
	if err != nil {
		return err
	}
	w.secret(token)
	w.saved[name] = token
	return nil
}
