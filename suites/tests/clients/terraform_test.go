// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
)

// state is what Terraform keeps of a resource, by attribute. A nil state is a
// resource that is gone.
type state map[string]any

// resource manages a kind of thing as hashicorp/terraform-provider-vault does,
// with the same calls: read returns the attributes in the form in which the user
// wrote them, so that a plan compares them.
type resource struct {
	name string
	// needs prepares what the resource refers to; nil prepares nothing.
	needs  func(s *session)
	lacks  func(s *session) string
	create func(s *session, want state) error
	// update gets what is there too, as some calls name only what changes.
	update  func(s *session, is, want state) error
	read    func(s *session, id state) (state, error)
	remove  func(s *session, id state) error
	first   func(s *session) state
	changed func(s *session) state
}

// TestTerraform takes every kind of resource through apply, plan, change and
// destroy.
func TestTerraform(t *testing.T) {
	t.Parallel()
	each(t, steps.Spec{}, func(s *session) {
		for _, r := range resources() {
			s.sub(r.name, r.lifecycle)
		}
	})
}

func resources() []resource {
	return []resource{
		pluginResource(), pinResource(), mountResource(), authResource(), policyResource(), roleResource(), secretResource(), versionedResource(),
	}
}

func (r resource) lifecycle(s *session) {
	if r.lacks != nil {
		if why := r.lacks(s); why != "" {
			s.t.Skip(why)
		}
	}
	if r.needs != nil {
		r.needs(s)
	}
	// A plan is what Terraform finds to do: nothing, as often as it asks.
	noPlan := func(want state) {
		s.t.Helper()
		for range 2 {
			is, err := r.read(s, want)
			s.ok(err)
			s.Expect(is).To(Equal(want))
		}
	}
	first, changed := r.first(s), r.changed(s)
	s.ok(r.create(s, first))
	noPlan(first)
	s.ok(r.update(s, first, changed))
	noPlan(changed)
	s.ok(r.update(s, changed, changed))
	noPlan(changed)
	for range 2 {
		s.ok(r.remove(s, changed))
		gone, err := r.read(s, changed)
		s.ok(err)
		s.Expect(gone).To(BeNil())
	}
}

// missing reports that a read failed because nothing is there.
func missing(err error, status int, text string) bool {
	var answer *vault.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == status && strings.Contains(strings.Join(answer.Errors, "\n"), text)
}

