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
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/hashicorp/go-uuid"
)

// unwrapTTL is how long a plugin has to fetch its certificate.
const unwrapTTL = 60 * time.Second

// oldTLS makes the certificate that a plugin of the old generation and the
// server both use, and wraps it for the plugin. The plugin's side is
// api.VaultPluginTLSProvider: it fetches ServerCert (DER) and ServerKey (SEC 1)
// with the token and takes the certificate as its own, as the authority of the
// server's, and its first name as the server's name.
//
// Shape: vault/sdk helper/pluginutil/tls.go.
func oldTLS(ctx context.Context, host Host) (*tls.Config, string, error) {
	if host.Wrap == nil {
		return nil, "", errors.New("the server can't wrap a certificate for plugins without AutoMTLS")
	}
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("generate a key for the plugin: %w", err)
	}
	name, err := uuid.GenerateUUID()
	if err != nil {
		return nil, "", fmt.Errorf("name the plugin's certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159))
	if err != nil {
		return nil, "", fmt.Errorf("number the plugin's certificate: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		SerialNumber: serial,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement,
		NotBefore:    now.Add(-30 * time.Second),
		NotAfter:     now.AddDate(30, 0, 0),
		IsCA:         true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, "", fmt.Errorf("sign the plugin's certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, "", fmt.Errorf("parse the plugin's certificate: %w", err)
	}
	rawKey, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, "", fmt.Errorf("encode the plugin's key: %w", err)
	}
	token, err := host.Wrap(ctx, map[string]any{"ServerCert": der, "ServerKey": rawKey}, unwrapTTL)
	if err != nil {
		return nil, "", err
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}},
		RootCAs:      roots,
		ClientCAs:    roots,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ServerName:   name,
		MinVersion:   tls.VersionTLS12,
	}, token, nil
}
