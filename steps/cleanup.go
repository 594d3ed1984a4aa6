// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// clean ends what the scenario started and removes what it created, whatever
// happened before, and nothing else. Closing a server that no other scenario uses
// is enough. On a shared server everything that the scenario created has its
// suffix in the name, so it is found in the server's lists, whether or not the
// request that created it was answered. The mount that is left to another scenario stays.
func (w *world) clean(ctx context.Context, left string) error {
	var failed []error
	if w.server != nil {
		if w.names.suffix != "" {
			failed = append(failed, w.removeCreated(ctx, left))
		}
		// Before the server's end, with which its host may end: a container.
		for _, remove := range w.files {
			failed = append(failed, remove(ctx))
		}
		if w.timed == nil {
			failed = append(failed, w.server.Close(ctx))
		}
	}
	for _, closeIt := range w.closers {
		failed = append(failed, closeIt())
	}
	return errors.Join(failed...)
}

func (w *world) removeCreated(ctx context.Context, left string) error {
	var failed []error
	for _, accessor := range w.accessors {
		body, err := json.Marshal(map[string]string{"accessor": accessor})
		if err != nil {
			return err
		}
		// A token that the scenario revoked itself, or that went with its mount,
		// is refused, which is not a failure to remove it.
		if _, err := w.client.do(ctx, request{method: "POST", path: "auth/token/revoke-accessor", token: w.server.Token(), body: string(body)}); err != nil {
			failed = append(failed, fmt.Errorf("%w; revoke the token with: vault token revoke -accessor %s", err, accessor))
		}
	}
	found, err := w.removeFound(ctx, left)
	failed = append(failed, err)
	for _, request := range w.unanswered {
		failed = append(failed, request.leftover(found))
	}
	return errors.Join(failed...)
}

// removeRounds limits how often an interrupted scenario searches for what it
// created.
const removeRounds = 3

// removeFound removes what has the scenario's suffix in its name and returns the
// paths. After an interruption or a failure it searches again: a mount may have
// been on its way to another path.
func (w *world) removeFound(ctx context.Context, left string) ([]string, error) {
	var found []string
	for round := 1; ; round++ {
		paths, err := w.removeListed(ctx, left)
		found = append(found, paths...)
		if done := err == nil && (len(paths) == 0 || !w.interrupted); done || round == removeRounds {
			return found, err
		}
	}
}

func (w *world) removeListed(ctx context.Context, left string) ([]string, error) {
	var found []string
	var failed []error
	for _, list := range []func(context.Context) ([]string, error){
		w.createdMounts, w.createdAuthMounts, w.createdPins, w.createdPlugins, w.createdRuntimes, w.createdPolicies, w.createdGroups,
	} {
		paths, err := list(ctx)
		if err != nil {
			failed = append(failed, fmt.Errorf("%w; look for %s in the names and remove what is left", err, w.names.suffix))
		}
		paths = slices.DeleteFunc(paths, func(path string) bool { return path == left })
		for _, path := range paths {
			failed = append(failed, w.remove(ctx, path))
		}
		found = append(found, paths...)
	}
	return found, errors.Join(failed...)
}

// remove deletes what is at a path. A 404 is a success.
func (w *world) remove(ctx context.Context, path string) error {
	ask := func(method, path string) (*answer, error) {
		return w.client.do(ctx, request{method: method, path: path, token: w.server.Token()})
	}
	var got *answer
	var err error
	if w.suite.config.Installed == nil {
		got, err = ask("DELETE", path)
	} else {
		got, err = removeLeased(path, ask)
	}
	if err == nil && !got.ok() && got.status != 404 {
		err = fmt.Errorf("%d %s", got.status, shorten(string(got.body)))
	}
	if err != nil {
		return fmt.Errorf("DELETE %s: %w; remove it with: %s", path, err, removalCommand(path))
	}
	return nil
}

// removeLeased deletes what is at a path. Leases that the plugin does not revoke, which a
// requirement is about, would keep its mount for ever.
func removeLeased(path string, ask func(method, path string) (*answer, error)) (*answer, error) {
	got, err := ask("DELETE", path)
	if mount, ok := unrevoked(path, got); ok && err == nil {
		if _, err = ask("PUT", "sys/leases/revoke-force/"+mount); err == nil {
			got, err = ask("DELETE", path)
		}
	}
	return got, err
}

