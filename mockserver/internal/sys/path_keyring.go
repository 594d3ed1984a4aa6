// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// The bounds of what a keyring is rotated after (vault/barrier/keyring.go of OpenBao).
const (
	minRotationInterval = 24 * time.Hour
	minOperations       = 1_000_000
	maxOperations       = 3_865_470_566
)

// keyring is what sys/key-status and sys/rotate tell of the keys that servers encrypt
// their storage with. The mock's storage is not encrypted: a rotation counts the term.
type keyring struct {
	Term      int           `json:"term"`
	Installed time.Time     `json:"installed"`
	Disabled  bool          `json:"disabled"`
	Interval  time.Duration `json:"interval"`
	Limit     int64         `json:"limit"`
}

// keyringKey is where it is stored.
const keyringKey = "keyring"

// errNotSealable refuses what concerns the keys of a namespace that has none of its own.
var errNotSealable = errors.New("namespace is not sealable")

// keyringPaths are sys/key-status and sys/rotate (vault/logical_system_rotate.go).
func (b *backend) keyringPaths() []*framework.Path {
	rotate, config := "rotate$", "rotate/config$"
	if b.dialect.State.RotatesByKey {
		rotate, config = "rotate(/keyring)?$", "rotate(/keyring)?/config$"
	}
	return []*framework.Path{
		path("key-status$", "Provides information about the backend encryption key.", nil, operations{logical.ReadOperation: b.readKeyring}),
		path(rotate, "Rotates the backend encryption key used to persist data.", nil, operations{logical.UpdateOperation: b.rotateKeyring}),
		path(config, "Configures settings related to the backend encryption key management.", map[string]*framework.FieldSchema{
			"enabled":        field(framework.TypeBool, "Whether automatic rotation is enabled."),
			"max_operations": field(framework.TypeInt64, "The number of encryption operations performed before the barrier key is automatically rotated."),
			"interval":       field(framework.TypeDurationSecond, "How long after installation of an active key term that the key will be automatically rotated."),
		}, operations{logical.ReadOperation: b.readRotation, logical.UpdateOperation: b.writeRotation}),
	}
}

// keyring returns the keyring of the server. Namespaces have none.
func (b *backend) keyring(ctx context.Context, s logical.Storage) (keyring, error) {
	if !namespace.From(ctx).IsRoot() {
		return keyring{}, errNotSealable
	}
	k := keyring{Term: 1, Limit: maxOperations}
	if found, err := storage.GetJSON(ctx, s, keyringKey, &k); err != nil || found {
		return k, err
	}
	k.Installed = b.core.Now()
	return k, storage.PutJSON(ctx, s, keyringKey, k)
}

func (b *backend) readKeyring(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	k, err := b.keyring(ctx, req.Storage)
	if err != nil {
		return badRequest(err)
	}
	return &logical.Response{Data: map[string]any{
		"term": k.Term, "install_time": k.Installed.Format(time.RFC3339Nano), "encryptions": 0,
	}}, nil
}

func (b *backend) rotateKeyring(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	k, err := b.keyring(ctx, req.Storage)
	if err != nil {
		return badRequest(err)
	}
	k.Term, k.Installed = k.Term+1, b.core.Now()
	return nil, storage.PutJSON(ctx, req.Storage, keyringKey, k)
}

func (b *backend) readRotation(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	k, err := b.keyring(ctx, req.Storage)
	if err != nil {
		return badRequest(err)
	}
	data := map[string]any{"max_operations": k.Limit, "enabled": !k.Disabled, "interval": 0}
	if k.Interval > 0 {
		data["interval"] = k.Interval.String()
	}
	return &logical.Response{Data: data}, nil
}

func (b *backend) writeRotation(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	k, err := b.keyring(ctx, req.Storage)
	if err != nil {
		return badRequest(err)
	}
	if limit, ok := d.GetOk("max_operations"); ok {
		k.Limit = limit.(int64)
	}
	if interval, ok := d.GetOk("interval"); ok {
		k.Interval = time.Second * time.Duration(interval.(int))
	}
	if enabled, ok := d.GetOk("enabled"); ok {
		k.Disabled = !enabled.(bool)
	}
	switch {
	case k.Interval < minRotationInterval && k.Interval != 0:
		return logical.ErrorResponse("interval must be greater or equal to %s", minRotationInterval), logical.ErrInvalidRequest
	case k.Limit < minOperations || k.Limit > maxOperations:
		return logical.ErrorResponse("max_operations must be in the range [%d,%d]", minOperations, maxOperations), logical.ErrInvalidRequest
	}
	return nil, storage.PutJSON(ctx, req.Storage, keyringKey, k)
}
