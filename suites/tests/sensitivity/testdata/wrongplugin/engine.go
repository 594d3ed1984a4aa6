// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// engine returns a secrets engine that does nothing wrong.
func engine() *framework.Backend {
	return &framework.Backend{
		BackendType:  logical.TypeLogical,
		Help:         "Issues accounts of an imaginary service.",
		PathsSpecial: &logical.Paths{SealWrapStorage: []string{"config"}},
		Paths: append([]*framework.Path{
			configPath(), rolePath(), listPath("role"), notePath(),
			{
				Pattern:         "creds/" + framework.GenericNameRegex("name"),
				HelpSynopsis:    "Issues an account.",
				HelpDescription: "Issues an account of the role with a lease.",
				Fields:          map[string]*framework.FieldSchema{"name": {Type: framework.TypeString, Description: "Name of the role."}},
				Operations: map[logical.Operation]framework.OperationHandler{
					logical.ReadOperation: &framework.PathOperation{Callback: issue, Summary: "Issue an account."},
				},
			},
		}, keyPaths()...),
		Secrets:     []*framework.Secret{account()},
		WALRollback: rollBack,
	}
}

// rollBack ends an account that was not given to anybody.
func rollBack(ctx context.Context, req *logical.Request, _ string, data any) error {
	begun, _ := data.(map[string]any)
	config, err := load(ctx, req.Storage, "config")
	if err != nil || config == nil {
		return err
	}
	return dismiss(ctx, config, fmt.Sprint(begun["account"]))
}

const accountType = "account"

func account() *framework.Secret {
	return &framework.Secret{
		Type: accountType,
		Fields: map[string]*framework.FieldSchema{
			"account": {Type: framework.TypeString, Description: "Name of the account."},
			"key":     {Type: framework.TypeString, Description: "Its key."},
		},
		Revoke: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
			id := fmt.Sprint(req.Secret.InternalData["account"])
			config, err := load(ctx, req.Storage, "config")
			switch {
			case err == nil && config == nil:
				err = errors.New("there is no configuration")
			case err == nil:
				err = dismiss(ctx, config, id)
			}
			if err != nil {
				return nil, err
			}
			return nil, req.Storage.Delete(ctx, "account/"+id)
		},
		Renew: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
			role, err := load(ctx, req.Storage, "role/"+fmt.Sprint(req.Secret.InternalData["role"]))
			if err != nil || role == nil {
				return logical.ErrorResponse("the role is gone"), err
			}
			config, err := load(ctx, req.Storage, "config")
			if err != nil {
				return nil, err
			}
			resp := &logical.Response{Secret: req.Secret}
			resp.Secret.TTL, resp.Secret.MaxTTL = times(role, config)
			return resp, nil
		},
	}
}

func issue(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	name := data.Get("name").(string)
	config, err := load(ctx, req.Storage, "config")
	if err != nil {
		return nil, err
	}
	if config == nil {
		return logical.ErrorResponse("configure the service first"), nil
	}
	role, err := load(ctx, req.Storage, "role/"+name)
	if err != nil {
		return nil, err
	}
	if role == nil {
		return logical.ErrorResponse("there is no role %q", name), nil
	}
	id := rand.Text()
	begun, err := framework.PutWAL(ctx, req.Storage, accountType, map[string]any{"account": id})
	if err != nil {
		return nil, err
	}
	if err := call(ctx, config, http.MethodPut, "/account/"+id); err != nil {
		return logical.ErrorResponse("the service can't be reached"), nil
	}
	entry := record{"role": name, "expires": time.Now().Add(role.seconds("ttl"))}
	if err := entry.save(ctx, req.Storage, "account/"+id); err != nil {
		return nil, err
	}
	if err := framework.DeleteWAL(ctx, req.Storage, begun); err != nil {
		return nil, err
	}
	resp := account().Response(map[string]any{"account": id, "key": rand.Text()}, map[string]any{"account": id, "role": name})
	resp.Secret.TTL, resp.Secret.MaxTTL = times(role, config)
	return resp, nil
}

func configPath() *framework.Path {
	return stored("config", "config", "Configures the service.", []string{"password"}, map[string]*framework.FieldSchema{
		"url":      {Type: framework.TypeString, Description: "Address of the service."},
		"username": {Type: framework.TypeString, Description: "Name of the administrator."},
		"password": {Type: framework.TypeString, Description: "Password of the administrator.", DisplayAttrs: &framework.DisplayAttributes{Sensitive: true}},
		"timeout":  {Type: framework.TypeDurationSecond, Default: 30, Description: "How long the service may take."},
		"ttl":      {Type: framework.TypeDurationSecond, Description: "Time to live of credentials and tokens without one of their own."},
		"max_ttl":  {Type: framework.TypeDurationSecond, Description: "Longest time to live of credentials and tokens without one of their own."},
	})
}

