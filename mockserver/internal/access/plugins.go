// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"
)

// WrapData puts data behind a single-use token for a plugin that asks for it.
func (a *Authority) WrapData(ctx context.Context, data map[string]any, ttl time.Duration, jwt bool) (*wrapping.ResponseWrapInfo, error) {
	req := &logical.Request{Operation: logical.CreateOperation, Path: "sys/wrapping/wrap"}
	resp := &logical.Response{Data: data, WrapInfo: &wrapping.ResponseWrapInfo{TTL: ttl}}
	if jwt {
		resp.WrapInfo.Format = "jwt"
	}
	if err := a.wrap(ctx, req, resp); err != nil {
		return nil, err
	}
	return resp.WrapInfo, nil
}
