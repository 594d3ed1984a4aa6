// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/mitchellh/mapstructure"

	"github.com/plugproof/plugproof/mockserver/internal/policy/password"
)

// secret is a generated credential: what the plugin gets of it and what is shown.
type secret struct {
	Password  string            `json:"password,omitempty"`
	PublicKey []byte            `json:"public_key,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	Shown     map[string]string `json:"shown,omitempty"`
}

// shown returns the fields of an answer.
func (s *secret) shown() map[string]any {
	data := map[string]any{}
	for k, v := range s.Shown {
		data[k] = v
	}
	return data
}

// generator generates the credentials of a role.
type generator interface {
	// config returns the configuration with its defaults, as it is stored.
	config() map[string]any
	// generate returns a credential. policy is the password policy of the
	// connection, for roles without one.
	generate(ctx context.Context, made passwords, policy string, user dbplugin.UsernameMetadata, expiration time.Time) (*secret, error)
}

func newGenerator(kind dbplugin.CredentialType, config map[string]any) (generator, error) {
	switch kind {
	case dbplugin.CredentialTypeRSAPrivateKey:
		return newRSAGenerator(config)
	case dbplugin.CredentialTypeClientCertificate:
		return newCertificateGenerator(config)
	default:
		g := &passwordGenerator{}
		return g, mapstructure.WeakDecode(config, g)
	}
}

// encode returns a generator's configuration as a map.
func encode(g any) map[string]any {
	config := map[string]any{}
	if mapstructure.WeakDecode(g, &config) != nil {
		return nil
	}
	maps.DeleteFunc(config, func(_ string, v any) bool { return v == "" || v == 0 })
	return config
}

type passwordGenerator struct {
	PasswordPolicy string `mapstructure:"password_policy,omitempty"`
}

func (g *passwordGenerator) config() map[string]any { return encode(*g) }

// passwords generates a password by a policy, "" for servers' own.
type passwords func(ctx context.Context, policy string) (string, error)

// serverPasswords returns what generates passwords in the server.
func serverPasswords(system logical.SystemView) passwords {
	return func(ctx context.Context, policy string) (string, error) {
		if policy == "" {
			return password.Default().Generate()
		}
		return system.GeneratePasswordFromPolicy(ctx, policy)
	}
}

func (g *passwordGenerator) generate(ctx context.Context, made passwords, policy string, _ dbplugin.UsernameMetadata, _ time.Time) (*secret, error) {
	if g.PasswordPolicy != "" {
		policy = g.PasswordPolicy
	}
	generated, err := made(ctx, policy)
	if err != nil {
		return nil, fmt.Errorf("failed to generate password: %w", err)
	}
	return &secret{Password: generated, Shown: map[string]string{"password": generated}}, nil
}

type rsaGenerator struct {
	Format  string `mapstructure:"format,omitempty"`
	KeyBits int    `mapstructure:"key_bits,omitempty"`
}

func newRSAGenerator(config map[string]any) (*rsaGenerator, error) {
	g := &rsaGenerator{}
	if err := mapstructure.WeakDecode(config, g); err != nil {
		return nil, err
	}
	switch strings.ToLower(g.Format) {
	case "":
		g.Format = "pkcs8"
	case "pkcs8":
	default:
		return nil, fmt.Errorf("invalid format: %v", g.Format)
	}
	switch g.KeyBits {
	case 0:
		g.KeyBits = 2048
	case 2048, 3072, 4096:
	default:
		return nil, fmt.Errorf("invalid key_bits: %v", g.KeyBits)
	}
	return g, nil
}

func (g *rsaGenerator) config() map[string]any { return encode(*g) }

func (g *rsaGenerator) generate(context.Context, passwords, string, dbplugin.UsernameMetadata, time.Time) (*secret, error) {
	key, err := rsa.GenerateKey(rand.Reader, g.KeyBits)
	if err != nil {
		return nil, fmt.Errorf("failed to generate RSA key pair: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("failed to generate RSA key pair: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("failed to generate RSA key pair: %w", err)
	}
	return &secret{
		PublicKey: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		Shown:     map[string]string{"rsa_private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))},
	}, nil
}
