// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"fmt"
	"net/http"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

// mountResource is vault_mount. A changed path is a remount, and other changes
// go to tune as a map of the changed attributes, empty ones included.
func mountResource() resource {
	return resource{
		name:  "mount",
		needs: func(s *session) { s.register(vault.PluginTypeSecrets, "tf-engine") },
		create: func(s *session, want state) error {
			return s.Client.Sys().MountWithContext(s.t.Context(), want["path"].(string), &vault.MountInput{
				Type: "tf-engine", Description: want["description"].(string), Local: true, SealWrap: false,
				Options: want["options"].(map[string]string),
				Config: vault.MountConfigInput{
					DefaultLeaseTTL: fmt.Sprintf("%ds", want["default_lease_ttl"]), MaxLeaseTTL: fmt.Sprintf("%ds", want["max_lease_ttl"]),
					ListingVisibility:         want["listing_visibility"].(string),
					AuditNonHMACRequestKeys:   want["audit_non_hmac_request_keys"].([]string),
					AuditNonHMACResponseKeys:  want["audit_non_hmac_response_keys"].([]string),
					PassthroughRequestHeaders: want["passthrough_request_headers"].([]string),
					AllowedResponseHeaders:    want["allowed_response_headers"].([]string),
				},
			})
		},
		update: updateMount,
		read: func(s *session, is state) (state, error) {
			got, err := s.Client.Sys().GetMountWithContext(s.t.Context(), is["path"].(string))
			if missing(err, 400, "No secret engine mount at") {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			if !got.Local || got.Type != "tf-engine" {
				return nil, fmt.Errorf("type and locality changed: %+v", got)
			}
			return state{
				"path": is["path"], "description": got.Description, "options": some(got.Options),
				"default_lease_ttl": got.Config.DefaultLeaseTTL, "max_lease_ttl": got.Config.MaxLeaseTTL,
				"listing_visibility":           got.Config.ListingVisibility,
				"audit_non_hmac_request_keys":  listed(got.Config.AuditNonHMACRequestKeys),
				"audit_non_hmac_response_keys": listed(got.Config.AuditNonHMACResponseKeys),
				"passthrough_request_headers":  listed(got.Config.PassthroughRequestHeaders),
				"allowed_response_headers":     listed(got.Config.AllowedResponseHeaders),
			}, nil
		},
		remove: func(s *session, is state) error {
			return s.Client.Sys().UnmountWithContext(s.t.Context(), is["path"].(string))
		},
		first: func(*session) state {
			return state{
				"path": "tf/first", "description": "one", "options": map[string]string{"a": "b"}, "default_lease_ttl": 600, "max_lease_ttl": 3600,
				"listing_visibility": "unauth", "audit_non_hmac_request_keys": []string{"q"}, "audit_non_hmac_response_keys": []string{"r", "s"},
				"passthrough_request_headers": []string{"X-One", "X-Two"}, "allowed_response_headers": []string{"X-Three"},
			}
		},
		changed: func(*session) state {
			return state{
				"path": "tf/second", "description": "", "options": map[string]string{"a": "c", "d": "e"}, "default_lease_ttl": 1200, "max_lease_ttl": 7200,
				"listing_visibility": "hidden", "audit_non_hmac_request_keys": []string{}, "audit_non_hmac_response_keys": []string{"t"},
				"passthrough_request_headers": []string{"X-Two"}, "allowed_response_headers": []string{},
			}
		},
	}
}

func updateMount(s *session, is, want state) error {
	path := is["path"].(string)
	if want["path"] != path {
		if err := s.Client.Sys().RemountWithContext(s.t.Context(), path, want["path"].(string)); err != nil {
			return err
		}
		path = want["path"].(string)
	}
	changes := map[string]any{
		"default_lease_ttl": fmt.Sprintf("%ds", want["default_lease_ttl"]), "max_lease_ttl": fmt.Sprintf("%ds", want["max_lease_ttl"]),
		"options": want["options"],
	}
	for name, value := range want {
		if same, err := Equal(value).Match(is[name]); name != "path" && (err != nil || !same) && changes[name] == nil {
			changes[name] = value
		}
	}
	request := s.Client.NewRequest(http.MethodPost, "/v1/sys/mounts/"+path+"/tune")
	if err := request.SetJSONBody(changes); err != nil {
		return err
	}
	resp, err := s.Client.RawRequestWithContext(s.t.Context(), request)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// some and listed take an absent list for an empty one, as Terraform does.
func some(options map[string]string) map[string]string {
	if options == nil {
		return map[string]string{}
	}
	return options
}

func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// authResource is vault_auth_backend with its block tune, which is always
// written by tuning, also after the method is enabled.
func authResource() resource {
	tune := func(s *session, want state) error {
		description := want["description"].(string)
		return s.Client.Sys().TuneMountWithContext(s.t.Context(), "auth/tf-auth", vault.MountConfigInput{
			DefaultLeaseTTL: want["default_lease_ttl"].(string), MaxLeaseTTL: want["max_lease_ttl"].(string), Description: &description,
			ListingVisibility: want["listing_visibility"].(string), TokenType: want["token_type"].(string),
			PassthroughRequestHeaders: want["passthrough_request_headers"].([]string),
		})
	}
	return resource{
		name:  "auth backend",
		needs: func(s *session) { s.register(vault.PluginTypeCredential, "tf-method") },
		create: func(s *session, want state) error {
			if err := s.Client.Sys().EnableAuthWithOptionsWithContext(s.t.Context(), "tf-auth", &vault.EnableAuthOptions{
				Type: "tf-method", Description: want["description"].(string),
			}); err != nil {
				return err
			}
			return tune(s, want)
		},
		update: func(s *session, _, want state) error { return tune(s, want) },
		read: func(s *session, _ state) (state, error) {
			got, err := s.Client.Sys().GetAuthWithContext(s.t.Context(), "tf-auth")
			if missing(err, 400, "No secret engine mount at") {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			config, err := s.Client.Sys().MountConfigWithContext(s.t.Context(), "auth/tf-auth")
			if err != nil {
				return nil, err
			}
			return state{
				"description": got.Description, "default_lease_ttl": fmt.Sprintf("%ds", config.DefaultLeaseTTL),
				"max_lease_ttl": fmt.Sprintf("%ds", config.MaxLeaseTTL), "listing_visibility": config.ListingVisibility,
				"token_type": config.TokenType, "passthrough_request_headers": listed(config.PassthroughRequestHeaders),
			}, nil
		},
		remove: func(s *session, _ state) error {
			return s.Client.Sys().DisableAuthWithContext(s.t.Context(), "tf-auth")
		},
		first: func(*session) state {
			return state{
				"description": "one", "default_lease_ttl": "600s", "max_lease_ttl": "3600s", "listing_visibility": "unauth",
				"token_type": "default-batch", "passthrough_request_headers": []string{"X-One"},
			}
		},
		changed: func(*session) state {
			return state{
				"description": "", "default_lease_ttl": "1200s", "max_lease_ttl": "7200s", "listing_visibility": "hidden",
				"token_type": "batch", "passthrough_request_headers": []string{"X-Two", "X-Three"},
			}
		},
	}
}
