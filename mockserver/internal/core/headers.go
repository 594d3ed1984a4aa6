// SPDX-License-Identifier: MPL-2.0

package core

import (
	"net/textproto"
	"slices"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// denied lists the headers that never reach a backend, whatever the mount lets
// through: those that carry the caller's token.
func denied(req *logical.Request) []string {
	if req.ClientTokenSource == logical.ClientTokenFromAuthzHeader {
		return []string{consts.AuthHeaderName, "Authorization"}
	}
	return []string{consts.AuthHeaderName}
}

// allowed returns the headers whose names are in names and not in denied. It is
// nil when there are none.
func allowed(headers map[string][]string, names, denied []string) map[string][]string {
	if len(headers) == 0 || len(names) == 0 {
		return nil
	}
	var kept map[string][]string
	for _, name := range names {
		name = textproto.CanonicalMIMEHeaderKey(name)
		values, ok := headers[name]
		if !ok || slices.Contains(denied, name) {
			continue
		}
		if kept == nil {
			kept = map[string][]string{}
		}
		kept[name] = values
	}
	return kept
}
