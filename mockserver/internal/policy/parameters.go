// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/logical"
)

// needs is the capability for an operation; zero for those that no policy can
// allow.
func needs(op logical.Operation) Capability {
	switch op {
	case logical.ReadOperation:
		return Read
	case logical.ListOperation:
		return List
	case ScanOperation:
		return Scan
	case logical.CreateOperation:
		return Create
	case logical.DeleteOperation:
		return Delete
	case logical.PatchOperation:
		return Patch
	case logical.UpdateOperation, logical.RevokeOperation, logical.RenewOperation, logical.RollbackOperation:
		return Update
	}
	return 0
}

func (g *grant) allows(req *logical.Request) bool {
	if g.capabilities&needs(req.Operation) == 0 || !g.allowsWrapping(req.WrapInfo) {
		return false
	}
	switch req.Operation {
	case logical.ReadOperation, logical.UpdateOperation, logical.CreateOperation, logical.PatchOperation:
		return g.allowsParameters(req.Data)
	}
	return true
}

func (g *grant) allowsWrapping(wrap *logical.RequestWrapInfo) bool {
	if g.minWrap == 0 && g.maxWrap == 0 {
		return true
	}
	if wrap == nil || wrap.TTL < g.minWrap {
		return false
	}
	return g.maxWrap == 0 || wrap.TTL <= g.maxWrap
}

// allowsParameters checks required, then denied, then allowed parameters.
// Without any data only the required ones matter.
func (g *grant) allowsParameters(data map[string]any) bool {
	for _, name := range g.required {
		if _, ok := data[strings.ToLower(name)]; !ok {
			return false
		}
	}
	if len(data) == 0 {
		return true
	}
	if _, all := g.denied["*"]; all {
		return false
	}
	for name, value := range data {
		if values, ok := g.denied[strings.ToLower(name)]; ok && among(value, values) {
			return false
		}
	}
	_, anyAllowed := g.allowed["*"]
	if len(g.allowed) == 0 || anyAllowed && len(g.allowed) == 1 {
		return true
	}
	for name, value := range data {
		values, ok := g.allowed[strings.ToLower(name)]
		if !ok && !anyAllowed || ok && !among(value, values) {
			return false
		}
	}
	return true
}

// among reports whether the value is one of the list; an empty list has every
// value. Texts in the list may have a star at either end.
func among(value any, list []any) bool {
	if len(list) == 0 {
		return true
	}
	for _, item := range list {
		pattern, isText := item.(string)
		text, ok := value.(string)
		if isText && ok {
			if strutil.GlobbedStringsMatch(pattern, text) {
				return true
			}
		} else if reflect.DeepEqual(item, value) {
			return true
		}
	}
	return false
}

// limitPage reports whether a list asks for no more entries than it may have, and
// sets its limit if it asks for none, or for the most: "max".
//
// Source: AllowOperation in vault/acl.go of OpenBao 2.2.
func (g *grant) limitPage(req *logical.Request) bool {
	const field, most = "limit", "max"
	asked, given := req.Data[field]
	switch {
	case g.limit <= 0 && asked == most:
		req.Data[field] = "0"
	case g.limit <= 0:
	case !given && slices.ContainsFunc(g.required, func(name string) bool { return strings.EqualFold(name, field) }):
		return false
	case !given || asked == most:
		if req.Data == nil {
			req.Data = map[string]any{}
		}
		req.Data[field] = strconv.Itoa(g.limit)
	default:
		limit, err := parseutil.SafeParseInt(asked)
		return err == nil && limit <= g.limit
	}
	return true
}
