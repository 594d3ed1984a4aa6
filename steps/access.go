// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"

	"github.com/cucumber/godog"
)

// hasPolicy makes a token with one policy of its own and keeps it under a name.
// The policy is called after the token.
func (w *world) hasPolicy(ctx context.Context, name string, policy *godog.DocString) error {
	body, err := json.Marshal(map[string]string{"policy": policy.Content})
	if err != nil {
		return err
	}
	if err := w.must(ctx, "PUT", "sys/policies/acl/"+name, string(body)); err != nil {
		return err
	}
	create, err := json.Marshal(map[string]any{"policies": []string{name}, "ttl": "1h"})
	if err != nil {
		return err
	}
	if err := w.must(ctx, "POST", "auth/token/create", string(create)); err != nil {
		return err
	}
	return w.iKeep("auth.client_token", name)
}
