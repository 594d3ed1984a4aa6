// SPDX-License-Identifier: MPL-2.0

// Package restate puts the SDK's description of a field with a wrong type into
// the words of the library that a server was built with.
package restate

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// refused finds the field in the SDK's error.
var refused = regexp.MustCompile(`^((?:Field validation failed: )?error converting input )for field "([^"]+)": `)

// Wrap returns b with its descriptions in the given words.
func Wrap(b logical.Backend, style dialect.FieldErrors) logical.Backend {
	schemas, ok := b.(interface {
		Route(path string) *framework.Path
	})
	if style == dialect.FieldErrorsWithValue || !ok {
		return b
	}
	return &backend{Backend: b, route: schemas.Route, style: style}
}

type backend struct {
	logical.Backend
	route func(path string) *framework.Path
	style dialect.FieldErrors
}

// HandleRequest implements logical.Backend.
func (b *backend) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	resp, err := b.Backend.HandleRequest(ctx, req)
	if resp == nil || !resp.IsError() {
		return resp, err
	}
	text := resp.Error().Error()
	found := refused.FindStringSubmatch(text)
	if found == nil {
		return resp, err
	}
	return logical.ErrorResponse("%s", b.restate(text, found[1], found[2], req)), err
}

// restate puts text, of which start and the field's name are known, into other
// words.
func (b *backend) restate(text, start, name string, req *logical.Request) string {
	switch b.style {
	case dialect.FieldErrorsWithInput:
		return strings.Replace(text, start, fmt.Sprintf("%s%v ", start, req.Data[name]), 1)
	case dialect.FieldErrorsPlain:
		if path := b.route(req.Path); path != nil {
			if err := decode(req.Data[name], path.Fields[name]); err != nil {
				return fmt.Sprintf("%sfor field %q: %s", start, name, err)
			}
		}
	}
	return text
}

// decode converts as OpenBao's SDK does, with the maintained successor of the
// library that Vault's uses.
func decode(input any, schema *framework.FieldSchema) error {
	if schema == nil {
		return errors.New("unknown field")
	}
	switch schema.Type {
	case framework.TypeString:
		var out string
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeBool:
		var out bool
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeInt:
		var out int
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeInt64:
		var out int64
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeMap:
		var out map[string]any
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeKVPairs:
		// Only what is no map is tried as a list of pairs.
		var pairs map[string]string
		if mapstructure.WeakDecode(input, &pairs) == nil {
			return nil
		}
		var out []string
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeSlice, framework.TypeStringSlice:
		var out []string
		return mapstructure.WeakDecode(input, &out)
	}
	return nil // other types are not converted by the library
}
