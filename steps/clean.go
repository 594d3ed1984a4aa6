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
	for _, accessor := range w.accessors {
		body, err := json.Marshal(map[string]string{"accessor": accessor})
		if err != nil {
			return err
		}
		// A token that the scenario revoked itself, or that went with its mount,
		// is refused; that is no failure to remove it.
		if _, err := w.client.do(ctx, request{method: "POST", path: "auth/token/revoke-accessor", token: w.server.Token(), body: string(body)}); err != nil {
			failed = append(failed, fmt.Errorf("%w; revoke the token with: vault token revoke -accessor %s", err, accessor))
		}
	}
	found, err := w.removeFound(ctx)
	failed = append(failed, err)
	for _, open := range w.unanswered {
		failed = append(failed, open.remains(found))
	}
	return errors.Join(failed...)
}

// removeRounds bounds how often an interrupted scenario looks for what it made.
const removeRounds = 3

// removeFound removes what bears the scenario's suffix and gives its paths. After
// an interruption, and where something could not be removed, it looks again: a
// mount may have been on its way to another path.
func (w *world) removeFound(ctx context.Context) ([]string, error) {
	var found []string
	for round := 1; ; round++ {
		paths, err := w.removeListed(ctx)
		found = append(found, paths...)
		if done := err == nil && (len(paths) == 0 || !w.interrupted); done || round == removeRounds {
			return found, err
		}
	}
}

func (w *world) removeListed(ctx context.Context) ([]string, error) {
	var found []string
	var failed []error
	for _, list := range []func(context.Context) ([]string, error){
		w.ownMounts, w.ownAuthMounts, w.ownPins, w.ownPlugins, w.ownRuntimes, w.ownPolicies,
	} {
		paths, err := list(ctx)
		if err != nil {
			failed = append(failed, fmt.Errorf("%w; what is there bears %s in its name", err, w.names.suffix))
		}
		for _, path := range paths {
			failed = append(failed, w.remove(ctx, path))
		}
		found = append(found, paths...)
	}
	return found, errors.Join(failed...)
}

// remove deletes what is at a path. What is not there need not be removed.
func (w *world) remove(ctx context.Context, path string) error {
	got, err := w.client.do(ctx, request{method: "DELETE", path: path, token: w.server.Token()})
	if err == nil && !got.ok() && got.status != 404 {
		err = fmt.Errorf("%d %s", got.status, shorten(string(got.body)))
	}
	if err != nil {
		return fmt.Errorf("DELETE %s: %w; remove it with: %s", path, err, removal(path))
	}
	return nil
}

// removal is the command that removes what is at a path.
func removal(path string) string {
	path, query, _ := strings.Cut(path, "?")
	for _, kind := range []struct{ prefix, command string }{
		{"sys/mounts/", "vault secrets disable "},
		{"sys/auth/", "vault auth disable "},
		{"sys/policies/acl/", "vault policy delete "},
	} {
		if name, ok := strings.CutPrefix(path, kind.prefix); ok {
			return kind.command + name
		}
	}
	plugin, ok := strings.CutPrefix(path, "sys/plugins/catalog/")
	if !ok {
		return "vault delete " + path
	}
	command := "vault plugin deregister "
	if query != "" {
		command += "-" + query + " "
	}
	return command + strings.ReplaceAll(plugin, "/", " ")
}

func (w *world) ownMounts(ctx context.Context) ([]string, error) { return w.ownKeys(ctx, "sys/mounts") }

func (w *world) ownAuthMounts(ctx context.Context) ([]string, error) {
	return w.ownKeys(ctx, "sys/auth")
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
			own = append(own, table+"/"+strings.TrimSuffix(path, "/"))
		}
	}
	return own, nil
}

func (w *world) ownPolicies(ctx context.Context) ([]string, error) {
	got, err := w.get(ctx, "sys/policy")
	if err != nil {
		return nil, err
	}
	var own []string
	names, _ := got.lookup("data.policies")
	for _, name := range asTexts(names) {
		if strings.Contains(name, w.names.suffix) {
			own = append(own, "sys/policies/acl/"+name)
		}
	}
	return own, nil
}

func (w *world) ownPins(ctx context.Context) ([]string, error) {
	return w.ownObjects(ctx, "GET", "sys/plugins/pins", "data.pinned_versions")
}

func (w *world) ownRuntimes(ctx context.Context) ([]string, error) {
	return w.ownObjects(ctx, "LIST", "sys/plugins/runtimes/catalog", "data.runtimes")
}

// ownObjects are those of a list of objects with type and name. Servers without
// pins or runtimes answer 404.
func (w *world) ownObjects(ctx context.Context, method, path, list string) ([]string, error) {
	got, err := w.client.do(ctx, request{method: method, path: path, token: w.server.Token()})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	var own []string
	objects, _ := got.lookup(list)
	for _, object := range asObjects(objects) {
		if name := render(object["name"]); strings.Contains(name, w.names.suffix) {
			own = append(own, path+"/"+render(object["type"])+"/"+name)
		}
	}
	return own, nil
}

func (w *world) ownPlugins(ctx context.Context) ([]string, error) {
	got, err := w.get(ctx, "sys/plugins/catalog")
	if err != nil {
		return nil, err
	}
	var own []string
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
		own = append(own, path)
	}
	return own, nil
}

func (w *world) get(ctx context.Context, path string) (*answer, error) {
	got, err := w.client.do(ctx, request{method: "GET", path: path, token: w.server.Token()})
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", path, err)
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
