// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// printSecret prints an answer. The table is OutputSecret's of command/format.go:
// what the answer says of a lease and of a login comes before its data, and nothing
// is printed if there is none of these.
func (c *command) printSecret(secret *api.Secret) error {
	if secret == nil {
		return serverError("The server's answer is empty")
	}
	if c.format == formatJSON {
		return c.printData(secret)
	}
	c.printWarnings(secret.Warnings)
	table := secretTable{"Key" + rareDelimiter + "Value"}
	if secret.LeaseDuration > 0 {
		duration := humanSeconds(secret.LeaseDuration)
		if secret.LeaseID != "" {
			table.add("lease_id", secret.LeaseID)
			table.add("lease_duration", duration)
			table.add("lease_renewable", secret.Renewable)
		} else {
			// A duration without a lease is how often to ask again.
			table.add("refresh_interval", duration)
		}
	}
	if secret.Auth != nil {
		table.addAuth(secret.Auth)
	}
	table.addMap(secret.Data)
	if len(table) > 1 {
		c.printTable(table, rareDelimiter)
	}
	return nil
}

// printWarnings prints the warnings of an answer.
func (c *command) printWarnings(warnings []string) {
	if len(warnings) == 0 {
		return
	}
	c.Warn("WARNING! The following warnings were returned from Vault:\n")
	for _, warning := range warnings {
		c.Warn(wrap("* "+warning, 2) + "\n")
	}
}

// secretTable collects the rows of a table of keys and values.
type secretTable []string

func (t *secretTable) add(key string, value any) {
	*t = append(*t, fmt.Sprintf("%s %s %v", key, rareDelimiter, value))
}

// addMap adds a map's entries by name; what by its name is a time in seconds is
// written as one.
func (t *secretTable) addMap(data map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(data)) {
		value := data[key]
		if looksLikeDuration(key) {
			value = humanSeconds(value)
		}
		t.add(key, value)
	}
}

// addAuth adds a login. Root tokens have no end.
func (t *secretTable) addAuth(auth *api.SecretAuth) {
	duration := any("∞")
	if auth.LeaseDuration != 0 {
		duration = humanSeconds(auth.LeaseDuration)
	}
	t.add("token", auth.ClientToken)
	t.add("token_accessor", auth.Accessor)
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

// looksLikeDuration reports whether a field of that name holds seconds, as
// looksLikeDuration of command/format.go.
func looksLikeDuration(name string) bool {
	for _, word := range []string{"period", "ttl", "duration"} {
		if name == word || strings.HasSuffix(name, "_"+word) {
			return true
		}
	}
	return name == "lease_max" || name == "ttl_max"
}

// humanSeconds writes a whole number as a duration, 768h0m0s as 768h, and returns
// anything else as it is (humanDurationInt of command/base_helpers.go).
func humanSeconds(value any) any {
	var seconds int64
	switch n := value.(type) {
	case int:
		seconds = int64(n)
	case json.Number:
		var err error
		if seconds, err = n.Int64(); err != nil {
			return value
		}
	default:
		return value
	}
	text := (time.Duration(seconds) * time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return strings.Replace(text, "h0m", "h", 1)
}
