// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// enterpriseOnly answers for what only Vault Enterprise serves, as community
// servers do.
func enterpriseOnly(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return logical.ErrorResponse("enterprise-only feature"), logical.ErrUnsupportedPath
}

// enterprisePaths returns the paths that community servers of Vault have for
// Enterprise, and that OpenBao removed (entPaths in vault/logical_system_helpers.go
// at v1.15.1; that 1.14 does alike was measured for namespaces).
func (b *backend) enterprisePaths() []*framework.Path {
	if !b.dialect.Requests.EnterpriseStubs {
		return nil
	}
	const (
		read, update, remove, list, patch = logical.ReadOperation, logical.UpdateOperation, logical.DeleteOperation, logical.ListOperation, logical.PatchOperation
		name                              = `\w(([\w-.]+)?\w)?`
		side                              = "(performance|dr)/"
	)
	answer := enterpriseOnly
	if b.dialect.State.Enterprise {
		answer = notEmulated
	}
	var paths []*framework.Path
	for _, stub := range []struct {
		pattern    string
		operations []logical.Operation
	}{
		{"license/status", []logical.Operation{read}},
		{"config/group-policy-application", []logical.Operation{read, update}},
		{"namespaces/?", []logical.Operation{list}},
		{"namespaces/api-lock/(un)?lock(/.+)?", []logical.Operation{update}},
		{"namespaces/.+", []logical.Operation{remove, patch, read, update}},
		{"replication/(" + side + ")?primary/(enable|demote|disable|secondary-token|revoke-secondary)", []logical.Operation{update}},
		{"replication/(" + side + ")?secondary/(enable|promote|disable|update-primary)", []logical.Operation{update}},
		{"replication/" + side + "secondary/generate-public-key", []logical.Operation{update}},
		{"replication/dr/secondary/(operation-token/delete|config/reload/.+|recover|reindex)", []logical.Operation{update}},
		{"replication/dr/secondary/license/status", []logical.Operation{read}},
		{"replication/(recover|reindex)", []logical.Operation{update}},
		{"replication/" + side + "status", []logical.Operation{read}},
		{"replication/performance/primary/paths-filter/" + name, []logical.Operation{remove, read, update}},
		{"replication/performance/(primary|secondary)/dynamic-filter/" + name, []logical.Operation{read}},
		{"sealwrap/rewrap", []logical.Operation{read, update}},
		{"mfa/method/?", []logical.Operation{list}},
		{"mfa/method/totp/" + name + "/generate", []logical.Operation{read}},
		{"mfa/method/totp/" + name + "/admin-(generate|destroy)", []logical.Operation{update}},
		{"mfa/method/(totp|okta|duo|pingid)/" + name, []logical.Operation{remove, read, update}},
		{"control-group/(authorize|request)", []logical.Operation{update}},
		{"config/control-group", []logical.Operation{remove, read, update}},
		{"policies/(rgp|egp)/?", []logical.Operation{list}},
		{"policies/(rgp|egp)/.+", []logical.Operation{remove, read, update}},
		{"plugins/reload/backend/status", []logical.Operation{read}},
		{"quotas/lease-count/?", []logical.Operation{list}},
		{"quotas/lease-count/" + name, []logical.Operation{remove, read, update}},
		{"storage/raft/snapshot-auto/config/", []logical.Operation{list}},
		{"storage/raft/snapshot-auto/config/" + name, []logical.Operation{remove, read, update}},
		{"managed-keys/" + name + "/?", []logical.Operation{list}},
		{"managed-keys/" + name + "/" + name, []logical.Operation{remove, read, update}},
		{"managed-keys/" + name + "/" + name + "/test/sign", []logical.Operation{update}},
	} {
		handlers := operations{}
		for _, operation := range stub.operations {
			handlers[operation] = answer
		}
		paths = append(paths, path(stub.pattern+"$", "An enterprise-only feature.", nil, handlers))
	}
	// This one has always been answered by community servers too.
	return append(paths, path("replication/status$", "Whether the server replicates.", nil, operations{
		read: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
			disabled := map[string]any{"mode": "disabled"}
			if b.dialect.State.Enterprise {
				return &logical.Response{Data: map[string]any{"dr": disabled, "performance": disabled}}, nil
			}
			return &logical.Response{Data: disabled}, nil
		},
	}))
}
