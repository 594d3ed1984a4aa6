// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// listsApart writes the setup and the samples to a fresh mount, one after the other, and
// wants no list of another folder to have the new name then: what shares a folder of the
// storage is taken for something that it is not.
func (w *world) listsApart(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	writes := slices.Concat(profile.Setup, sampleWrites(profile.Samples))
	var folders []string
	for _, write := range writes {
		if folder, ok := document.listOf(write.Path); ok && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if len(folders) == 0 {
		return &NotCheckedError{Reason: "the plugin documents no list of the folder of what the profile writes"}
	}
	before, err := w.listed(ctx, mount, folders)
	if err != nil {
		return err
	}
	for _, write := range writes {
		if err := w.write(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return err
		}
		after, err := w.listed(ctx, mount, folders)
		if err != nil {
			return err
		}
		parent, name, _ := cutLast(write.Path)
		for _, folder := range folders {
			if sameFolder(folder, parent) || slices.Contains(before[folder], name) || !slices.Contains(after[folder], name) {
				continue
			}
			return mismatch(fmt.Sprintf("no %q in the list of %s after a write to %s", name, folder, write.Path),
				fmt.Sprintf("%s: %s, and before: %s", folder, strings.Join(after[folder], ", "), strings.Join(before[folder], ", ")))
		}
		before = after
	}
	return nil
}

// sameFolder reports whether two folders may be spellings of one, such as role and roles, or one
// is within the other.
func sameFolder(a, b string) bool {
	return strings.HasPrefix(a, b) && b != "" || strings.HasPrefix(b, a)
}

// listed returns the lists of folders below a mount.
func (w *world) listed(ctx context.Context, mount string, folders []string) (map[string][]string, error) {
	found := map[string][]string{}
	for _, folder := range folders {
		if err := w.asRoot(ctx, "LIST", w.below(mount, folder), ""); err != nil {
			return nil, err
		}
		keys, _ := w.answer.lookup("data.keys")
		found[folder] = asTexts(keys)
	}
	return found, nil
}

// Many names are written by clientsOfNames clients, namesOfClient by each: more than a page
// has, and more at once than a list that is kept under one key bears.
const (
	clientsOfNames = 8
	namesOfClient  = 5
)

// manyNamesListed writes each listed sample under many names at once, and wants all of them
// in the list.
func (w *world) manyNamesListed(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	return w.eachReadable("no sample can be written under other names and is listed", func(trial sampleTrial, _ Operation) (bool, error) {
		folder, ok := document.listOf(trial.sample.Path)
		operation, writes := document.Find(http.MethodPost, twin(trial.sample.Path))
		if !ok || !writes || len(operation.PathFields) == 0 {
			return false, nil
		}
		written, err := w.writtenAtOnce(ctx, mount, trial.sample)
		if err != nil || len(written) < clientsOfNames*namesOfClient {
			return false, err // there may be only one with this data
		}
		lists, err := w.listed(ctx, mount, []string{folder})
		if err != nil {
			return false, err
		}
		missing := slices.DeleteFunc(slices.Clone(written), func(path string) bool {
			return slices.Contains(lists[folder], strings.TrimPrefix(path, folder+"/"))
		})
		if len(missing) > 0 {
			return true, mismatch(fmt.Sprintf("all %d names in the list of %s that %d clients wrote there at once", len(written), folder, clientsOfNames),
				fmt.Sprintf("%d of them are missing, such as %s", len(missing), strings.TrimPrefix(missing[0], folder+"/")))
		}
		return true, nil
	})
}

// writtenAtOnce writes a sample beside itself by many clients, under many names each, and
// returns the paths that were accepted.
func (w *world) writtenAtOnce(ctx context.Context, mount string, sample Sample) ([]string, error) {
	body, err := json.Marshal(sample.Data)
	if err != nil {
		return nil, err
	}
	accepted := make([][]string, clientsOfNames)
	err = sideBySide(clientsOfNames, func(client int) error {
		for n := range namesOfClient {
			beside := fmt.Sprintf("%s-%d-%d", sample.Path, client, n)
			path, err := w.outgoing(w.below(mount, beside))
			if err != nil {
				return err
			}
			got, err := w.ask(ctx, request{method: http.MethodPost, path: path, token: w.server.Token(), body: string(body)})
			if err != nil {
				return err
			}
			if got.ok() {
				accepted[client] = append(accepted[client], beside)
			}
		}
		return nil
	})
	return slices.Concat(accepted...), err
}

// samplesShown wants the reads of the samples to have each field that was written. Secrets,
// and what is an object, may be left out.
func (w *world) samplesShown() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	return w.eachReadable("no sample with fields that the plugin documents is read back", func(trial sampleTrial, operation Operation) (bool, error) {
		if trial.first == nil {
			return false, nil
		}
		shown := fieldsOf(trial.first.answer)
		shows := func(field string) bool { _, has := shown[field]; return has }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(trial.sample.Data)), shows) {
			return false, nil // it has a form of its own
		}
		for _, field := range operation.Body {
			if value, written := trial.sample.Data[field.Name]; written && !profile.mayHide(field, value) && !shows(field.Name) {
				return true, mismatch(fmt.Sprintf("%s in the read of %s, where it was written", field.Name, trial.sample.Path), describeAnswer(trial.first.answer))
			}
		}
		return true, nil
	})
}

// mayHide reports whether a plugin may leave a field with that value out of its reads.
func (p *Profile) mayHide(field Field, value any) bool {
	_, object := value.(map[string]any)
	return object || emptyValue(render(value)) || field.Sensitive || slices.Contains(p.Secrets, field.Name) || LooksSecret(field.Name)
}
