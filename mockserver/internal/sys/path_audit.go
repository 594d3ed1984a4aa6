// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// errAuditDeclared refuses audit devices where servers take them from their configuration
// alone (handleEnableAudit in vault/logical_system.go of OpenBao).
var errAuditDeclared = errors.New("cannot enable audit device via API; use declarative, config-based audit device management instead")

// auditPaths are sys/audit of a server without audit devices.
func (b *backend) auditPaths() []*framework.Path {
	device := map[string]*framework.FieldSchema{
		"path":        field(framework.TypeString, "The name of the backend. Cannot be delimited."),
		"type":        field(framework.TypeString, "The type of the backend."),
		"description": field(framework.TypeString, "User-friendly description for this audit backend."),
		"options":     field(framework.TypeKVPairs, "Configuration options for the audit backend."),
		"local":       field(framework.TypeBool, "Mark the mount as a local mount."),
	}
	enable := notEmulated
	if b.dialect.State.AuditDeclared {
		enable = refuseAudit
	}
	return []*framework.Path{
		path("audit$", "List the enabled audit devices.", nil, operations{logical.ReadOperation: listAudit}),
		path("audit/(?P<path>.+)", "Enable or disable audit devices.", device, operations{logical.UpdateOperation: enable, logical.DeleteOperation: disableAudit}),
		path("audit-hash/(?P<path>.+)", "The hash of the given string via the given audit backend.", map[string]*framework.FieldSchema{
			"path": device["path"], "input": field(framework.TypeString, "The text to hash."),
		}, operations{logical.UpdateOperation: hashAudit}),
	}
}

func listAudit(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return &logical.Response{Data: map[string]any{}}, nil
}

func refuseAudit(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return badRequest(errAuditDeclared)
}

// disableAudit removes what is not there.
func disableAudit(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return nil, nil
}

func hashAudit(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if d.Get("input").(string) == "" {
		return logical.ErrorResponse("the \"input\" parameter is empty"), nil
	}
	return logical.ErrorResponse("unknown audit backend %q", mounts.CleanPath(d.Get("path").(string))), nil
}
