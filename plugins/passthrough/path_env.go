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
			"name": {Type: framework.TypeString, Description: "Name of the variable, case-sensitive."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{Callback: readEnv, Summary: "Read one environment variable."},
		},
		HelpSynopsis:    "Read one variable of the plugin process's environment.",
		HelpDescription: "Returns `value`, and in `set` whether the variable exists: it may be empty.",
	}
}

func readEnv(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	value, set := os.LookupEnv(d.Get("name").(string))
	return &logical.Response{Data: map[string]any{"value": value, "set": set}}, nil
}
