// SPDX-License-Identifier: MPL-2.0

package core

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// passed are the headers of a request that a mount lets through, without the
// caller's token: no backend gets that, whatever the mount lets through.
func passed(req *logical.Request, names []string) map[string][]string {
	headers := allowed(req.Headers, names)
	delete(headers, consts.AuthHeaderName)
	values, ok := headers["Authorization"]
	if ok && req.ClientTokenSource == logical.ClientTokenFromAuthzHeader {
		headers["Authorization"] = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.HasPrefix(v, "Bearer ") })
	}
	return headers
}

// allowed returns the headers whose names are in names. It is nil when there
// are none.
func allowed(headers map[string][]string, names []string) map[string][]string {
	if len(headers) == 0 || len(names) == 0 {
		return nil
	}
	var kept map[string][]string
	for _, name := range names {
		name = textproto.CanonicalMIMEHeaderKey(name)
		values, ok := headers[name]
		if !ok {
			continue
		}
		if kept == nil {
			kept = map[string][]string{}
		}
		kept[name] = values
	}
	return kept
}
