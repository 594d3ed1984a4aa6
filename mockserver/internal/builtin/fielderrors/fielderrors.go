// SPDX-License-Identifier: MPL-2.0

// Package fielderrors rewrites the SDK's description of a field with a wrong type in
// the words of the library that a server was built with.
package fielderrors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/errutil"
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
	return &backend{Backend: b, route: schemas.Route, style: words(style)}
}

type backend struct {
	logical.Backend
	route func(path string) *framework.Path
	style words
}

// HandleRequest implements logical.Backend.
func (b *backend) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	resp, err := b.Backend.HandleRequest(ctx, req)
	if resp == nil || !resp.IsError() {
		return resp, err
	}
	text := resp.Error().Error()
	if other := b.style.restate(text, req.Data, b.schema(req)); other != text {
		return logical.ErrorResponse("%s", other), err
	}
	return resp, err
}

// HandleExistenceCheck implements logical.Backend. It is the first to look at fields.
func (b *backend) HandleExistenceCheck(ctx context.Context, req *logical.Request) (found, exists bool, err error) {
	found, exists, err = b.Backend.HandleExistenceCheck(ctx, req)
	var ofUser errutil.UserError
	if errors.As(err, &ofUser) {
		err = errutil.UserError{Err: b.style.restate(ofUser.Err, req.Data, b.schema(req))}
	}
	return found, exists, err
}

// schema returns the fields of a request's path.
func (b *backend) schema(req *logical.Request) func(name string) *framework.FieldSchema {
	return func(name string) *framework.FieldSchema {
		if path := b.route(req.Path); path != nil {
			return path.Fields[name]
		}
		return nil
	}
}

// Check returns the error of a field with a wrong type, in the given words; nil if there
// is none.
func Check(fields *framework.FieldData, style dialect.FieldErrors) error {
	err := fields.Validate()
	if err == nil {
		return nil
	}
	schema := func(name string) *framework.FieldSchema { return fields.Schema[name] }
	return errutil.UserError{Err: words(style).restate(err.Error(), fields.Raw, schema)}
}

// Validate returns the answer to fields of which one has a wrong type, in the given
// words; nil if none has.
func Validate(fields *framework.FieldData, style dialect.FieldErrors) *logical.Response {
	if err := Check(fields, style); err != nil {
		return logical.ErrorResponse("Field validation failed: %s", err)
	}
	return nil
}

// words are those of a dialect.
type words dialect.FieldErrors

// restate returns a text of the SDK in other words, if it describes a field.
func (w words) restate(text string, data map[string]any, schema func(name string) *framework.FieldSchema) string {
	found := refused.FindStringSubmatch(text)
	if found == nil {
		return text
	}
	start, name := found[1], found[2]
	switch style := dialect.FieldErrors(w); style {
	case dialect.FieldErrorsWithInput:
		return strings.Replace(text, start, fmt.Sprintf("%s%v ", start, data[name]), 1)
	case dialect.FieldErrorsPlain, dialect.FieldErrorsWithWord:
		if err := decode(data[name], schema(name)); err != nil {
			return fmt.Sprintf("%sfor field %q: %s", start, name, w.text(err))
		}
	}
	return text
}

// text returns the text of an error of decode. Before mapstructure 2.4 it repeated the
// word that is not a number or a boolean.
func (w words) text(err error) string {
	var parse *mapstructure.ParseError
	var number *strconv.NumError
	if dialect.FieldErrors(w) != dialect.FieldErrorsWithWord || !errors.As(err, &parse) || !errors.As(parse.Err, &number) {
		return err.Error()
	}
	return strings.Replace(err.Error(), "strconv."+number.Func+": "+number.Err.Error(), number.Error(), 1)
}

// decode converts as OpenBao's SDK does, with the maintained successor of the
// library that Vault's uses.
func decode(input any, schema *framework.FieldSchema) error {
	if schema == nil {
		return nil
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
	case framework.TypeFloat:
		var out float64
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeCommaIntSlice:
		return decodeInts(input)
	case framework.TypeMap:
		var out map[string]any
		return mapstructure.WeakDecode(input, &out)
	case framework.TypeKVPairs:
		// Only what is not a map is tried as a list of pairs.
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

// decodeInts converts a list of numbers, or their text with commas between.
func decodeInts(input any) error {
	if number, ok := input.(json.Number); ok {
		input = number.String()
	}
	var out []int
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result: &out, WeaklyTypedInput: true, DecodeHook: mapstructure.StringToWeakSliceHookFunc(","),
	})
	if err != nil {
		return err
	}
	return decoder.Decode(input)
}
