// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/ryanuber/columnize"
)

const (
	defaultDelimiter = "|"
	// rareDelimiter parts columns that hold values of users, in the hope that
	// no value contains it. It is Vault's.
	rareDelimiter = "♨"
)

// table aligns rows whose columns are parted by delimiter; the first row is the
// header and gets underlined. Empty cells become n/a.
func table(rows []string, delimiter string) string {
	if len(rows) == 0 {
		return ""
	}
	headers := strings.Split(rows[0], delimiter)
	for i, header := range headers {
		headers[i] = strings.Repeat("-", len(strings.TrimSpace(header)))
	}
	rows = slices.Insert(slices.Clone(rows), 1, strings.Join(headers, delimiter))
	return columnize.Format(rows, &columnize.Config{Delim: delimiter, Glue: "    ", Empty: "n/a"})
}

// pairsTable collects the rows of a table of keys and values.
type pairsTable []string

func (t *pairsTable) add(key string, val any) {
	*t = append(*t, fmt.Sprintf("%s %s %v", key, rareDelimiter, val))
}

// addMap adds a map's entries by name; what looks like a time in seconds is
// written as one.
func (t *pairsTable) addMap(data map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(data)) {
		val := data[key]
		if looksLikeDuration(key) {
			val = humanSeconds(val)
		}
		t.add(key, val)
	}
}

// print prints the table if there is anything in it.
func (t pairsTable) print(inv *invocation) {
	if len(t) > 0 {
		inv.say(table(append([]string{"Key" + rareDelimiter + "Value"}, t...), rareDelimiter))
	}
}

// printMapTable prints a map by name; an empty one prints nothing.
func (inv *invocation) printMapTable(data map[string]any) {
	var t pairsTable
	t.addMap(data)
	t.print(inv)
}

// printWarnings prints an answer's warnings, in table form only.
func (inv *invocation) printWarnings(secret *api.Secret) {
	if secret == nil || len(secret.Warnings) == 0 {
		return
	}
	inv.complain("WARNING! The following warnings were returned from Vault:\n")
	for _, warning := range secret.Warnings {
		inv.complain(wrap("* "+warning, 2))
		inv.complain("")
	}
}

// printSecretTable prints what the answer says of lease, login and wrapping before
// its data. Nothing is printed if there is none of these.
func (inv *invocation) printSecretTable(secret *api.Secret) {
	if secret == nil {
		return
	}
	inv.printWarnings(secret)
	var t pairsTable
	if secret.LeaseDuration > 0 {
		duration := humanDuration(time.Duration(secret.LeaseDuration) * time.Second)
		if secret.LeaseID != "" {
			t.add("lease_id", secret.LeaseID)
			t.add("lease_duration", duration)
			t.add("lease_renewable", secret.Renewable)
		} else {
			// A duration without a lease is how often to ask again.
			t.add("refresh_interval", duration)
		}
	}
	if secret.Auth != nil {
		t.addAuth(secret.Auth)
	}
	if info := secret.WrapInfo; info != nil {
		t.add("wrapping_token:", info.Token)
		t.add("wrapping_accessor:", info.Accessor)
		t.add("wrapping_token_ttl:", humanDuration(time.Duration(info.TTL)*time.Second))
		t.add("wrapping_token_creation_time:", info.CreationTime.String())
		t.add("wrapping_token_creation_path:", info.CreationPath)
		if info.WrappedAccessor != "" {
			t.add("wrapped_accessor:", info.WrappedAccessor)
		}
	}
	t.addMap(secret.Data)
	t.print(inv)
}

