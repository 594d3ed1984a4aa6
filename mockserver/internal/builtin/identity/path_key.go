// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// keyPrefix is where named keys are in the store's storage, by name.
const keyPrefix = "key/"

// defaultKeyName is the key that servers make themselves.
const defaultKeyName = "default"

// dayInSeconds is how long the default key signs and is published.
const dayInSeconds = 24 * 60 * 60

// signingAlgorithms returns those of named keys.
func signingAlgorithms() []string {
	return []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// namedKey is a key of oidc/key. Nothing is signed with it: mounts name it.
type namedKey struct {
	RotationPeriod   int      `json:"rotation_period"`
	VerificationTTL  int      `json:"verification_ttl"`
	Algorithm        string   `json:"algorithm"`
	AllowedClientIDs []string `json:"allowed_client_ids"`
}

// HasKey reports whether the namespace of the context has a key of that name.
func (s *Store) HasKey(ctx context.Context, name string) (bool, error) {
	key, err := s.key(ctx, name)
	return key != nil, err
}

// key returns the key of that name, or nil.
func (s *Store) key(ctx context.Context, name string) (*namedKey, error) {
	raw, err := s.storage.Get(ctx, keyPrefix+name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read key %q: %w", name, err)
	case raw == nil && name == defaultKeyName:
		return &namedKey{dayInSeconds, dayInSeconds, "RS256", []string{"*"}}, nil
	case raw == nil:
		return nil, nil
	}
	var key namedKey
	if err := raw.DecodeJSON(&key); err != nil {
		return nil, fmt.Errorf("read key %q: %w", name, err)
	}
	return &key, nil
}

func (s *Store) keyPaths() []*framework.Path {
	name := &framework.FieldSchema{Type: framework.TypeString, Description: "Name of the key"}
	ttl := &framework.FieldSchema{Type: framework.TypeDurationSecond, Default: "24h", Description: "How long the public part of a rotated key is published."}
	return []*framework.Path{
		s.listPath("oidc/key/?$", s.listKeys),
		{
			Pattern: "oidc/key/" + framework.GenericNameRegex("name"),
			Fields: map[string]*framework.FieldSchema{
				"name":               name,
				"rotation_period":    {Type: framework.TypeDurationSecond, Default: "24h", Description: "How often the key is replaced."},
				"verification_ttl":   ttl,
				"algorithm":          {Type: framework.TypeString, Default: "RS256", Description: "The algorithm of signatures."},
				"allowed_client_ids": {Type: framework.TypeCommaStringSlice, Description: "The roles that may sign with the key; * means all."},
			},
			ExistenceCheck: func(ctx context.Context, _ *logical.Request, d *framework.FieldData) (bool, error) {
				return s.HasKey(ctx, d.Get("name").(string))
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.CreateOperation: &framework.PathOperation{Callback: s.writeKey},
				logical.UpdateOperation: &framework.PathOperation{Callback: s.writeKey},
				logical.ReadOperation:   &framework.PathOperation{Callback: s.readKey},
				logical.DeleteOperation: &framework.PathOperation{Callback: s.deleteKey},
			},
			HelpSynopsis: "Keys that sign identity tokens.",
		},
		{
			Pattern: "oidc/key/" + framework.GenericNameRegex("name") + "/rotate/?$",
			Fields:  map[string]*framework.FieldSchema{"name": name, "verification_ttl": ttl},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.UpdateOperation: &framework.PathOperation{Callback: s.rotateKey},
			},
			HelpSynopsis: "Rotate a key.",
		},
	}
}

func (s *Store) listKeys(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	names, err := s.storage.List(ctx, keyPrefix)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, defaultKeyName) {
		names = append(names, defaultKeyName)
		slices.Sort(names)
	}
	return logical.ListResponse(names), nil
}

func (s *Store) readKey(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	key, err := s.key(ctx, d.Get("name").(string))
	if key == nil || err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"rotation_period": key.RotationPeriod, "verification_ttl": key.VerificationTTL,
		"algorithm": key.Algorithm, "allowed_client_ids": key.AllowedClientIDs,
	}}, nil
}

func (s *Store) writeKey(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	key, err := s.key(ctx, name)
	if err != nil {
		return nil, err
	}
	if key == nil {
		key = &namedKey{}
	}
	if bad := key.set(d, req.Operation == logical.CreateOperation); bad != nil {
		return bad, nil
	}
	return nil, storage.PutJSON(ctx, s.storage, keyPrefix+name, key)
}

// set takes the fields of a request, of a new key also those that were left out. It
// returns the error response for an invalid key, or nil.
func (k *namedKey) set(d *framework.FieldData, all bool) *logical.Response {
	given := func(name string) bool {
		_, ok := d.GetOk(name)
		return ok || all
	}
	if given("rotation_period") {
		k.RotationPeriod = d.Get("rotation_period").(int)
	}
	if k.RotationPeriod < 60 {
		return logical.ErrorResponse("rotation_period must be at least one minute")
	}
	if given("verification_ttl") {
		k.VerificationTTL = d.Get("verification_ttl").(int)
	}
	if k.VerificationTTL/10 > k.RotationPeriod || k.VerificationTTL > 10*k.RotationPeriod {
		return logical.ErrorResponse("verification_ttl cannot be longer than 10x rotation_period")
	}
	if given("allowed_client_ids") {
		k.AllowedClientIDs = d.Get("allowed_client_ids").([]string)
	}
	if given("algorithm") {
		k.Algorithm = d.Get("algorithm").(string)
	}
	if !slices.Contains(signingAlgorithms(), k.Algorithm) {
		return logical.ErrorResponse("unknown signing algorithm %q", k.Algorithm)
	}
	return nil
}

func (s *Store) deleteKey(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	if name == defaultKeyName {
		return logical.ErrorResponse("deletion of key %q not allowed", name), nil
	}
	if mounts := s.mounts.MountsWithKey(ctx, name); len(mounts) > 0 {
		return logical.ErrorResponse("unable to delete key %q because it is currently referenced by these mounts: %s",
			name, strings.Join(mounts, ", ")), logical.ErrInvalidRequest
	}
	return nil, s.storage.Delete(ctx, keyPrefix+name)
}

func (s *Store) rotateKey(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	there, err := s.HasKey(ctx, name)
	if err == nil && !there {
		return logical.ErrorResponse("no named key found at %q", name), logical.ErrInvalidRequest
	}
	return nil, err
}
