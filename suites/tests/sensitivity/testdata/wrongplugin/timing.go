// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// timeDefects are those of what happens as time passes.
func timeDefects() map[string]defect {
	periodic := func(f func(ctx context.Context, req *logical.Request) error) func(*framework.Backend) {
		return func(b *framework.Backend) { b.PeriodicFunc = f }
	}
	return map[string]defect{
		"keeping-the-expired": {backend: revokingWith(func(_ context.Context, req *logical.Request, right func() (*logical.Response, error)) (*logical.Response, error) {
			if time.Since(req.Secret.IssueTime) >= req.Secret.TTL {
				return nil, errors.New("the account has expired already")
			}
			return right()
		})},
		"endless-renewals": {backend: changingSecret(func(secret *framework.Secret) {
			right := secret.Renew
			secret.Renew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				resp, err := right(ctx, req, data)
				if resp != nil && resp.Secret != nil {
					resp.Secret.MaxTTL = 0
				}
				return resp, err
			}
		})},
		"endless-token-renewals": {backend: func(b *framework.Backend) {
			right := b.AuthRenew
			b.AuthRenew = func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
				resp, err := right(ctx, req, data)
				if resp != nil && resp.Auth != nil {
					resp.Auth.MaxTTL = 0
				}
				return resp, err
			}
		}},
		"panicking-periodic": {backend: periodic(func(context.Context, *logical.Request) error {
			var accounts map[string]int
			go func() { accounts["a"]++ }()
			time.Sleep(time.Second)
			return nil
		})},
		"failing-periodic": {backend: periodic(func(context.Context, *logical.Request) error {
			return errors.New("connection refused")
		})},
		"unconfigured-periodic": {backend: periodic(func(ctx context.Context, req *logical.Request) error {
			if config, err := load(ctx, req.Storage, "config"); err != nil || config == nil {
				return errors.Join(errors.New("there is no configuration"), err)
			}
			return nil
		})},
		"hanging-periodic": {backend: periodic(func(context.Context, *logical.Request) error {
			select {}
		})},
	}
}