// addAuth adds a login: its token, or what is still asked before there is one.
func (t *pairsTable) addAuth(auth *api.SecretAuth) {
	if auth.MFARequirement != nil {
		t.add("mfa_request_id", auth.MFARequirement.MFARequestID)
		for _, name := range slices.Sorted(maps.Keys(auth.MFARequirement.MFAConstraints)) {
			for _, constraint := range auth.MFARequirement.MFAConstraints[name].Any {
				prefix := fmt.Sprintf("mfa_constraint_%s_%s_", name, constraint.Type)
				t.add(prefix+"id", constraint.ID)
				t.add(prefix+"uses_passcode", constraint.UsesPasscode)
				if constraint.Name != "" {
					t.add(prefix+"name", constraint.Name)
				}
			}
		}
		return
	}
	t.add("token", auth.ClientToken)
	t.add("token_accessor", auth.Accessor)
	// Root tokens have no end.
	duration := "∞"
	if auth.LeaseDuration != 0 {
		duration = humanDuration(time.Duration(auth.LeaseDuration) * time.Second)
	}
	t.add("token_duration", duration)
	t.add("token_renewable", auth.Renewable)
	t.add("token_policies", fmt.Sprintf("%q", auth.TokenPolicies))
	t.add("identity_policies", fmt.Sprintf("%q", auth.IdentityPolicies))
	t.add("policies", fmt.Sprintf("%q", auth.Policies))
	// Vault prints these in random order.
	for _, key := range slices.Sorted(maps.Keys(auth.Metadata)) {
		t.add("token_meta_"+key, auth.Metadata[key])
	}
}

// printListTable prints keys sorted, whatever the server's order. With -detailed
// there is a column for each thing known of any key.
func (inv *invocation) printListTable(secret *api.Secret) error {
	inv.printWarnings(secret)
	list, _ := secret.Data["keys"].([]any)
	if len(list) == 0 {
		return nil
	}
	keys := make([]string, len(list))
	for i, v := range list {
		key, ok := v.(string)
		if !ok {
			return misuse("Could not parse output: %v is not a string", v)
		}
		keys[i] = key
	}
	sort.Strings(keys)

	info, _ := secret.Data["key_info"].(map[string]any)
	if !inv.detailed {
		info = nil
	}
	columns := infoColumns(keys, info)
	rows := []string{strings.Join(append([]string{"Keys"}, columns...), rareDelimiter)}
	for _, key := range keys {
		cells := []string{key}
		if values, ok := info[key].(map[string]any); ok {
			cells = append(cells, infoCells(values, columns)...)
		}
		rows = append(rows, strings.Join(cells, rareDelimiter))
	}
	inv.say(table(rows, rareDelimiter))
	return nil
}

// infoColumns are the names that occur in the information about any of keys.
func infoColumns(keys []string, info map[string]any) []string {
	seen := make(map[string]bool)
	for _, key := range keys {
		values, _ := info[key].(map[string]any)
		for name := range values {
			seen[name] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// infoCells are one key's values in the order of columns.
func infoCells(values map[string]any, columns []string) []string {
	cells := make([]string, 0, len(columns))
	for _, name := range columns {
		val, ok := values[name]
		switch {
		case !ok:
			val = "n/a"
		case looksLikeDuration(name):
			val = humanSeconds(val)
		}
		cells = append(cells, fmt.Sprintf("%v", val))
	}
	return cells
}

// looksLikeDuration tells whether a field of that name holds seconds.
func looksLikeDuration(name string) bool {
	for _, word := range []string{"period", "ttl", "duration"} {
		if name == word || strings.HasSuffix(name, "_"+word) {
			return true
		}
	}
	return name == "lease_max" || name == "ttl_max"
}

// humanSeconds writes a whole number as a duration and leaves all else alone.
func humanSeconds(val any) any {
	switch n := val.(type) {
	case int:
		return humanDuration(time.Duration(n) * time.Second)
	case int64:
		return humanDuration(time.Duration(n) * time.Second)
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return humanDuration(time.Duration(i) * time.Second)
		}
	}
	return val
}

// humanDuration writes 768h0m0s as 768h.
func humanDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if i := strings.Index(s, "h0m"); i > 0 {
		s = s[:i+1] + s[i+3:]
	}
	return s
}
