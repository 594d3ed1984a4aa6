// SPDX-License-Identifier: MPL-2.0

// Package cubbyhole is the secrets engine at cubbyhole/: every token has a
// place of its own there, which goes with the token.
package cubbyhole

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/errutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// Store keeps the cubbyholes in storage, one key a value.
type Store struct{ storage logical.Storage }

// NewStore returns the cubbyholes in that storage.
func NewStore(storage logical.Storage) *Store { return &Store{storage: storage} }

// Put writes a value into a cubbyhole.
func (s *Store) Put(ctx context.Context, cubbyhole, path string, data map[string]any) error {
	value, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("json encoding failed: %w", err)
	}
	if err := s.storage.Put(ctx, &logical.StorageEntry{Key: cubbyhole + "/" + path, Value: value}); err != nil {
		return fmt.Errorf("failed to write: %w", err)
	}
	return nil
}

// Get reads a value; found is false if there is none.
func (s *Store) Get(ctx context.Context, cubbyhole, path string) (data map[string]any, found bool, err error) {
	raw, err := s.storage.Get(ctx, cubbyhole+"/"+path)
	if err != nil {
		return nil, false, fmt.Errorf("read failed: %w", err)
	}
	if raw == nil {
		return nil, false, nil
	}
	if err := raw.DecodeJSON(&data); err != nil {
		return nil, false, fmt.Errorf("json decoding failed: %w", err)
	}
	return data, true, nil
}

// Clear empties a cubbyhole.
func (s *Store) Clear(ctx context.Context, cubbyhole string) error {
	if cubbyhole == "" {
		return errors.New("missing cubbyhole ID while destroying")
	}
	return logical.ClearView(ctx, logical.NewStorageView(s.storage, cubbyhole+"/"))
}

// Backend returns the secrets engine on the store. A request's cubbyhole is
// that of its token entry.
func (s *Store) Backend(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		Help: "The cubbyhole secrets engine stores values for one token only. " +
			"Nobody else sees them, and they are deleted with the token.",
		BackendType: logical.TypeLogical,
		Paths: []*framework.Path{{
			Pattern: framework.MatchAllRegex("path"),
			Fields: map[string]*framework.FieldSchema{
				"path": {Type: framework.TypeString, Description: "Specifies the path of the secret."},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ReadOperation:   &framework.PathOperation{Callback: s.read},
				logical.CreateOperation: &framework.PathOperation{Callback: s.write},
				logical.UpdateOperation: &framework.PathOperation{Callback: s.write},
				logical.DeleteOperation: &framework.PathOperation{Callback: s.remove},
				logical.ListOperation:   &framework.PathOperation{Callback: s.list},
			},
			ExistenceCheck:  s.exists,
			HelpSynopsis:    "Read, write, list and delete values that only this token sees.",
			HelpDescription: "The values are deleted when the token is revoked or ends.",
		}},
	}
	return b, b.Setup(ctx, config)
}

var (
	errNoToken = errors.New("client token empty")
	errNoPath  = errors.New("missing path")
	// errNotService is the caller's fault: batch tokens have no cubbyhole.
	errNotService = errors.New("cubbyhole operations are only supported by 'service' type tokens")
)

// refuse turns an error of place into an answer.
func refuse(err error) (*logical.Response, error) {
	if errors.Is(err, errNotService) {
		return logical.ErrorResponse(err.Error()), nil
	}
	return nil, err
}

// place is the request's cubbyhole and the path in it.
func place(req *logical.Request, d *framework.FieldData) (cubbyhole, path string, err error) {
	te := req.TokenEntry()
	switch {
	case te == nil:
		return "", "", errNoToken
	case te.Type != logical.TokenTypeService || te.CubbyholeID == "":
		return "", "", errNotService
	}
	path = d.Get("path").(string)
	if path == "" {
		return "", "", errNoPath
	}
	return te.CubbyholeID, path, nil
}

func (s *Store) exists(ctx context.Context, req *logical.Request, d *framework.FieldData) (bool, error) {
	cubbyhole, path, err := place(req, d)
	switch {
	case errors.Is(err, errNotService): // before rights are looked at
		return false, errutil.UserError{Err: err.Error()}
	case errors.Is(err, errNoPath):
		return true, nil // and the write says so
	}
	if err != nil {
		return false, err
	}
	_, found, err := s.Get(ctx, cubbyhole, path)
	return found, err
}

func (s *Store) read(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	cubbyhole, path, err := place(req, d)
	if err != nil {
		return refuse(err)
	}
	data, found, err := s.Get(ctx, cubbyhole, path)
	if err != nil || !found {
		return nil, err
	}
	return &logical.Response{Data: data}, nil
}

func (s *Store) write(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	cubbyhole, path, err := place(req, d)
	if err != nil {
		return refuse(err)
	}
	if len(req.Data) == 0 {
		return nil, errors.New("missing data fields")
	}
	return nil, s.Put(ctx, cubbyhole, path, req.Data)
}

func (s *Store) remove(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	cubbyhole, path, err := place(req, d)
	if errors.Is(err, errNoPath) {
		return nil, nil // servers delete what no value is at
	}
	if err != nil {
		return refuse(err)
	}
	return nil, s.storage.Delete(ctx, cubbyhole+"/"+path)
}

func (s *Store) list(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	cubbyhole, path, err := place(req, d)
	if err != nil && !errors.Is(err, errNoPath) {
		return refuse(err)
	}
	if path == "" {
		cubbyhole = req.TokenEntry().CubbyholeID
	} else if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	keys, err := s.storage.List(ctx, cubbyhole+"/"+path)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(keys), nil
}
