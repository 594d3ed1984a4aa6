// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/hashicorp/go-uuid"
)

// unwrapTTL is how long a plugin of protocol 4 has to fetch its
// certificate.
const unwrapTTL = 60 * time.Second

// autoTLS makes the server's side of AutoMTLS: a certificate for one process,
// which gets it as PEM in PLUGIN_CLIENT_CERT and answers with its own in the
// handshake, where go-plugin takes it over into the configuration.
//
// It is what go-plugin's AutoMTLS does but for the curve. go-plugin takes
// P-521, for which Go has no fast code, and each mount is a connection of its
// own between server and plugin: with P-256 on this side, and the plugin not
// asked for its certificate (see serverAuth), a further mount takes less than
// half the time.
func autoTLS() (config *tls.Config, clientCert string, err error) {
	pair, err := newPair("localhost")
	if err != nil {
		return nil, "", err
	}
	config = pair.config("localhost")
	// The authorities are known when the plugin has sent its certificate.
	config.RootCAs, config.ClientCAs = nil, nil
	block := &pem.Block{Type: "CERTIFICATE", Bytes: pair.leaf.Raw}
	return config, string(pem.EncodeToMemory(block)), nil
}

// legacyTLS makes the certificate that a plugin of protocol 4 and the
// server both use, and wraps it for the plugin. The plugin's side is
// api.VaultPluginTLSProvider: it fetches ServerCert (DER) and ServerKey (SEC 1)
// with the token and takes the certificate as its own, as the authority of the
// server's, and its common name as the server's name.
//
// Shape: vault/sdk helper/pluginutil/tls.go.
func legacyTLS(ctx context.Context, host Host) (*tls.Config, string, error) {
	if host.Wrap == nil {
		return nil, "", errors.New("the server can't wrap a certificate for plugins without AutoMTLS")
	}
	name, err := uuid.GenerateUUID()
	if err != nil {
		return nil, "", fmt.Errorf("name the plugin's certificate: %w", err)
	}
	pair, err := newPair(name)
	if err != nil {
		return nil, "", err
	}
	rawKey, err := x509.MarshalECPrivateKey(pair.key)
	if err != nil {
		return nil, "", fmt.Errorf("encode the plugin's key: %w", err)
	}
	token, err := host.Wrap(ctx, map[string]any{"ServerCert": pair.leaf.Raw, "ServerKey": rawKey}, unwrapTTL)
	if err != nil {
		return nil, "", err
	}
	return pair.config(name), token, nil
}

// pair is a key and a certificate for it, signed by itself.
type pair struct {
	key  *ecdsa.PrivateKey
	leaf *x509.Certificate
}

func newPair(name string) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("generate a key for the plugin: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return pair{}, fmt.Errorf("number the plugin's certificate: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		SerialNumber: serial,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment |
			x509.KeyUsageKeyAgreement | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		// A plugin in a container or on a clock of its own may be behind.
		NotBefore: now.Add(-30 * time.Second),
		NotAfter:  now.AddDate(30, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return pair{}, fmt.Errorf("sign the plugin's certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return pair{}, fmt.Errorf("parse the plugin's certificate: %w", err)
	}
	return pair{key: key, leaf: leaf}, nil
}

// config is for both directions: the server calls the plugin, and the plugin
// calls back for its storage.
func (p pair) config(serverName string) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(p.leaf)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{p.leaf.Raw}, PrivateKey: p.key, Leaf: p.leaf}},
		RootCAs:      roots,
		ClientCAs:    roots,
		ClientAuth:   serverAuth,
		ServerName:   serverName,
		MinVersion:   tls.VersionTLS12,
		// Go would choose a post-quantum exchange, half of what is left of the
		// handshake's cost, for connections that never leave the machine.
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
	}
}
