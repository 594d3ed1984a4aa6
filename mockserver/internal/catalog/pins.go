// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// SetPin makes mounts and reloads of a name use one of its registered versions.
// The error wraps ErrNotFound when that version isn't registered.
func (c *Catalog) SetPin(ctx context.Context, k Key) error {
	_, err := c.registered(ctx, k)
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w; %s plugin %q version %s does not exist", ErrNotFound, k.Type, k.Name, k.Version)
	}
	if err != nil {
		return err
	}
	return c.storage.Put(ctx, &logical.StorageEntry{Key: pinKey(k.Type, k.Name), Value: []byte(k.Version)})
}

// Pin returns the pinned version of a name. The error is ErrNoPin when there is
// none.
func (c *Catalog) Pin(ctx context.Context, kind consts.PluginType, name string) (Key, error) {
	raw, err := c.storage.Get(ctx, pinKey(kind, name))
	if err != nil {
		return Key{}, err
	}
	if raw == nil {
		return Key{}, ErrNoPin
	}
	return Key{Type: kind, Name: name, Version: string(raw.Value)}, nil
}

// DeletePin removes a pin; one that does not exist is not an error.
func (c *Catalog) DeletePin(ctx context.Context, kind consts.PluginType, name string) error {
	return c.storage.Delete(ctx, pinKey(kind, name))
}

// Pins returns all pins, sorted by type and name.
func (c *Catalog) Pins(ctx context.Context) ([]Key, error) {
	pins := []Key{}
	for _, kind := range consts.PluginTypes {
		prefix := "pins/" + kind.String() + "/"
		names, err := c.storage.List(ctx, prefix)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			pin, err := c.Pin(ctx, kind, unescape(name))
			switch {
			case errors.Is(err, ErrNoPin): // deleted meanwhile
			case err != nil:
				return nil, err
			default:
				pins = append(pins, pin)
			}
		}
	}
	return pins, nil
}

func pinKey(kind consts.PluginType, name string) string {
	return "pins/" + kind.String() + "/" + escape(name)
}

// escape makes a name one segment of a storage key, and unescape undoes it.
func escape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "%", "%25"), "/", "%2F")
}

func unescape(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "%2F", "/"), "%25", "%")
}
