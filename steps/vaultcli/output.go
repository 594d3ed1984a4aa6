// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"sigs.k8s.io/yaml"
)

// The output formats. pretty is for output that this command line doesn't have.
const (
	formatTable  = "table"
	formatJSON   = "json"
	formatYAML   = "yaml"
	formatYML    = "yml"
	formatPretty = "pretty"
	formatRaw    = "raw"
)

func knownFormat(name string) bool {
	return slices.Contains([]string{formatTable, formatJSON, formatYAML, formatYML, formatPretty, formatRaw}, name)
}

// isTable tells whether people read the output rather than programs.
func (inv *invocation) isTable() bool { return inv.format == formatTable }

// printSecret prints an answer of the server.
func (inv *invocation) printSecret(secret *api.Secret) error {
	if inv.isTable() {
		inv.printSecretTable(secret)
		return nil
	}
	return inv.printData(secret)
}

// printFieldOrSecret prints what -field names, or all of the answer.
func (inv *invocation) printFieldOrSecret(secret *api.Secret) error {
	if inv.field != "" {
		return inv.printField(fieldOf(secret, inv.field))
	}
	return inv.printSecret(secret)
}

// printList prints the keys of a list answer; with -detailed, json and yaml
// print the whole answer and tables what is known of each key.
func (inv *invocation) printList(secret *api.Secret) error {
	switch {
	case inv.isTable():
		return inv.printListTable(secret)
	case inv.detailed && inv.format == formatJSON:
		return inv.printData(secret)
	}
	return inv.printData(secret.Data["keys"])
}

// printData prints any value in the chosen format; as a table only the types
// that Vault prints so.
func (inv *invocation) printData(data any) error {
	if inv.isTable() {
		switch data := data.(type) {
		case map[string]any:
			inv.printMapTable(data)
			return nil
		case []string:
			inv.say(table(data, defaultDelimiter))
			return nil
		}
		return misuse("Could not parse output: cannot use the table formatter for this type")
	}
	text, err := render(inv.format, data)
	if err != nil {
		return misuse("Could not parse output: %w", err)
	}
	if inv.format == formatYAML || inv.format == formatYML {
		text = strings.TrimSpace(text)
	}
	inv.say(text)
	return nil
}

// render gives data's text in a format other than table.
func render(format string, data any) (string, error) {
	switch format {
	case formatJSON:
		b, err := json.MarshalIndent(data, "", "  ")
		return string(b), err
	case formatYAML, formatYML:
		b, err := yaml.Marshal(data)
		return string(b), err
	case formatRaw:
		if b, ok := data.([]byte); ok {
			return string(b), nil
		}
		return "", errors.New("this command does not support the -format=raw option; only `vault read` does")
	}
	return "", errors.New("cannot use the pretty formatter for this type")
}

// printField prints one field without a newline, unless a person reads it.
func (inv *invocation) printField(val any) error {
	if val == nil {
		return misuse("Field %q not present in secret", inv.field)
	}
	text := fmt.Sprintf("%v", val)
	if inv.format != formatTable && inv.format != formatRaw {
		var err error
		if text, err = render(inv.format, val); err != nil {
			return misuse("Error formatting output: %w", err)
		}
	}
	if inv.terminal() {
		text += "\n"
	}
	_, _ = fmt.Fprint(inv.stdout, text)
	return nil
}

// fieldOf finds what -field names: first in what the answer is about (a login, a
// wrapping token, a lease), then in its data. nil means there is no such field.
func fieldOf(secret *api.Secret, name string) any {
	var special map[string]any
	switch {
	case secret.Auth != nil:
		auth := secret.Auth
		special = map[string]any{
			"token":             auth.ClientToken,
			"token_accessor":    auth.Accessor,
			"token_duration":    auth.LeaseDuration,
			"token_renewable":   auth.Renewable,
			"token_policies":    auth.TokenPolicies,
			"identity_policies": auth.IdentityPolicies,
			"policies":          auth.Policies,
		}
	case secret.WrapInfo != nil:
		info := secret.WrapInfo
		special = map[string]any{
			"wrapping_token":               info.Token,
			"wrapping_accessor":            info.Accessor,
			"wrapping_token_ttl":           info.TTL,
			"wrapping_token_creation_time": info.CreationTime.Format(time.RFC3339Nano),
			"wrapping_token_creation_path": info.CreationPath,
			"wrapped_accessor":             info.WrappedAccessor,
		}
	default:
		special = map[string]any{
			"lease_duration":   secret.LeaseDuration,
			"lease_id":         secret.LeaseID,
			"request_id":       secret.RequestID,
			"renewable":        secret.Renewable,
			"refresh_interval": secret.LeaseDuration,
			"data":             secret.Data,
		}
		if nested, ok := secret.Data["data"]; ok {
			special["data"] = nested
		}
	}
	if val, ok := special[name]; ok {
		return val
	}
	return secret.Data[name]
}
