// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"net/http"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// unemulated is a path of the servers that the mock has not, with the operations
// that the servers have there; others are unsupported there as here.
type unemulated struct {
	pattern    string
	operations []logical.Operation
}

// What all servers of the dialects have below sys/ and the mock has not, the
// running of a server, which is not part of plugin management
// (vault/logical_system_paths.go).
func unemulatedList(d *dialect.Dialect) []unemulated {
	const (
		read, update, remove, list, patch = logical.ReadOperation, logical.UpdateOperation, logical.DeleteOperation, logical.ListOperation, logical.PatchOperation
	)
	all := []logical.Operation{read, update, remove, list, patch}
	keys := []unemulated{{"(generate-root|rekey)(/.*)?", all}}
	if d.State.KeysUnsupported {
		// The paths are there, as places in the document of the API.
		keys = []unemulated{{"generate-root(/attempt|/update)?|rekey/(init|update|verify)", nil}, {"rekey/(recovery-key-)?backup", []logical.Operation{read, remove}}}
	}
	if d.State.RotatesByKey {
		keys = append(keys, unemulated{"rotate/(root|recovery)/update", []logical.Operation{update}},
			unemulated{"rotate/(root|recovery)/(init|verify)", []logical.Operation{read, update, remove}}, unemulated{"rotate/root", []logical.Operation{update}})
	}
	return append(keys, []unemulated{
		{"(config/(auditing|ui|state|reload)|internal/inspect|locked-users|pprof)(/.*)?", all},
		{"config/cors", []logical.Operation{update, remove}},
		{"host-info/?", []logical.Operation{read}},
		{"(ha-status|in-flight-req|internal/ui/resultant-acl|metrics|monitor)", []logical.Operation{read}},
		{"internal/counters/[a-z/-]*[a-z]", []logical.Operation{read}},
		{"loggers(/.*)?", []logical.Operation{read, update, remove}},
		{"(seal|decode-token|mfa/validate)", []logical.Operation{update}},
	}...)
}

// unemulatedPaths answer for them that they are missing here, so that nobody
// takes it for a typing error.
func (b *backend) unemulatedPaths() []*framework.Path {
	var paths []*framework.Path
	for _, u := range unemulatedList(b.dialect) {
		path := &framework.Path{
			Pattern: "(" + u.pattern + ")$", HelpSynopsis: "Not emulated.",
			Operations: map[logical.Operation]framework.OperationHandler{},
		}
		for _, operation := range u.operations {
			path.Operations[operation] = &framework.PathOperation{Callback: notEmulated}
		}
		if u.pattern == "config/cors" {
			path.Operations[logical.ReadOperation] = &framework.PathOperation{Callback: readCORS}
		}
		paths = append(paths, path)
	}
	// What DirectEndpoints answers has help as other paths have.
	paths = append(paths, path("(health|init|leader|seal-status|step-down|unseal)$", "The state of the server.", nil, nil))
	if b.dialect.State.Workflows {
		all := operations{}
		for _, operation := range []logical.Operation{logical.ReadOperation, logical.UpdateOperation, logical.DeleteOperation, logical.ListOperation} {
			all[operation] = notEmulated
		}
		paths = append(paths, path("(workflows|generate-root-token)/.+", "Not emulated.", nil, all))
	}
	if b.dialect.State.Experiments {
		paths = append(paths, path("experiments$", "Not emulated.", nil, operations{logical.ReadOperation: notEmulated}))
	}
	return paths
}

// readCORS says that requests of other origins are not allowed, as servers say
// where nothing is configured.
func readCORS(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
	return &logical.Response{Data: map[string]any{"enabled": false}}, nil
}

func notEmulated(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return nil, logical.CodedError(http.StatusNotImplemented,
		"sys/"+req.Path+" ("+string(req.Operation)+") is not emulated by plugproof's mock server: "+
			"it has what concerns plugins; test this against a real server")
}
