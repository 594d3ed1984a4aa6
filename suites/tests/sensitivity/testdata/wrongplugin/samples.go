// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/vault/sdk/logical"
)

// sampleDefects are those of what is written twice, taken back, refused or not there.
func sampleDefects() map[string]defect {
	return map[string]defect{
		"adding-to-lists":     {request: handling(addingToLists)},
		"keeping-what-was":    {request: handling(keepingWhatWas)},
		"finding-everything":  {request: handling(findingEverything)},
		"dropping-units":      {request: handling(droppingUnits)},
		"replacing-patches":   {request: handling(replacingPatches)},
		"storing-the-refused": {request: handling(storingTheRefused)},
		"folding-writes":      {request: handling(foldingWrites)},
		"remembering-lists":   {request: rememberingLists},
		"deleting-elsewhere": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			name, isRole := strings.CutPrefix(req.Path, "role/")
			if req.Operation == logical.DeleteOperation && isRole {
				if found, err := load(ctx, req.Storage, "roles/"+name); err != nil || found == nil {
					return logical.ErrorResponse("there is no role %q", name), err
				}
			}
			return next(ctx, req)
		})},
		"swallowing-deletes": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			resp, err := next(ctx, req)
			if req.Operation == logical.DeleteOperation {
				return nil, nil
			}
			return resp, err
		})},
		"losing-the-password": {request: handling(func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
			if _, sent := req.Data["url"]; req.Path == "config" && req.Operation == logical.UpdateOperation && !sent {
				req.Data["url"] = "http://127.0.0.1:1"
			}
			return next(ctx, req)
		})},
	}
}

func writing(req *logical.Request) bool {
	return req.Operation == logical.CreateOperation || req.Operation == logical.UpdateOperation
}

// addingToLists adds the groups of a write to those that there are.
func addingToLists(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	groups, ok := req.Data["groups"].(string)
	if !ok || req.Operation != logical.UpdateOperation || !strings.HasPrefix(req.Path, "role/") {
		return next(ctx, req)
	}
	role, err := load(ctx, req.Storage, req.Path)
	if err != nil {
		return nil, err
	}
	for _, group := range list(role["groups"]) {
		groups += "," + group
	}
	req.Data["groups"] = groups
	return next(ctx, req)
}

func list(value any) []string {
	var texts []string
	elements, _ := value.([]any)
	for _, element := range elements {
		texts = append(texts, fmt.Sprint(element))
	}
	return texts
}

// keepingWhatWas takes 0 and an empty list for a field that was not sent.
func keepingWhatWas(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if writing(req) {
		for name, value := range req.Data {
			if text := fmt.Sprint(value); text == "0" || text == "[]" {
				delete(req.Data, name)
			}
		}
	}
	return next(ctx, req)
}

// findingEverything reads defaults where there is nothing.
func findingEverything(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	if resp == nil && err == nil && req.Operation == logical.ReadOperation && strings.HasSuffix(req.Path, "-nobody") {
		return &logical.Response{Data: map[string]any{"ttl": 0}}, nil
	}
	return resp, err
}

// droppingUnits takes each duration for seconds.
func droppingUnits(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if ttl, ok := req.Data["ttl"].(string); ok && writing(req) && strings.HasSuffix(ttl, "m") {
		if n, err := strconv.Atoi(strings.TrimSuffix(ttl, "m")); err == nil {
			req.Data["ttl"] = n
		}
	}
	return next(ctx, req)
}

func replacingPatches(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if req.Operation == logical.PatchOperation {
		if err := req.Storage.Delete(ctx, req.Path); err != nil {
			return nil, err
		}
	}
	return next(ctx, req)
}

// storingTheRefused stores a role, and then looks whether all of it is right.
func storingTheRefused(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	resp, err := next(ctx, req)
	if (err != nil || resp.IsError()) && writing(req) && strings.HasPrefix(req.Path, "role/") {
		if failed := (record{"username": "half", "ttl": 1}).save(ctx, req.Storage, req.Path); failed != nil {
			return nil, failed
		}
	}
	return resp, err
}

// foldingWrites writes names in lower case, and reads them as they are.
func foldingWrites(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
	if writing(req) && strings.HasPrefix(req.Path, "role/") {
		req.Path = strings.ToLower(req.Path)
	}
	return next(ctx, req)
}

// rememberingLists answers each list as the first time that it had names.
func rememberingLists() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	var first sync.Map
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		resp, err := next(ctx, req)
		keys, ok := listed(req, resp)
		if !ok || err != nil {
			return resp, err
		}
		if slices.Contains(keys, "b") {
			if known, had := first.LoadOrStore(req.Path, keys); had {
				all, _ := known.([]string)
				// What is gone is gone.
				return logical.ListResponse(slices.DeleteFunc(slices.Clone(all), func(key string) bool { return !slices.Contains(keys, key) })), nil
			}
		}
		return resp, err
	}
}
