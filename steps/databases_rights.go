// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// refusalsReported sets a password of the connection that the database refuses, without
// verifying it, and wants errors for what the plugin can't do then.
func (w *world) refusalsReported(ctx context.Context, mount string) error {
	if err := w.passwordless(); err != nil {
		return err
	}
	if err := w.configure(ctx, mainConnection, mount, map[string]any{"password": wrongPassword, "verify_connection": false}); err != nil {
		return err
	}
	if !w.answer.ok() {
		return &NotCheckedError{Reason: "the plugin takes no wrong password that is not to be verified, see " + connectsLater}
	}
	last := len(w.leases) - 1
	if err := w.askLease(ctx, "revoke", w.leases[last]); err != nil {
		return err
	}
	revoked := w.answer
	if err := w.asRoot(ctx, "GET", w.below(mount, "creds/app"), ""); err != nil {
		return err
	}
	created := w.answer
	if err := w.configure(ctx, mainConnection, mount, nil); err != nil {
		return err
	}
	connects, err := w.connectAs(ctx, mount, w.users[last])
	if err != nil {
		return err
	}
	switch {
	case revoked.ok() && connects:
		w.answer = revoked
		return mismatch("an error for a revocation over a connection that the database refuses", "a success, and the user can still connect: "+describeAnswer(revoked))
	case created.ok():
		w.answer = created
		w.secrets = append(w.secrets, textAt(created, "data.password"))
		if connects, err = w.connectAs(ctx, mount, databaseUser{name: textAt(created, "data.username"), password: textAt(created, "data.password")}); err != nil || connects {
			return err // it has another way to the database
		}
		return mismatch("an error for a user over a connection that the database refuses", "a success, and the user can't connect: "+w.mask(describeAnswer(created)))
	}
	return nil
}

const connectsLater = "PLG-903"

// oddSettings sends the connection's settings with values of other types, and a template
// that can't be parsed, one at a time, and wants the plugin to live.
func (w *world) oddSettings(ctx context.Context, mount string) error {
	profile, err := w.databaseProfile()
	if err != nil {
		return err
	}
	settings := map[string][]any{nameTemplate: {"{{", "{{.Plugproof}}", 12}}
	for name, value := range profile.Connection {
		for _, odd := range []any{12, true, []any{"plugproof"}, map[string]any{"plugproof": "odd"}, ""} {
			if fmt.Sprintf("%T", odd) != fmt.Sprintf("%T", value) || odd == "" {
				settings[name] = append(settings[name], odd)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		for _, value := range settings[name] {
			// Some look at their settings only when they use them.
			if err := w.configure(ctx, namedConnection, mount, map[string]any{name: value, "verify_connection": false}); err != nil {
				return err
			}
			if w.answer.ok() {
				if err := w.role(ctx, mount, namedConnection, map[string]any{"db_name": namedConnection}); err != nil {
					return err
				}
				if err := w.asRoot(ctx, "GET", w.below(mount, "creds/"+namedConnection), ""); err != nil {
					return err
				}
			}
			if w.answer.ok() {
				continue
			}
			if crash := w.crash(ctx); crash != nil {
				return mismatch(fmt.Sprintf("an answer for a connection with %s=%s", name, w.mask(render(value))), crash.String())
			}
		}
	}
	return nil
}
