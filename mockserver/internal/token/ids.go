// SPDX-License-Identifier: MPL-2.0

package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/base62"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// idLength is the random part of accessors, short tokens and cubbyhole IDs.
const idLength = 24

// signedHead is the length of what stands before the short token in a signed one.
const signedHead = 4 + 32 + 4

// newServiceID makes a service token. A signed one is laid out like Vault's
// since 1.10: a version, 32 bytes of signature and a short token inside, all
// in base64. Nothing checks the signature, so it is random. The token inside has the
// namespace's mark, one that is not signed has it itself.
func (f Format) newServiceID(root bool, ns *namespace.Namespace) (string, error) {
	short, err := base62.Random(idLength)
	if err != nil || root || !f.Signed {
		return ns.Mark(f.Service + short), err
	}
	inner := ns.Mark(f.Service + short)
	signed := make([]byte, 0, 68)
	signed = append(signed, 0x08, 0x01, 0x12, 32)
	signature := make([]byte, 32)
	if _, err := rand.Read(signature); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	signed = append(signed, signature...)
	signed = append(signed, 0x1a, byte(len(inner)+2), 0x0a, byte(len(inner)))
	signed = append(signed, inner...)
	return f.Service + base64.RawURLEncoding.EncodeToString(signed), nil
}

// secrets are what a store needs to recognise tokens.
type secrets struct {
	// Salt keys the hashes of service tokens.
	Salt []byte `json:"salt"`
	// BatchKey encrypts batch tokens, AES-256.
	BatchKey []byte `json:"batch_key"`
}

func newSecrets() (secrets, error) {
	both := make([]byte, 64)
	if _, err := rand.Read(both); err != nil {
		return secrets{}, fmt.Errorf("make the token store's keys: %w", err)
	}
	return secrets{Salt: both[:32], BatchKey: both[32:]}, nil
}

// key is the name of a service token in storage.
func (s secrets) key(id string) string {
	mac := hmac.New(sha256.New, s.Salt)
	mac.Write([]byte(id))
	var buf [1 + 2*sha256.Size]byte
	buf[0] = 'h'
	hex.Encode(buf[1:], mac.Sum(nil))
	return string(buf[:])
}

func (s secrets) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.BatchKey)
	if err != nil {
		return nil, fmt.Errorf("the token store's batch key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealBatch makes the batch token that carries the properties.
func (s secrets) sealBatch(prefix string, te logical.TokenEntry) (string, error) {
	te.ID, te.Accessor = "", ""
	plain, err := json.Marshal(te)
	if err != nil {
		return "", fmt.Errorf("encode a batch token: %w", err)
	}
	aead, err := s.aead()
	if err != nil {
		return "", err
	}
	return prefix + base64.RawURLEncoding.EncodeToString(aead.Seal(nil, nil, plain, nil)), nil
}

// openBatch is ErrNotFound for everything that this store didn't seal.
func (s secrets) openBatch(id string) (*Entry, error) {
	_, text, _ := strings.Cut(namespace.Unmark(id), ".")
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, ErrNotFound
	}
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, ErrNotFound
	}
	e := &Entry{}
	if err := json.Unmarshal(plain, &e.TokenEntry); err != nil {
		return nil, fmt.Errorf("decode a batch token: %w", err)
	}
	e.ID = id
	return e, nil
}

// MarkOf returns the ID of the namespace that a token is marked with; empty for none.
// That of a signed token is inside.
func (s *Store) MarkOf(id string) string {
	if rest, ok := strings.CutPrefix(id, s.format.Service); ok && s.format.Signed && len(rest) > idLength+1 {
		signed, err := base64.RawURLEncoding.DecodeString(rest)
		if err != nil || len(signed) < signedHead {
			return namespace.MarkOf(id)
		}
		return namespace.MarkOf(string(signed[signedHead:]))
	}
	return namespace.MarkOf(id)
}
