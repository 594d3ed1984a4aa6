// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// clean ends what the scenario started and removes what it made, whatever
// happened before, and nothing else. On a server of its own closing the server
// is enough. On a shared one everything of the scenario bears its suffix, so it
// is found by asking the server rather than by remembering what succeeded.
func (w *world) clean(ctx context.Context) error {
	var failed []error
	if w.server != nil {
		if w.names.suffix != "" {
			failed = append(failed, w.removeOwn(ctx))
		}
		failed = append(failed, w.server.Close(ctx))
	}
	for _, closeIt := range w.closers {
		failed = append(failed, closeIt())
	}
	return errors.Join(failed...)
}

func (w *world) removeOwn(ctx context.Context) error {
	var failed []error
	remove := func(method, path, body string) {
		got, err := w.client.do(ctx, request{method: method, path: path, token: w.server.Token(), body: body})
		switch {
		case err != nil:
			failed = append(failed, err)
		case !got.ok() && got.status != 404:
			failed = append(failed, fmt.Errorf("%s %s: %d %s", method, path, got.status, shorten(string(got.body))))
		}
	}
	for _, accessor := range w.accessors {
		body, err := json.Marshal(map[string]string{"accessor": accessor})
		if err != nil {
			return err
		}
		// A token that the scenario revoked itself, or that went with its mount,
		// is refused; that is no failure to remove it.
		if _, err := w.client.do(ctx, request{method: "POST", path: "auth/token/revoke-accessor", token: w.server.Token(), body: string(body)}); err != nil {
			failed = append(failed, err)
		}
	}
	for _, table := range []string{"sys/mounts", "sys/auth"} {
		paths, err := w.ownKeys(ctx, table)
		failed = append(failed, err)
		for _, path := range paths {
			remove("DELETE", table+"/"+strings.TrimSuffix(path, "/"), "")
		}
	}
	failed = append(failed, w.removePins(ctx, remove), w.removePlugins(ctx, remove))
	policies, err := w.get(ctx, "sys/policy")
	failed = append(failed, err)
	if err == nil {
		names, _ := policies.lookup("data.policies")
		for _, name := range asTexts(names) {
			if strings.Contains(name, w.names.suffix) {
				remove("DELETE", "sys/policies/acl/"+name, "")
			}
		}
	}
	return errors.Join(failed...)
}

// ownKeys are the mounts of a table that bear the scenario's suffix.
func (w *world) ownKeys(ctx context.Context, table string) ([]string, error) {
	got, err := w.get(ctx, table)
	if err != nil {
		return nil, err
	}
	data, _ := got.lookup("data")
	all, _ := data.(map[string]any)
	var own []string
	for path := range all {
		if strings.Contains(path, w.names.suffix) {
			own = append(own, path)
		}
	}
	return own, nil
}

func (w *world) removePins(ctx context.Context, remove func(method, path, body string)) error {
	got, err := w.client.do(ctx, request{method: "GET", path: "sys/plugins/pins", token: w.server.Token()})
	if err != nil {
		return err
	}
	// Servers without pins answer 404.
	pins, _ := got.lookup("data.pinned_versions")
	for _, pin := range asObjects(pins) {
		if name := render(pin["name"]); strings.Contains(name, w.names.suffix) {
			remove("DELETE", "sys/plugins/pins/"+render(pin["type"])+"/"+name, "")
		}
	}
	return nil
}

func (w *world) removePlugins(ctx context.Context, remove func(method, path, body string)) error {
	got, err := w.get(ctx, "sys/plugins/catalog")
	if err != nil {
		return err
	}
	plugins, _ := got.lookup("data.detailed")
	for _, plugin := range asObjects(plugins) {
		name := render(plugin["name"])
		if !strings.Contains(name, w.names.suffix) {
			continue
		}
		path := "sys/plugins/catalog/" + render(plugin["type"]) + "/" + name
		if version, _ := plugin["version"].(string); version != "" {
			path += "?version=" + version
		}
		remove("DELETE", path, "")
	}
	return nil
}

func (w *world) get(ctx context.Context, path string) (*answer, error) {
	got, err := w.client.do(ctx, request{method: "GET", path: path, token: w.server.Token()})
	if err != nil {
		return nil, err
	}
	if !got.ok() {
		return nil, fmt.Errorf("GET %s: %d %s", path, got.status, shorten(string(got.body)))
	}
	return got, nil
}

func asTexts(value any) []string {
	list, _ := value.([]any)
	texts := make([]string, 0, len(list))
	for _, one := range list {
		texts = append(texts, render(one))
	}
	return texts
}

func asObjects(value any) []map[string]any {
	list, _ := value.([]any)
	objects := make([]map[string]any, 0, len(list))
	for _, one := range list {
		if object, ok := one.(map[string]any); ok {
			objects = append(objects, object)
		}
	}
	return objects
}
