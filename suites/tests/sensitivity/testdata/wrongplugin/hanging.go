// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// hangingDefects are those of handlers that never answer.
func hangingDefects() map[string]defect {
	hangingAt := func(operation logical.Operation, path string) defect {
		return onInput(func(req *logical.Request) bool {
			return req.Operation == operation && strings.HasPrefix(req.Path, path)
		}, hang)
	}
	return map[string]defect{
		"hanging-credentials": hangingAt(logical.ReadOperation, "creds/"),
		"hanging-revocation":  hangingAt(logical.RevokeOperation, ""),
		"hanging-login":       hangingAt(logical.UpdateOperation, "login"),
		"demanding-updates": onInput(func(req *logical.Request) bool {
			return req.Operation == logical.UpdateOperation && req.Path == "role/b" && req.Data["username"] == nil
		}, missing("username")),
		"refusing-setup": onInput(func(req *logical.Request) bool {
			return req.Operation == logical.CreateOperation && req.Path == "config"
		}, missing("username")),
		"refusing-sample": onInput(func(req *logical.Request) bool {
			return req.Operation == logical.CreateOperation && req.Path == "role/b"
		}, missing("username")),
	}
}

// hang waits for ever, whatever becomes of the request.
func hang(context.Context, *logical.Request) (*logical.Response, error) { select {} }

func missing(field string) func(context.Context, *logical.Request) (*logical.Response, error) {
	return func(context.Context, *logical.Request) (*logical.Response, error) {
		return logical.ErrorResponse("missing %s", field), nil
	}
}
