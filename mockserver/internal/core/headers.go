// SPDX-License-Identifier: MPL-2.0

package core

import (
	"net/textproto"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// passedHeaders returns the headers of a request that the mount is tuned to pass,
// without the caller's token, which no backend gets.
func passedHeaders(req *logical.Request, names []string) map[string][]string {
	headers := filterHeaders(req.Headers, names)
	delete(headers, consts.AuthHeaderName)
	values, ok := headers["Authorization"]
	if ok && req.ClientTokenSource == logical.ClientTokenFromAuthzHeader {
		headers["Authorization"] = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.HasPrefix(v, "Bearer ") })
	}
	return headers
}

// filterHeaders returns the headers whose names are in names. It is nil when there
// are none.
func filterHeaders(headers map[string][]string, names []string) map[string][]string {
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
