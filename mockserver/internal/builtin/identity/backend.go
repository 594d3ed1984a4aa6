// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// Backend returns the secrets engine at identity/. What it can't do it refuses with 501
// and says so, rather than pretend.
func (s *Store) Backend(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		Help:        "The identity store knows the entities that have logged in.",
		BackendType: logical.TypeLogical,
		Paths: slices.Concat(
			s.entityPaths(), s.mergePaths(), s.aliasPaths(), s.groupPaths(), s.groupAliasPaths(), s.lookupPaths(), s.keyPaths(),
			[]*framework.Path{otherPath()},
		),
	}
	return b, b.Setup(ctx, config)
}

// path returns a path of the store with its operations.
func path(pattern string, fields map[string]*framework.FieldSchema, help string, operations map[logical.Operation]framework.OperationFunc) *framework.Path {
	handlers := make(map[logical.Operation]framework.OperationHandler, len(operations))
	for operation, callback := range operations {
		handlers[operation] = &framework.PathOperation{Callback: callback}
	}
	return &framework.Path{Pattern: pattern, Fields: fields, Operations: handlers, HelpSynopsis: help}
}

func (s *Store) listPath(pattern string, list framework.OperationFunc) *framework.Path {
	return path(pattern, nil, "List what there is.", map[logical.Operation]framework.OperationFunc{logical.ListOperation: list})
}

func writePath(pattern string, fields map[string]*framework.FieldSchema, help string, write framework.OperationFunc) *framework.Path {
	return path(pattern, fields, help, map[logical.Operation]framework.OperationFunc{logical.UpdateOperation: write})
}

// withLock returns an operation that nothing else is changed beside.
func (s *Store) withLock(change framework.OperationFunc) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
		unlock, err := s.lock(ctx)
		if err != nil {
			return nil, err
		}
		defer unlock()
		return change(ctx, req, d)
	}
}

// itemOperations returns the operations of a path that names one thing.
func itemOperations[V any](s *Store, write framework.OperationFunc, find func(context.Context, *framework.FieldData) (*V, error),
	show func(context.Context, *V) (*logical.Response, error), remove func(context.Context, *V) error,
) map[logical.Operation]framework.OperationFunc {
	return map[logical.Operation]framework.OperationFunc{
		logical.UpdateOperation: s.withLock(write),
		logical.ReadOperation:   readOperation(find, show),
		logical.DeleteOperation: s.withLock(func(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
			v, err := found(find(ctx, d))
			if v == nil || err != nil {
				return nil, err
			}
			return nil, remove(ctx, v)
		}),
	}
}

// readOperation returns an operation that shows what is found, and nothing where nothing is.
func readOperation[V any](find func(context.Context, *framework.FieldData) (*V, error), show func(context.Context, *V) (*logical.Response, error)) framework.OperationFunc {
	return func(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
		v, err := found(find(ctx, d))
		if v == nil || err != nil {
			return nil, err
		}
		return show(ctx, v)
	}
}

// listOperation returns an operation that lists things by a key, always in the order of their IDs, by which their info is.
func listOperation[V any](all func(context.Context) ([]*V, error), key func(*V) string, info func(*V) (id string, data map[string]any)) framework.OperationFunc {
	return func(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
		things, err := all(ctx)
		if err != nil {
			return nil, err
		}
		var keys []string
		infos := make(map[string]any, len(things))
		for _, v := range things {
			id, data := info(v)
			keys, infos[id] = append(keys, key(v)), data
		}
		return logical.ListResponseWithInfo(keys, infos), nil
	}
}

// stringField returns a field of type string: empty if it was not given.
func stringField(d *framework.FieldData, name string) string { return d.Get(name).(string) }

// stringFields describes fields of type string.
func stringFields(fields map[string]string) map[string]*framework.FieldSchema {
	out := make(map[string]*framework.FieldSchema, len(fields))
	for name, description := range fields {
		out[name] = &framework.FieldSchema{Type: framework.TypeString, Description: description}
	}
	return out
}

// found returns nil without an error for what doesn't exist, as servers answer for it.
func found[V any](v *V, err error) (*V, error) {
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return v, err
}

// otherPath catches the paths of a server that aren't emulated: identity tokens and their
// provider, and MFA (vault/identity of OpenBao 2.6.2).
func otherPath() *framework.Path {
	refuse := make(map[logical.Operation]framework.OperationFunc)
	for _, operation := range []logical.Operation{
		logical.ReadOperation, logical.UpdateOperation, logical.DeleteOperation, logical.ListOperation, logical.PatchOperation,
	} {
		refuse[operation] = notEmulated
	}
	return path("(oidc|mfa)(/.*)?", nil, "Not emulated.", refuse)
}

func notEmulated(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return nil, logical.CodedError(http.StatusNotImplemented,
		"identity/"+req.Path+" ("+string(req.Operation)+") is not emulated by plugproof's mock server: "+
			"it has entities, groups, their aliases, and the names of keys; test this against a real server")
}

// listOf lists the keys of what is known about each, sorted.
func listOf(info map[string]any) *logical.Response {
	return logical.ListResponseWithInfo(slices.Sorted(maps.Keys(info)), info)
}
