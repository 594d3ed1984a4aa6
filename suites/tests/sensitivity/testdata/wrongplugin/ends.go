// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// endDefects are those of accounts that should end.
func endDefects() map[string]defect {
	// forget forgets an account and leaves it at the service.
	forget := func(ctx context.Context, req *logical.Request) (*logical.Response, error) {
		return nil, req.Storage.Delete(ctx, "account/"+fmt.Sprint(req.Secret.InternalData["account"]))
	}
	return map[string]defect{
		"revoking-nothing-without-role": {backend: revokingWith(func(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			role, err := load(ctx, req.Storage, "role/"+fmt.Sprint(req.Secret.InternalData["role"]))
			if err != nil {
				return nil, err
			}
			if role == nil {
				return forget(ctx, req)
			}
			return right()
		})},
		"revoking-nothing-when-expired": {backend: revokingWith(func(ctx context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			if time.Since(req.Secret.IssueTime) > req.Secret.TTL {
				return forget(ctx, req)
			}
			return right()
		})},
	}
}