func rolePath() *framework.Path {
	return stored("role/"+framework.GenericNameRegex("name"), "role", "Manages the roles.", nil, map[string]*framework.FieldSchema{
		"name":     {Type: framework.TypeString, Description: "Name of the role."},
		"username": {Type: framework.TypeString, Description: "Account of the service."},
		"groups":   {Type: framework.TypeCommaStringSlice, Description: "Groups of the account."},
		"ttl":      {Type: framework.TypeDurationSecond, Description: "Time to live."},
		"max_ttl":  {Type: framework.TypeDurationSecond, Description: "Longest time to live."},
	})
}

// notePath returns a path that is changed by PATCH.
func notePath() *framework.Path {
	path := stored("note/"+framework.GenericNameRegex("name"), "note", "Keeps notes.", nil, map[string]*framework.FieldSchema{
		"name":  {Type: framework.TypeString, Description: "Name of the note."},
		"text":  {Type: framework.TypeString, Description: "What it says."},
		"about": {Type: framework.TypeString, Description: "What it is about."},
		"cas":   {Type: framework.TypeInt, Description: "How often it was written before; 0 if it is not there."},
	})
	path.Operations[logical.PatchOperation] = path.Operations[logical.UpdateOperation]
	return path
}

// needed returns the field without which nothing is created under a prefix.
func needed(prefix string) string {
	return map[string]string{"role": "username", "user": "password"}[prefix]
}

// stored returns a path that stores its fields under the prefix and the name. Hidden
// fields are not shown.
func stored(pattern, prefix, help string, hidden []string, fields map[string]*framework.FieldSchema) *framework.Path {
	key := func(data *framework.FieldData) string {
		if name, ok := data.GetOk("name"); ok && fields["name"] != nil {
			return prefix + "/" + name.(string)
		}
		return prefix
	}
	write := func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		entry, err := load(ctx, req.Storage, key(data))
		if err != nil {
			return nil, err
		}
		if entry == nil {
			entry = record{}
			if required := needed(prefix); required != "" && data.Get(required) == "" {
				return logical.ErrorResponse("%s is missing", required), nil
			}
			for name, schema := range fields {
				if schema.Default != nil {
					entry[name] = schema.DefaultOrZero()
				}
			}
		}
		// As in versioned stores, each write shows.
		writes, _ := strconv.Atoi(fmt.Sprint(entry["writes"]))
		if version, ok := data.GetOk("cas"); fields["cas"] != nil && ok && version != writes {
			return logical.ErrorResponse("it was written %d times before", writes), nil
		}
		for name := range fields {
			if value, ok := data.GetOk(name); ok && name != "name" && name != "cas" {
				entry[name] = value
			}
		}
		entry["writes"] = writes + 1
		return nil, entry.save(ctx, req.Storage, key(data))
	}
	return &framework.Path{
		Pattern: pattern, HelpSynopsis: help, HelpDescription: help + " What is not given stays as it is.", Fields: fields,
		ExistenceCheck: func(ctx context.Context, req *logical.Request, data *framework.FieldData) (bool, error) {
			entry, err := load(ctx, req.Storage, key(data))
			return entry != nil, err
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.CreateOperation: &framework.PathOperation{Callback: write, Summary: "Create it."},
			logical.UpdateOperation: &framework.PathOperation{Callback: write, Summary: "Change it."},
			logical.ReadOperation: &framework.PathOperation{Summary: "Show it.", Callback: func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				entry, err := load(ctx, req.Storage, key(data))
				if err != nil || entry == nil {
					return nil, err
				}
				for _, name := range hidden {
					delete(entry, name)
				}
				return &logical.Response{Data: entry}, nil
			}},
			logical.DeleteOperation: &framework.PathOperation{Summary: "Remove it.", Callback: func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				return nil, req.Storage.Delete(ctx, key(data))
			}},
		},
	}
}

// record is what is stored at a key.
type record map[string]any

// load returns what is stored at a key; nil for nothing.
func load(ctx context.Context, storage logical.Storage, key string) (record, error) {
	entry, err := storage.Get(ctx, key)
	if err != nil || entry == nil {
		return nil, err
	}
	var r record
	err = entry.DecodeJSON(&r)
	return r, err
}

func (r record) save(ctx context.Context, storage logical.Storage, key string) error {
	entry, err := logical.StorageEntryJSON(key, r)
	if err != nil {
		return err
	}
	return storage.Put(ctx, entry)
}

// seconds returns a field that holds a number of seconds.
func (r record) seconds(field string) time.Duration {
	switch n := r[field].(type) {
	case float64:
		return time.Duration(n) * time.Second
	case json.Number:
		value, _ := n.Int64()
		return time.Duration(value) * time.Second
	}
	return 0
}
