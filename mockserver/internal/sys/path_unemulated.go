// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// What all servers of the dialects have below sys/ and the mock has not, the
// running of a server, which is no part of plugin management: folders and single
// paths.
const (
	unemulatedFolders = "audit|audit-hash|config|generate-root|internal/counters|internal/inspect|internal/specs|" +
		"locked-users|loggers|policies/password|pprof|quotas|rekey|rotate|tools"
	unemulatedSingle = "ha-status|host-info|in-flight-req|internal/ui/feature-flags|internal/ui/resultant-acl|" +
		"key-status|metrics|monitor|seal|step-down|unseal|version-history"
)

// unemulatedPaths answer for them that they are missing here, so that nobody
// takes it for a typing error.
func (b *backend) unemulatedPaths() []*framework.Path {
	refuse := &framework.PathOperation{Callback: notEmulated}
	return []*framework.Path{{
		Pattern: "((" + unemulatedFolders + ")(/.*)?|(" + unemulatedSingle + ")/?)$",
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: refuse, logical.UpdateOperation: refuse, logical.DeleteOperation: refuse,
			logical.ListOperation: refuse, logical.PatchOperation: refuse,
		},
		HelpSynopsis: "Not emulated.",
	}}
}

func notEmulated(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return nil, logical.CodedError(http.StatusNotImplemented,
		"sys/"+req.Path+" ("+string(req.Operation)+") is not emulated by plugproof's mock server: "+
			"it has what concerns plugins; test this against a real server")
}
