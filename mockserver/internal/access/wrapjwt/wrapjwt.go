// SPDX-License-Identifier: MPL-2.0

// Package wrapjwt makes wrapping tokens in the JWT format. Plugins built with
// an SDK from before 2022 get their certificate in one: the claim `addr` tells
// them where to unwrap it.
package wrapjwt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Signer signs wrapping tokens and parses those that it signed. Its key lives as
// long as the process: the tokens are for starting plugins, within a minute.
// It is safe for concurrent use.
type Signer struct {
	key func() (*ecdsa.PrivateKey, error)
}

// NewSigner returns a signer; the key is made when it is first needed.
func NewSigner() *Signer {
	return &Signer{key: sync.OnceValues(func() (*ecdsa.PrivateKey, error) {
		key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make the key for wrapping tokens: %w", err)
		}
		return key, nil
	})}
}

// ownClaims are those that aren't registered for JWTs.
type ownClaims struct {
	// Accessor is that of a token in the wrapped answer.
	Accessor string `json:"accessor"`
	// Type is always "wrapping".
	Type string `json:"type"`
	// Addr is the server's api_addr.
	Addr string `json:"addr"`
}

// tokenType is the claim `type`.
const tokenType = "wrapping"

// Sign returns the JWT for the wrapping token with that ID.
func (s *Signer) Sign(id, accessor, addr string, created time.Time, ttl time.Duration) (string, error) {
	key, err := s.key()
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES512, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign a wrapping token: %w", err)
	}
	claims := jwt.Claims{
		ID:       id,
		IssuedAt: jwt.NewNumericDate(created),
		Expiry:   jwt.NewNumericDate(created.Add(ttl)),
		// Nothing but a clock that was set back would make it later.
		NotBefore: jwt.NewNumericDate(created.Add(-5 * time.Second)),
	}
	signed, err := jwt.Signed(signer).Claims(claims).
		Claims(ownClaims{Accessor: accessor, Type: tokenType, Addr: addr}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a wrapping token: %w", err)
	}
	return signed, nil
}

// IsJWT reports whether a token has the form of a JWT: three parts, the first of
// which is longer than a token's prefix.
func IsJWT(token string) bool {
	first, rest, _ := strings.Cut(token, ".")
	return len(token) > 3 && strings.Count(rest, ".") == 1 && len(first) > 3
}

// ID returns the wrapping token that a JWT of this signer stands for. The
// error's texts are the server's.
func (s *Signer) ID(token string) (string, error) {
	key, err := s.key()
	if err != nil {
		return "", err
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES512})
	if err != nil {
		return "", fmt.Errorf("wrapping token could not be parsed: %w", err)
	}
	var claims jwt.Claims
	var own ownClaims
	if err := parsed.Claims(&key.PublicKey, &claims, &own); err != nil {
		return "", fmt.Errorf("wrapping token signature could not be validated: %w", err)
	}
	if own.Type != tokenType {
		return "", errors.New("unexpected type claim")
	}
	return claims.ID, nil
}
