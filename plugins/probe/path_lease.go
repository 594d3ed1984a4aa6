// SPDX-License-Identifier: MPL-2.0

package probe

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const (
	// revokedKey is the storage key of the marker that a lease of this mount was
	// revoked.
	revokedKey = "mark/revoked"

	leaseTTL    = time.Minute
	leaseMaxTTL = 10 * time.Minute
)

func (b *backend) secret() *framework.Secret {
	return &framework.Secret{
		Type: "probe",
		Fields: map[string]*framework.FieldSchema{
			"id": {Type: framework.TypeString, Description: "Always 1."},
		},
		DefaultDuration: leaseTTL,
		Renew:           renewLease,
		Revoke:          revokeLease,
	}
}

func (b *backend) pathsLease() []*framework.Path {
	return []*framework.Path{
		{
			Pattern: `lease`,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: b.readLease},
			},
			HelpSynopsis:    "A secret with a lease.",
			HelpDescription: "It lives a minute and can be renewed for ten.",
		},
		{
			Pattern: `revoked`,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation: &framework.PathOperation{Callback: readRevoked},
			},
			HelpSynopsis:    "Show whether a lease of this mount was revoked.",
			HelpDescription: "It stays true from the first revocation on.",
		},
	}
}

func (b *backend) readLease(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	resp := b.Secret("probe").Response(map[string]any{"id": "1"}, map[string]any{"id": "1"})
	resp.Secret.MaxTTL = leaseMaxTTL
	return resp, nil
}

func renewLease(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	resp := &logical.Response{Secret: req.Secret}
	resp.Secret.TTL = leaseTTL
	resp.Secret.MaxTTL = leaseMaxTTL
	return resp, nil
}

func revokeLease(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	if err := req.Storage.Put(ctx, &logical.StorageEntry{Key: revokedKey, Value: []byte("1")}); err != nil {
		return nil, fmt.Errorf("probe: write the mark: %w", err)
	}
	return nil, nil
}

func readRevoked(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	entry, err := req.Storage.Get(ctx, revokedKey)
	if err != nil {
		return nil, fmt.Errorf("probe: read the mark: %w", err)
	}
	return dataResponse(map[string]any{"revoked": entry != nil})
}
