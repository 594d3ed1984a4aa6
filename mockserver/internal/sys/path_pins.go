// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

// pinPaths are sys/plugins/pins, where the dialect has them.
func (b *backend) pinPaths() []*framework.Path {
	if !b.dialect.Catalog.Pins {
		return nil
	}
	fields := map[string]*framework.FieldSchema{
		"name":    field(framework.TypeString, "The name of the plugin"),
		"type":    field(framework.TypeString, "The type of the plugin, may be auth, secret, or database"),
		"version": field(framework.TypeString, "The semantic version to pin"),
	}
	return []*framework.Path{
		path("plugins/pins/(?P<type>auth|database|secret)/"+framework.GenericNameRegex("name")+"$", "Pins the version that mounts of a plugin use", fields, operations{
			logical.UpdateOperation: b.writePin,
			logical.ReadOperation:   b.readPin,
			logical.DeleteOperation: b.deletePin,
		}),
		path("plugins/pins/?$", "Lists the pinned versions", nil, operations{logical.ReadOperation: b.listPins}),
	}
}

func (b *backend) writePin(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	v, bad := b.version(d)
	switch {
	case bad != nil:
		return bad, nil
	case v == "":
		return logical.ErrorResponse("missing plugin version"), nil
	case catalog.IsBuiltinVersion(v):
		return logical.ErrorResponse("cannot pin a builtin plugin: %q", v), nil
	}
	err = b.core.Catalog().SetPin(ctx, catalog.Key{Type: kind, Name: d.Get("name").(string), Version: v})
	if errors.Is(err, catalog.ErrNotFound) {
		return logical.ErrorResponse("%s", err.Error()), nil
	}
	return &logical.Response{}, err
}

func (b *backend) readPin(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	pin, err := b.core.Catalog().Pin(ctx, kind, d.Get("name").(string))
	if errors.Is(err, catalog.ErrNoPin) {
		return nil, logical.CodedError(404, err.Error())
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: pinInfo(pin)}, nil
}

func (b *backend) deletePin(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	return &logical.Response{}, b.core.Catalog().DeletePin(ctx, kind, d.Get("name").(string))
}

func (b *backend) listPins(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	pins, err := b.core.Catalog().Pins(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]any, len(pins))
	for i, pin := range pins {
		list[i] = pinInfo(pin)
	}
	return &logical.Response{Data: map[string]any{"pinned_versions": list}}, nil
}

func pinInfo(k catalog.Key) map[string]any {
	return map[string]any{"type": k.Type.String(), "name": k.Name, "version": k.Version}
}
