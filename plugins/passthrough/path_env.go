// SPDX-License-Identifier: MPL-2.0

package passthrough

import (
	"context"
	"os"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func pathEnv() *framework.Path {
	return &framework.Path{
		Pattern: `env/(?P<name>.+)`,
		Fields: map[string]*framework.FieldSchema{
			"name": {Type: framework.TypeString, Description: "Name of the variable; case matters."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: readEnv, Summary: "Show one environment variable."},
		},
		HelpSynopsis:    "Show one variable of the plugin's process.",
		HelpDescription: "Returns `value` and `set`, which tells an empty variable from one that does not exist.",
	}
}

func readEnv(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	value, set := os.LookupEnv(d.Get("name").(string))
	return &logical.Response{Data: map[string]any{"value": value, "set": set}}, nil
}
