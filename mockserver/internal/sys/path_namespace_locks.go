// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/hashicorp/go-secure-stdlib/base62"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// unlockKeyLength is that of the keys that unlock namespaces.
const unlockKeyLength = 24

// lockable returns the namespace of a request to lock or unlock one: that of the
// request itself, or one below it.
func (b *backend) lockable(ctx context.Context, d *framework.FieldData) (*namespace.Namespace, error) {
	n, err := b.core.Namespaces().At(namespace.Canonical(namespace.From(ctx).Path + namespace.Canonical(d.Get("path").(string))))
	switch {
	case err != nil:
		return nil, errors.New("requested namespace does not exist")
	case n.IsRoot():
		return nil, errors.New("root namespace cannot be locked/unlocked")
	}
	return n, nil
}

func (b *backend) lockNamespace(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	n, err := b.lockable(ctx, d)
	if err != nil {
		return badRequest(err)
	}
	switch locking, err := b.core.Namespaces().Locking(n); {
	case err != nil: // nothing locks it
	case locking.ID == n.ID:
		return badRequest(fmt.Errorf("cannot lock namespace %q: is already locked", n.Path))
	default:
		return badRequest(fmt.Errorf("cannot lock namespace %q: ancestor namespace %q is already locked", n.Path, locking.Path))
	}
	key, err := base62.Random(unlockKeyLength)
	if err != nil {
		return nil, fmt.Errorf("unable to generate namespace lock key: %w", err)
	}
	_, err = b.core.Namespaces().Update(ctx, n.Path, func(n *namespace.Namespace) error {
		if n.Locked() {
			return fmt.Errorf("cannot lock namespace %q: is already locked", n.Path)
		}
		n.UnlockKey = key
		return nil
	})
	if err != nil {
		return badRequest(err)
	}
	return &logical.Response{Data: map[string]any{"unlock_key": key}}, nil
}

// unlockNamespace needs the key of the lock, or sudo on the request's path.
func (b *backend) unlockNamespace(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	given := d.Get("unlock_key").(string)
	if given == "" {
		sudo, err := b.core.Access().CallerHasSudo(ctx, req, "sys/"+req.Path)
		if err != nil {
			return nil, err
		}
		if !sudo {
			return nil, errors.New("provided empty key")
		}
	}
	n, err := b.lockable(ctx, d)
	if err != nil {
		return badRequest(err)
	}
	if !n.Locked() {
		return badRequest(fmt.Errorf("namespace %q is not locked", n.Path))
	}
	if locking, err := b.core.Namespaces().Locking(n); err == nil && locking.ID != n.ID {
		return badRequest(fmt.Errorf("cannot unlock %q with namespace %q being locked", n.Path, locking.Path))
	}
	_, err = b.core.Namespaces().Update(ctx, n.Path, func(n *namespace.Namespace) error {
		if given != "" && subtle.ConstantTimeCompare([]byte(n.UnlockKey), []byte(given)) != 1 {
			return errors.New("incorrect unlock key")
		}
		n.UnlockKey = ""
		return nil
	})
	if err != nil {
		return badRequest(err)
	}
	if given == "" {
		resp := &logical.Response{}
		resp.AddWarning("Namespace unlocked using sudo capabilities")
		return resp, nil
	}
	return nil, nil
}
