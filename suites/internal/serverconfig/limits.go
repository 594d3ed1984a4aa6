// SPDX-License-Identifier: MPL-2.0

package serverconfig

import (
	"fmt"
	"slices"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/hcl"
	"github.com/hashicorp/hcl/hcl/ast"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// parseLimits takes the limits of requests that the dialect's listeners have.
//
// Source: parseJSONLimitsSettings and parseRequestSettings in configutil/listener.go of Vault.
func (l *Listener) parseLimits(item *ast.ObjectItem, d *dialect.Dialect) error {
	var stanza map[string]any
	if err := hcl.DecodeObject(&stanza, item.Val); err != nil {
		return err
	}
	for _, limit := range []struct {
		key      string
		to       *int
		negative bool
	}{
		{"max_json_depth", &l.JSONLimits.MaxDepth, false},
		{"max_json_string_value_length", &l.JSONLimits.MaxStringValueLength, false},
		{"max_json_object_entry_count", &l.JSONLimits.MaxObjectEntryCount, false},
		{"max_json_array_element_count", &l.JSONLimits.MaxArrayElementCount, false},
		{"max_json_token", &l.JSONLimits.MaxTokens, false},
		{"max_token_header_size", &l.TokenHeaderLimit, true},
	} {
		raw, there := stanza[limit.key]
		if !there || !slices.Contains(d.Configuration.ListenerKeys, limit.key) {
			continue
		}
		n, err := parseutil.ParseInt(raw)
		if err != nil {
			return fmt.Errorf("error parsing %s: %w", limit.key, err)
		}
		if n < 0 && !limit.negative {
			return fmt.Errorf("%s cannot be negative", limit.key)
		}
		*limit.to = int(n)
	}
	return nil
}

// Limit returns the dialect with the limits of the listener in place of its own.
func (l Listener) Limit(d *dialect.Dialect) *dialect.Dialect {
	limited := *d
	own := &limited.Requests.JSONLimits
	if *own != (dialect.JSONLimits{}) {
		for _, limit := range []struct {
			to   *int
			from int
		}{
			{&own.MaxDepth, l.JSONLimits.MaxDepth}, {&own.MaxStringValueLength, l.JSONLimits.MaxStringValueLength},
			{&own.MaxObjectEntryCount, l.JSONLimits.MaxObjectEntryCount}, {&own.MaxArrayElementCount, l.JSONLimits.MaxArrayElementCount},
			{&own.MaxTokens, l.JSONLimits.MaxTokens},
		} {
			if limit.from != 0 {
				*limit.to = limit.from
			}
		}
	}
	if l.TokenHeaderLimit != 0 && limited.Requests.TokenHeaderLimit != 0 {
		limited.Requests.TokenHeaderLimit = max(l.TokenHeaderLimit, 0)
	}
	return &limited
}