// unrevoked returns the mount whose removal was refused since its leases can't be revoked,
// and whether it is one.
func unrevoked(path string, got *answer) (string, bool) {
	if got == nil || got.ok() || !strings.Contains(string(got.body), "failed to revoke") {
		return "", false
	}
	if mount, ok := strings.CutPrefix(path, "sys/mounts/"); ok {
		return mount, true
	}
	mount, ok := strings.CutPrefix(path, "sys/auth/")
	return "auth/" + mount, ok
}

// removalCommand returns the command that removes what is at a path.
func removalCommand(path string) string {
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

func (w *world) createdMounts(ctx context.Context) ([]string, error) {
	return w.createdMountsOf(ctx, "sys/mounts")
}

func (w *world) createdAuthMounts(ctx context.Context) ([]string, error) {
	return w.createdMountsOf(ctx, "sys/auth")
}

// createdMountsOf returns the mounts of a table with the scenario's suffix.
func (w *world) createdMountsOf(ctx context.Context, table string) ([]string, error) {
	got, err := w.get(ctx, table)
	if err != nil {
		return nil, err
	}
	data, _ := got.lookup("data")
	all, _ := data.(map[string]any)
	var found []string
	for path := range all {
		if strings.Contains(path, w.names.suffix) {
			found = append(found, table+"/"+strings.TrimSuffix(path, "/"))
		}
	}
	return found, nil
}

func (w *world) createdPolicies(ctx context.Context) ([]string, error) {
	got, err := w.get(ctx, "sys/policy")
	if err != nil {
		return nil, err
	}
	return w.createdIn(got, "data.policies", "sys/policies/acl/"), nil
}

// createdIn returns the paths of the names in a list that have the scenario's suffix.
func (w *world) createdIn(got *answer, list, folder string) []string {
	var found []string
	names, _ := got.lookup(list)
	for _, name := range asTexts(names) {
		if strings.Contains(name, w.names.suffix) {
			found = append(found, folder+name)
		}
	}
	return found
}

// createdGroups returns the groups whose names have the scenario's suffix. What refuses
// the list has none.
func (w *world) createdGroups(ctx context.Context) ([]string, error) {
	got, err := w.client.do(ctx, request{method: "LIST", path: "identity/group/name", token: w.server.Token()})
	if err != nil || !got.ok() {
		return nil, err
	}
	return w.createdIn(got, "data.keys", "identity/group/name/"), nil
}

func (w *world) createdPins(ctx context.Context) ([]string, error) {
	return w.createdObjects(ctx, "GET", "sys/plugins/pins", "data.pinned_versions")
}

func (w *world) createdRuntimes(ctx context.Context) ([]string, error) {
	return w.createdObjects(ctx, "LIST", "sys/plugins/runtimes/catalog", "data.runtimes")
}

// createdObjects returns the objects of a list of types and names that have the
// scenario's suffix. Servers without pins or runtimes answer 404.
func (w *world) createdObjects(ctx context.Context, method, path, list string) ([]string, error) {
	got, err := w.client.do(ctx, request{method: method, path: path, token: w.server.Token()})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	var found []string
	objects, _ := got.lookup(list)
	for _, object := range asObjects(objects) {
		if name := render(object["name"]); strings.Contains(name, w.names.suffix) {
			found = append(found, path+"/"+render(object["type"])+"/"+name)
		}
	}
	return found, nil
}

func (w *world) createdPlugins(ctx context.Context) ([]string, error) {
	got, err := w.get(ctx, "sys/plugins/catalog")
	if err != nil {
		return nil, err
	}
	var found []string
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
		found = append(found, path)
	}
	return found, nil
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
	for _, element := range list {
		texts = append(texts, render(element))
	}
	return texts
}

func asObjects(value any) []map[string]any {
	list, _ := value.([]any)
	objects := make([]map[string]any, 0, len(list))
	for _, element := range list {
		if object, ok := element.(map[string]any); ok {
			objects = append(objects, object)
		}
	}
	return objects
}
