// SPDX-License-Identifier: MPL-2.0

// Package token stores the mock server's tokens: what a token is, under which
// key it lies, who its parent is and how often it may still be used. Whether a
// token's time is over its lease knows, and who may create or revoke one the
// access package decides.
//
// Nobody can read a token from a data directory: storage holds only a keyed
// hash of it. Batch tokens aren't stored at all; they carry their properties,
// encrypted with a key of this store.
package token

import (
	"errors"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// Pending is the number of uses of a token that is in its last use: it can't
// be used again and is revoked when the request ends. Vault's
// auth/token/lookup-self shows it.
const Pending = -1

// ErrNotFound is returned for tokens, accessors and roles that don't exist.
// Expired batch tokens don't exist.
var ErrNotFound = errors.New("not found")

// Entry is a token. Entries are shared and must not be changed; take a copy.
type Entry struct {
	// TokenEntry is the token's properties. ID is empty if the entry was found
	// by key or accessor, since the server doesn't know the token itself;
	// Parent is the parent's key.
	logical.TokenEntry
	// Key is the token's name in storage and in leases, empty for batch tokens.
	Key string
}

// Batch reports whether the token is a batch token.
func (e *Entry) Batch() bool { return e.Type == logical.TokenTypeBatch }

// Format is how the server's token IDs look.
type Format struct {
	// Service and Batch are the prefixes: "hvs." and "hvb.", or "s." and "b.".
	Service, Batch string
	// Signed service tokens have the length and beginning of those that Vault
	// signs, 95 characters; root tokens are short all the same.
	Signed bool
}

// isBatch reports whether an ID can be a batch token of any server.
func isBatch(id string) bool {
	return strings.HasPrefix(id, "hvb.") || len(id) > 40 && strings.HasPrefix(id, "b.")
}

// CheckChosen refuses IDs that a user must not choose.
func CheckChosen(id string) error {
	switch {
	case strings.HasPrefix(id, "hvs."):
		return errors.New("custom token ID cannot have the 'hvs.' prefix")
	case strings.HasPrefix(id, "s."):
		return errors.New("custom token ID cannot have the 's.' prefix")
	case strings.Contains(id, "."):
		return errors.New("custom token ID cannot have a '.' in the value")
	}
	return nil
}
