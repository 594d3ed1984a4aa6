// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/vault/sdk/helper/jsonutil"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// wrapped finds the wrapping token of a request: the one with that ID, or without
// ID the caller's own, which is in its last use. Authorize has checked it.
func (a *Authority) wrapped(ctx context.Context, req *logical.Request, id string) (e *token.Entry, own bool, err error) {
	if id == "" {
		id, own = CallerID(req), true
	}
	e, err = a.tokens.Lookup(ctx, id)
	if err == nil && !isWrappingToken(e) {
		err = errors.New("token is not a valid unwrap token")
	}
	return e, own, err
}

// errSpent is about wrapping tokens that are in their last use, as where the caller names
// its own.
//
// Source: UseTokenByID in vault/token_store.go of OpenBao 2.0 to 2.5.
var errSpent = errors.New("invalid token entry provided for use count decrementing")

// spend uses up the wrapping token of somebody else; the caller's own is
// already. The token is revoked by calling done.
func (a *Authority) spend(ctx context.Context, e *token.Entry, own bool) (done func(), err error) {
	if own {
		return func() {}, nil
	}
	_, err = a.tokens.Use(ctx, e)
	if errors.Is(err, token.ErrNotFound) {
		err = errSpent
	}
	if err != nil {
		return nil, fmt.Errorf("error decrementing wrapping token's use-count: %w", err)
	}
	return func() {
		if err := a.revokeOrphaning(context.WithoutCancel(ctx), e); err != nil {
			a.logger.Error("can't revoke a used wrapping token", "error", err)
		}
	}, nil
}

// errNoContent is about wrapping tokens with an empty cubbyhole.
var errNoContent = errors.New("no response found inside the cubbyhole")

// content is the body of the wrapped answer.
func (a *Authority) content(ctx context.Context, e *token.Entry) (string, error) {
	data, _, err := a.cubbyholes.Get(ctx, e.CubbyholeID, wrappedPath)
	if err != nil {
		return "", fmt.Errorf("error looking up wrapping information: %w", err)
	}
	body, ok := data["response"].(string)
	if !ok {
		return "", errNoContent
	}
	return body, nil
}

// Unwrap uses up a wrapping token and returns the answer behind it; see wrapped
// for the token. A token that does not exist has no answer.
func (a *Authority) Unwrap(ctx context.Context, req *logical.Request, id string) (*logical.Response, error) {
	e, own, err := a.wrapped(ctx, req, id)
	if errors.Is(err, token.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	done, err := a.spend(ctx, e, own)
	if err != nil {
		return nil, err
	}
	defer done()
	body, err := a.content(a.home(ctx, e), e)
	if err != nil {
		return nil, err
	}
	if body == "" {
		return &logical.Response{Data: map[string]any{logical.HTTPStatusCode: http.StatusNoContent}}, nil
	}
	return unwrapped(body)
}

// unwrapped is the answer as it was written the first time. Raw answers are
// restored, all others are passed on as they are.
func unwrapped(body string) (*logical.Response, error) {
	var original logical.HTTPResponse
	if err := jsonutil.DecodeJSON([]byte(body), &original); err != nil {
		return nil, fmt.Errorf("error decoding wrapped response: %w", err)
	}
	raw, isRaw := original.Data[logical.HTTPRawBody]
	status, hasStatus := original.Data[logical.HTTPStatusCode]
	kind, hasKind := original.Data[logical.HTTPContentType]
	if !isRaw && !hasStatus && !hasKind {
		return &logical.Response{Data: map[string]any{
			logical.HTTPStatusCode: http.StatusOK, logical.HTTPRawBody: []byte(body), logical.HTTPContentType: "application/json",
		}}, nil
	}
	data := make(map[string]any)
	if hasStatus {
		data[logical.HTTPStatusCode] = plainNumber(status)
	}
	if hasKind {
		data[logical.HTTPContentType] = kind
	}
	if text, ok := raw.(string); ok {
		// Bytes were written as base64.
		data[logical.HTTPRawBody] = text
		if decoded, err := base64.StdEncoding.DecodeString(text); err == nil {
			data[logical.HTTPRawBody] = decoded
		}
	}
	return &logical.Response{Data: data}, nil
}

// plainNumber is an int where JSON had a number.
func plainNumber(v any) any {
	if n, ok := v.(json.Number); ok {
		if i, err := n.Int64(); err == nil {
			return int(i)
		}
	}
	return v
}

// wrapInfo is what is kept about a wrapped answer.
type wrapInfo struct {
	ttl     time.Duration
	created any
	path    string
}

func (a *Authority) wrapInfo(ctx context.Context, e *token.Entry) (wrapInfo, error) {
	data, found, err := a.cubbyholes.Get(ctx, e.CubbyholeID, wrapInfoPath)
	if err != nil {
		return wrapInfo{}, fmt.Errorf("error looking up wrapping information: %w", err)
	}
	nanos, ok := data["creation_ttl"].(json.Number)
	if !found || !ok {
		return wrapInfo{}, refuse("no information found; wrapping token may be from a previous %s version", a.dialect.DisplayName)
	}
	ttl, err := nanos.Int64()
	if err != nil {
		return wrapInfo{}, fmt.Errorf("error reading creation_ttl value from wrapping information: %w", err)
	}
	path, _ := data["creation_path"].(string)
	return wrapInfo{ttl: time.Duration(ttl), created: data["creation_time"], path: path}, nil
}

// LookupWrapping returns when and how a wrapping token was made.
func (a *Authority) LookupWrapping(ctx context.Context, req *logical.Request, id string) (*logical.Response, error) {
	e, _, err := a.wrapped(ctx, req, id)
	if errors.Is(err, token.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := a.wrapInfo(a.home(ctx, e), e)
	if refused, is := Refusal(err); is {
		return refused, nil
	}
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"creation_ttl": info.ttl.Seconds(), "creation_time": info.created, "creation_path": info.path,
	}}, nil
}

// Rewrap uses up a wrapping token and returns its content for a new one, which
// Answer creates.
func (a *Authority) Rewrap(ctx context.Context, req *logical.Request, id string) (*logical.Response, error) {
	e, own, err := a.wrapped(ctx, req, id)
	if errors.Is(err, token.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	done, err := a.spend(ctx, e, own)
	if err != nil {
		return nil, err
	}
	defer done()
	// Unlike the others, servers look where they are asked.
	info, err := a.wrapInfo(ctx, e)
	if refused, is := Refusal(err); is {
		return refused, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := a.content(ctx, e)
	if err != nil {
		return nil, err
	}
	// Answer knows this path and wraps the body as it is.
	return &logical.Response{
		Data:     map[string]any{"response": body},
		WrapInfo: &wrapping.ResponseWrapInfo{TTL: info.ttl, CreationPath: info.path},
	}, nil
}
