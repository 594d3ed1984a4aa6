// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/cucumber/godog"
)

// hasPolicy creates a token with a policy and keeps it under a name.
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

// logsIn writes to a login endpoint without a token, which has to succeed, and
// keeps the new token under a name.
func (w *world) logsIn(ctx context.Context, name, path, body string) error {
	if err := w.send(ctx, request{method: http.MethodPost, path: path, body: body}); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch("a login at "+path+" to succeed, as the scenario builds on it", describeAnswer(w.answer))
	}
	return w.iKeep("auth.client_token", name)
}
