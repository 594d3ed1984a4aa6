// SPDX-License-Identifier: MPL-2.0

package jwt_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/vault/sdk/logical"
)

func TestRole(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	m.must(t, logical.CreateOperation, "role/Demo", map[string]any{
		"user_claim": "sub", "bound_audiences": "a,b", "bound_claims": map[string]any{"x": []any{"y"}},
		"policies": "webapps", "ttl": "1h", "claim_mappings": map[string]any{"a": "b"}, "expiration_leeway": "5s",
	})
	got := m.must(t, logical.ReadOperation, "role/demo", nil).Data
	for field, want := range map[string]any{
		"role_type": "jwt", "user_claim": "sub", "user_claim_json_pointer": false, "groups_claim": "",
		"bound_audiences": []string{"a", "b"}, "bound_subject": "", "bound_claims_type": "string",
		"bound_claims": map[string]any{"x": []any{"y"}}, "claim_mappings": map[string]string{"a": "b"},
		"expiration_leeway": int64(5), "not_before_leeway": int64(0), "clock_skew_leeway": int64(0),
		"token_policies": []string{"webapps"}, "policies": []string{"webapps"}, "token_ttl": int64(3600), "ttl": int64(3600),
	} {
		if !reflect.DeepEqual(got[field], want) {
			t.Errorf("%s: got %#v, want %#v", field, got[field], want)
		}
	}
	if _, ok := got["max_ttl"]; ok {
		t.Error("max_ttl is shown but was not written")
	}

	m.must(t, logical.UpdateOperation, "role/demo", map[string]any{"bound_subject": "s"})
	got = m.must(t, logical.ReadOperation, "role/demo", nil).Data
	if got["bound_subject"] != "s" || got["user_claim"] != "sub" || !reflect.DeepEqual(got["bound_audiences"], []string{"a", "b"}) {
		t.Errorf("after a change of one field: %v", got)
	}
	if keys := m.must(t, logical.ListOperation, "role/", nil).Data["keys"]; !reflect.DeepEqual(keys, []string{"demo"}) {
		t.Errorf("list: %v", keys)
	}
	for path, want := range map[string]bool{"role/demo": true, "role/none": false} {
		_, exists, err := m.HandleExistenceCheck(t.Context(), &logical.Request{Operation: logical.CreateOperation, Path: path, Storage: m.storage})
		if err != nil || exists != want {
			t.Errorf("existence of %s: %v, %v", path, exists, err)
		}
	}
	m.must(t, logical.DeleteOperation, "role/demo", nil)
	if got := m.must(t, logical.ReadOperation, "role/demo", nil); got != nil {
		t.Errorf("after the deletion: %v", got)
	}
	if _, err := m.do(t, logical.UpdateOperation, "role/demo", demoRole(nil)); err == nil || err.Error() != "role entry not found during update operation" {
		t.Errorf("update of what is not there: %v", err)
	}
}

func TestRoleRefused(t *testing.T) {
	t.Parallel()
	m := newMount(t)
	for name, c := range map[string]struct {
		role map[string]any
		want string
	}{
		"browser flow":    {map[string]any{"role_type": "oidc"}, "'role_type' 'oidc' needs the browser flow"},
		"type":            {map[string]any{"role_type": "x"}, "invalid 'role_type': x"},
		"no user claim":   {map[string]any{"user_claim": ""}, "a user claim must be defined on the role"},
		"nothing bound":   {map[string]any{"bound_audiences": ""}, "must have at least one bound constraint when creating/updating a role"},
		"ttl":             {map[string]any{"ttl": "2h", "max_ttl": "1h"}, "ttl should not be greater than max ttl"},
		"period":          {map[string]any{"token_period": "3h"}, "'period' of '\"3h0m0s\"' is greater than the backend's maximum lease TTL of '\"2h0m0s\"'"},
		"claims type":     {map[string]any{"bound_claims_type": "regex"}, "invalid 'bound_claims_type': regex"},
		"glob of numbers": {map[string]any{"bound_claims_type": "glob", "bound_claims": map[string]any{"a": []any{true}}}, "claim is not a string: true"},
		"glob of maps":    {map[string]any{"bound_claims_type": "glob", "bound_claims": map[string]any{"a": map[string]any{}}}, "claim is not a string or list: "},
		"reserved":        {map[string]any{"claim_mappings": "a=role"}, `metadata key "role" is reserved and may not be a mapping destination`},
		"mapped twice":    {map[string]any{"claim_mappings": map[string]any{"a": "x", "b": "x"}}, `multiple keys are mapped to metadata key "x"`},
		"bad cidr":        {map[string]any{"token_bound_cidrs": "x"}, "error parsing"},
		"bad token type":  {map[string]any{"token_type": "x"}, "invalid 'token_type' value"},
		"bad duration":    {map[string]any{"expiration_leeway": "soon"}, "Field validation failed: "},
	} {
		if got := m.refused(t, logical.CreateOperation, "role/demo", demoRole(c.role)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	if got := m.must(t, logical.ReadOperation, "role/demo", nil); got != nil {
		t.Errorf("a refused role was stored: %v", got)
	}
	if w := m.must(t, logical.CreateOperation, "role/long", demoRole(map[string]any{"token_max_ttl": "3h"})).Warnings; len(w) != 1 {
		t.Errorf("warnings of a long max ttl: %v", w)
	}
}
