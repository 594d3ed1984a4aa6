// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// keyEntry is where the versions of the key are stored.
const keyEntry = "signing-key"

// keyPaths sign texts and verify the signatures, with a key that is rotated, and change the
// password of the configuration.
func keyPaths() []*framework.Path {
	text := map[string]*framework.FieldSchema{
		"text":      {Type: framework.TypeString, Description: "What is signed."},
		"signature": {Type: framework.TypeString, Description: "Its signature."},
	}
	path := func(pattern, help string, callback framework.OperationFunc) *framework.Path {
		return &framework.Path{
			Pattern: pattern + "$", HelpSynopsis: help, HelpDescription: help + " The key has versions.", Fields: text,
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.UpdateOperation: &framework.PathOperation{Callback: callback, Summary: help},
			},
		}
	}
	return []*framework.Path{
		path("sign", "Sign a text.", sign), path("verify", "Verify a signature.", verify),
		path("rotate", "Make another version of the key.", rotateKey), path("config/rotate", "Change the password.", rotatePassword), tidyPath(),
	}
}

// versions returns the versions of the key, with another one if there is none or more is
// set.
func versions(ctx context.Context, storage logical.Storage, more bool) ([]string, error) {
	key, err := load(ctx, storage, keyEntry)
	if err != nil {
		return nil, err
	}
	all := list(key["versions"])
	if !more && len(all) > 0 {
		return all, nil
	}
	all = append(all, rand.Text())
	return all, record{"versions": all}.save(ctx, storage, keyEntry)
}

func sum(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func sign(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	all, err := versions(ctx, req.Storage, false)
	if err != nil {
		return nil, err
	}
	signature := fmt.Sprintf("%d:%s", len(all), sum(all[len(all)-1], data.Get("text").(string)))
	return &logical.Response{Data: map[string]any{"signature": signature}}, nil
}

func verify(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
	all, err := versions(ctx, req.Storage, false)
	if err != nil {
		return nil, err
	}
	number, signature, _ := strings.Cut(data.Get("signature").(string), ":")
	version, err := strconv.Atoi(number)
	valid := err == nil && version > 0 && version <= len(all) && hmac.Equal([]byte(signature), []byte(sum(all[version-1], data.Get("text").(string))))
	return &logical.Response{Data: map[string]any{"valid": valid}}, nil
}

func rotateKey(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	_, err := versions(ctx, req.Storage, true)
	return nil, err
}

// rotatePassword lets the service take another password and stores it.
func rotatePassword(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	config, err := load(ctx, req.Storage, "config")
	if err != nil {
		return nil, err
	}
	if config == nil {
		return logical.ErrorResponse("configure the service first"), nil
	}
	password := rand.Text()
	if err := call(ctx, config, http.MethodPost, "/password/"+password); err != nil {
		return logical.ErrorResponse("the service can't be reached"), nil
	}
	config["password"] = password
	return nil, config.save(ctx, req.Storage, "config")
}

// keyDefects are those of keys and of what is given and shown.
func keyDefects() map[string]defect {
	process := rand.Text()
	return map[string]defect{
		"verifying-nothing":  {request: answering("verify", func(resp *logical.Response) { resp.Data["valid"] = false })},
		"verifying-anything": {request: answering("verify", func(resp *logical.Response) { resp.Data["valid"] = true })},
		"signing-by-process": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Path == "sign" || req.Path == "verify" {
				req.Data["text"] = fmt.Sprint(req.Data["text"]) + process
			}
			return next(ctx, req)
		})},
		"forgetting-versions": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if req.Path != "rotate" || req.Operation != logical.UpdateOperation || err != nil {
				return resp, err
			}
			all, err := versions(ctx, req.Storage, false)
			if err != nil {
				return nil, err
			}
			for n := range all {
				all[n] = all[len(all)-1]
			}
			return resp, record{"versions": all}.save(ctx, req.Storage, keyEntry)
		})},
		"forgetting-rotation": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Path != "config/rotate" || req.Operation != logical.UpdateOperation {
				return next(ctx, req)
			}
			before, err := load(ctx, req.Storage, "config")
			if err != nil || before == nil {
				return next(ctx, req)
			}
			resp, err := next(ctx, req)
			if err != nil {
				return resp, err
			}
			return resp, before.save(ctx, req.Storage, "config")
		})},
		"showing-issued":        {request: showingIssued},
		"leaking-while-signing": {request: handling(leakingWhileSigning)},
		"keeping-policies":      {request: keepingPolicies},
		"random-display-name":   {request: loggingIn(func(auth *logical.Auth) { auth.DisplayName += "-" + rand.Text() })},
		"open-when-unreadable": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if req.Path == "login" {
				req.Storage = &openStorage{req.Storage, fmt.Sprint(req.Data["password"])}
			}
			return next(ctx, req)
		})},
	}
}

// showingIssued shows the last key that was issued for a role in its reads.
func showingIssued() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	last := ""
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if resp == nil || err != nil || resp.Data == nil || req.Operation != logical.ReadOperation {
			return resp, err
		}
		switch {
		case req.Path == "creds/a":
			last = fmt.Sprint(resp.Data["key"])
		case req.Path == "role/a" && last != "":
			resp.Data["issued"] = last
		}
		return resp, err
	}
}

// leakingWhileSigning leaves a goroutine behind with each signature.
func leakingWhileSigning(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if req.Path == "sign" && req.Operation == logical.UpdateOperation {
		go func() { <-make(chan bool) }()
	}
	return next(ctx, req)
}

// keepingPolicies gives each user the policies of its first login.
func keepingPolicies() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	first := map[string][]string{}
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		if resp == nil || resp.Auth == nil || req.Path != "login" {
			return resp, err
		}
		name := fmt.Sprint(resp.Auth.InternalData["name"])
		if first[name] == nil {
			first[name] = resp.Auth.Policies
		}
		resp.Auth.Policies = first[name]
		return resp, err
	}
}

// openStorage takes what is sent for what is stored when that can't be read.
type openStorage struct {
	logical.Storage

	password string
}

// Get implements logical.Storage.
func (s *openStorage) Get(ctx context.Context, key string) (*logical.StorageEntry, error) {
	entry, err := s.Storage.Get(ctx, key)
	if err != nil && strings.HasPrefix(key, "user/") {
		return logical.StorageEntryJSON(key, record{"password": s.password})
	}
	return entry, err
}
