// SPDX-License-Identifier: MPL-2.0

// Package rights is the part of sys/ about tokens: policies, capabilities, leases
// and wrapping. It stands apart from sys because it needs an access.Authority only.
package rights

import (
	"maps"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/access"
	"github.com/plugproof/plugproof/mockserver/internal/lease"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// endpoints answers the requests.
type endpoints struct {
	authority *access.Authority
	policies  *policy.Store
	leases    *lease.Manager
	dialect   *dialect.Dialect
}

// Paths returns the paths below sys/ that an authority answers.
func Paths(a *access.Authority, d *dialect.Dialect) []*framework.Path {
	e := &endpoints{authority: a, policies: a.Policies(), leases: a.Leases(), dialect: d}
	return framework.PathAppend(e.leasePaths(), e.policyPaths(), e.capabilityPaths(), e.wrappingPaths())
}

// SpecialPaths returns those of Paths that need sudo or no token.
func SpecialPaths() logical.Paths {
	return logical.Paths{
		Root: []string{
			"revoke-prefix/*", "revoke-force/*", "leases/revoke-prefix/*", "leases/revoke-force/*", "leases/lookup/*", "leases",
		},
		Unauthenticated: []string{"wrapping/lookup"},
	}
}

type fields = map[string]*framework.FieldSchema

func field(name string, kind framework.FieldType, description string) fields {
	return fields{name: {Type: kind, Description: description}}
}

func with(base fields, more ...fields) fields {
	for _, m := range more {
		maps.Copy(base, m)
	}
	return base
}

func tokenField() fields {
	return field("token", framework.TypeString, "The token (request body)")
}

// path returns a path with the same handler for all of its operations.
func path(pattern string, f fields, handler framework.OperationFunc, help string, operations ...logical.Operation) *framework.Path {
	p := &framework.Path{
		Pattern: pattern, Fields: f, HelpSynopsis: help, Operations: map[logical.Operation]framework.OperationHandler{},
	}
	for _, operation := range operations {
		p.Operations[operation] = &framework.PathOperation{Callback: handler}
	}
	return p
}

// writePath returns a path that can only be written. Without an existence check
// that is always an update.
func writePath(pattern string, f fields, handler framework.OperationFunc, help string) *framework.Path {
	return path(pattern, f, handler, help, logical.UpdateOperation)
}

// invalidRequest answers a failure as sys/ does: as if it were the caller's.
func invalidRequest(err error) (*logical.Response, error) {
	return logical.ErrorResponse("%s", err.Error()), logical.ErrInvalidRequest
}
