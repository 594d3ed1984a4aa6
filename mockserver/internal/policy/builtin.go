// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"slices"
	"strings"
)

// wrappingPolicy lets a wrapping token do what it is for.
const wrappingPolicy = `path "cubbyhole/response"   { capabilities = ["create", "read"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }
`

// defaultPolicy has the effects of the servers' default policy: a token may
// look after itself, its cubbyhole, the leases it knows and wrapped answers.
const defaultPolicy = `# A token may look after itself.
path "auth/token/lookup-self"  { capabilities = ["read"] }
path "auth/token/renew-self"   { capabilities = ["update"] }
path "auth/token/revoke-self"  { capabilities = ["update"] }
path "sys/capabilities-self"   { capabilities = ["update"] }
path "sys/internal/ui/resultant-acl" { capabilities = ["read"] }

# It may see its own entity.
path "identity/entity/id/{{identity.entity.id}}"     { capabilities = ["read"] }
path "identity/entity/name/{{identity.entity.name}}" { capabilities = ["read"] }
path "identity/oidc/provider/+/authorize" { capabilities = ["read", "update"] }

# Leases whose ID it knows.
path "sys/renew"         { capabilities = ["update"] }
path "sys/leases/renew"  { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }

# Its own cubbyhole.
path "cubbyhole/*" { capabilities = ["create", "read", "update", "delete", "list"] }

# Wrapped answers.
path "sys/wrapping/wrap"   { capabilities = ["update"] }
path "sys/wrapping/lookup" { capabilities = ["update"] }
path "sys/wrapping/unwrap" { capabilities = ["update"] }

# General tools and control groups.
path "sys/tools/hash"   { capabilities = ["update"] }
path "sys/tools/hash/*" { capabilities = ["update"] }
path "sys/control-group/request" { capabilities = ["update"] }
`

// withoutPaths returns a policy that has a line for each path without some of them.
func withoutPaths(text string, paths []string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(line, `path "`+path+`" `) }) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