// pluginResource is vault_plugin. The environment can't be read back, so the
// provider keeps what was written.
func pluginResource() resource {
	id := func(is state) *vault.GetPluginInput {
		return &vault.GetPluginInput{Name: is["name"].(string), Type: vault.PluginTypeSecrets, Version: is["version"].(string)}
	}
	write := func(s *session, want state) error {
		return s.Client.Sys().RegisterPluginWithContext(s.t.Context(), &vault.RegisterPluginInput{
			Name: want["name"].(string), Type: vault.PluginTypeSecrets, Version: want["version"].(string),
			Command: want["command"].(string), SHA256: want["sha256"].(string), Args: want["args"].([]string), Env: []string{"A=b"},
		})
	}
	return resource{
		name: "plugin", create: write,
		update: func(s *session, _, want state) error { return write(s, want) },
		read: func(s *session, is state) (state, error) {
			got, err := s.Client.Sys().GetPluginWithContext(s.t.Context(), id(is))
			if missing(err, 404, "") || err != nil && strings.Contains(err.Error(), "Code: 404") {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			return state{"name": got.Name, "version": got.Version, "command": got.Command, "sha256": got.SHA256, "args": got.Args}, nil
		},
		remove: func(s *session, is state) error {
			return s.Client.Sys().DeregisterPluginWithContext(s.t.Context(), &vault.DeregisterPluginInput{
				Name: is["name"].(string), Type: vault.PluginTypeSecrets, Version: is["version"].(string),
			})
		},
		first: func(s *session) state {
			return state{"name": "tf-plugin", "version": "v1.0.0", "command": "probe", "sha256": s.sum, "args": []string{"--one"}}
		},
		changed: func(s *session) state {
			return state{"name": "tf-plugin", "version": "v1.0.0", "command": "probe", "sha256": s.sum, "args": []string{"--one", "--two"}}
		},
	}
}

// pinResource is vault_plugin_pinned_version.
func pinResource() resource {
	const path = "sys/plugins/pins/secret/tf-pin"
	write := func(s *session, want state) error {
		_, err := s.Client.Logical().WriteWithContext(s.t.Context(), path, want)
		return err
	}
	pin := func(version string) func(*session) state {
		return func(*session) state { return state{"version": version} }
	}
	return resource{
		name: "pin",
		lacks: func(s *session) string {
			if s.Pins() {
				return ""
			}
			return s.Identity.String() + " has no pins"
		},
		needs: func(s *session) {
			for _, version := range []string{"v1.0.0", "v2.0.0"} {
				s.ok(s.Client.Sys().RegisterPlugin(&vault.RegisterPluginInput{
					Name: "tf-pin", Type: vault.PluginTypeSecrets, Version: version, Command: "probe", SHA256: s.sum,
				}))
			}
		},
		create: write,
		update: func(s *session, _, want state) error { return write(s, want) },
		read: func(s *session, _ state) (state, error) {
			got, err := s.Client.Logical().ReadWithContext(s.t.Context(), path)
			if err != nil || got == nil {
				return nil, err
			}
			return state{"version": got.Data["version"]}, nil
		},
		remove: func(s *session, _ state) error {
			_, err := s.Client.Logical().DeleteWithContext(s.t.Context(), path)
			return err
		},
		first: pin("v1.0.0"), changed: pin("v2.0.0"),
	}
}

// policyResource is vault_policy.
func policyResource() resource {
	rules := func(text string) func(*session) state { return func(*session) state { return state{"policy": text} } }
	write := func(s *session, want state) error {
		return s.Client.Sys().PutPolicyWithContext(s.t.Context(), "tf-policy", want["policy"].(string))
	}
	return resource{
		name: "policy", create: write,
		update: func(s *session, _, want state) error { return write(s, want) },
		read: func(s *session, _ state) (state, error) {
			text, err := s.Client.Sys().GetPolicyWithContext(s.t.Context(), "tf-policy")
			if err != nil || text == "" {
				return nil, err
			}
			return state{"policy": text}, nil
		},
		remove: func(s *session, _ state) error {
			return s.Client.Sys().DeletePolicyWithContext(s.t.Context(), "tf-policy")
		},
		first:   rules("# a comment stays\npath \"a\" {\n  capabilities = [\"read\"]\n}\n"),
		changed: rules(`{"path": {"a": {"capabilities": ["read", "list"]}}}`),
	}
}

// at is a resource that is written to and read from one path.
func at(name, path string, first, changed state) resource {
	write := func(s *session, want state) error {
		_, err := s.Client.Logical().WriteWithContext(s.t.Context(), path, want)
		return err
	}
	return resource{
		name: name, create: write,
		update: func(s *session, _, want state) error { return write(s, want) },
		read: func(s *session, is state) (state, error) {
			got, err := s.Client.Logical().ReadWithContext(s.t.Context(), path)
			if err != nil || got == nil {
				return nil, err
			}
			found := state{}
			for attribute, value := range is {
				found[attribute] = orZero(got.Data[attribute], value)
			}
			return found, nil
		},
		remove: func(s *session, _ state) error {
			_, err := s.Client.Logical().DeleteWithContext(s.t.Context(), path)
			return err
		},
		first: func(*session) state { return first }, changed: func(*session) state { return changed },
	}
}

// orZero takes an absent attribute for the empty value of its type, as Terraform
// does.
func orZero(got, like any) any {
	if got != nil {
		return got
	}
	switch like.(type) {
	case []any:
		return []any{}
	case json.Number:
		return json.Number("0")
	}
	return nil
}

// roleResource is vault_token_auth_backend_role.
func roleResource() resource {
	return at("token role", "auth/token/roles/tf-role", state{
		"allowed_policies": []any{"a", "b"}, "disallowed_policies": []any{"c"}, "orphan": true, "renewable": true, "path_suffix": "tf-suffix",
		"token_period": json.Number("600"), "token_explicit_max_ttl": json.Number("86400"), "token_type": "default-service",
		"token_bound_cidrs": []any{"10.0.0.0/8"}, "token_no_default_policy": true, "token_num_uses": json.Number("3"),
		"allowed_policies_glob": []any{"x*"}, "allowed_entity_aliases": []any{"alias"},
	}, state{
		"allowed_policies": []any{"a"}, "disallowed_policies": []any{}, "orphan": false, "renewable": false, "path_suffix": "",
		"token_period": json.Number("0"), "token_explicit_max_ttl": json.Number("0"), "token_type": "service",
		"token_bound_cidrs": []any{}, "token_no_default_policy": false, "token_num_uses": json.Number("0"),
		"allowed_policies_glob": []any{}, "allowed_entity_aliases": []any{},
	})
}

// secretResource is vault_kv_secret, in version 1.
func secretResource() resource {
	r := at("kv secret", "tf-plain/app/db", state{"user": "a", "pass": "b"}, state{"user": "c"})
	r.needs = func(s *session) { s.mountStore("tf-plain", "1") }
	return r
}

// versionedResource is vault_kv_secret_v2, which deletes all versions.
func versionedResource() resource {
	path := func(kind string) string { return "tf-versioned/" + kind + "/app/db" }
	write := func(s *session, want state) error {
		_, err := s.Client.Logical().WriteWithContext(s.t.Context(), path("data"), map[string]any{"data": want})
		return err
	}
	return resource{
		name:   "kv secret of version 2",
		needs:  func(s *session) { s.mountStore("tf-versioned", "2") },
		create: write,
		update: func(s *session, _, want state) error { return write(s, want) },
		read: func(s *session, _ state) (state, error) {
			got, err := s.Client.Logical().ReadWithContext(s.t.Context(), path("data"))
			if err != nil || got == nil {
				return nil, err
			}
			return got.Data["data"].(map[string]any), nil
		},
		remove: func(s *session, _ state) error {
			_, err := s.Client.Logical().DeleteWithContext(s.t.Context(), path("metadata"))
			return err
		},
		first:   func(*session) state { return state{"user": "a", "nested": map[string]any{"n": json.Number("1")}} },
		changed: func(*session) state { return state{"user": "b"} },
	}
}
