// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/api"
	"github.com/ryanuber/columnize"
)

// The output formats.
const (
	formatTable = "table"
	formatJSON  = "json"
)

// formatFlag declares -format.
func (c *command) formatFlag() {
	c.flags.Func("format", "Print the output in the given `format`: \"table\", which is the default, or \"json\".", func(name string) error {
		c.format = strings.ToLower(name)
		if c.format != formatTable && c.format != formatJSON {
			return fmt.Errorf("there are table and json")
		}
		return nil
	})
}

// fieldFlag declares -field.
func (c *command) fieldFlag() {
	c.flags.StringVar(&c.field, "field", "", "Print only the field with the given name, without a trailing newline.")
}

// printData prints a value as JSON.
func (c *command) printData(data any) error {
	text, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return usageError("Could not parse output: %w", err)
	}
	c.Output(string(text))
	return nil
}

// printFieldOrSecret prints what -field names, or all of the answer.
func (c *command) printFieldOrSecret(secret *api.Secret) error {
	if c.field == "" || secret == nil {
		return c.printSecret(secret)
	}
	value := fieldOf(secret, c.field)
	if value == nil {
		return usageError("Field %q not present in secret", c.field)
	}
	text := fmt.Sprint(value)
	if c.format == formatJSON {
		data, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return usageError("Error formatting output: %w", err)
		}
		text = string(data)
	}
	_, err := fmt.Fprint(c.stdout, text)
	return err
}

// fieldOf returns what -field names, nil if there is no such field: a login's
// token, or else what an answer has around its data, comes before the data
// (RawField of command/util.go).
func fieldOf(secret *api.Secret, name string) any {
	around := map[string]any{
		"lease_duration":   secret.LeaseDuration,
		"lease_id":         secret.LeaseID,
		"request_id":       secret.RequestID,
		"renewable":        secret.Renewable,
		"refresh_interval": secret.LeaseDuration,
		"data":             secret.Data,
	}
	if nested, ok := secret.Data["data"]; ok {
		around["data"] = nested
	}
	if auth := secret.Auth; auth != nil {
		around = map[string]any{
			"token":             auth.ClientToken,
			"token_accessor":    auth.Accessor,
			"token_duration":    auth.LeaseDuration,
			"token_renewable":   auth.Renewable,
			"token_policies":    auth.TokenPolicies,
			"identity_policies": auth.IdentityPolicies,
			"policies":          auth.Policies,
		}
	}
	if value, ok := around[name]; ok {
		return value
	}
	return secret.Data[name]
}

const (
	defaultDelimiter = "|"
	// rareDelimiter separates columns with values of users, in the hope that no
	// value contains it. It is Vault's (command/format.go).
	rareDelimiter = "♨"
)

// printTable aligns rows whose columns are separated by delimiter, as tableOutput
// of command/base_helpers.go: the first row is the header and gets underlined, and
// empty cells become n/a.
func (c *command) printTable(rows []string, delimiter string) {
	headers := strings.Split(rows[0], delimiter)
	for i, header := range headers {
		headers[i] = strings.Repeat("-", len(strings.TrimSpace(header)))
	}
	rows = slices.Insert(slices.Clone(rows), 1, strings.Join(headers, delimiter))
	c.Output(columnize.Format(rows, &columnize.Config{Delim: delimiter, Glue: "    ", Empty: "n/a"}))
}
