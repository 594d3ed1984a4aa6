// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// readable returns the samples that can be read back.
func (w *world) readable() ([]sampleTrial, error) {
	installed, err := w.installed()
	if err != nil {
		return nil, err
	}
	trials, err := installed.samples()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(trials), func(t sampleTrial) bool { return t.unfit() != "" }), nil
}

// samplesUpdated writes the updates of the samples and wants the reads after them
// to show another value of at least one of the fields that an update names. What
// they show is what has to be kept from then on.
func (w *world) samplesUpdated(ctx context.Context, mount string) error {
	trials, err := w.readable()
	if err != nil {
		return err
	}
	compared := false
	for _, trial := range trials {
		if trial.sample.Update == nil {
			continue
		}
		at := w.below(mount, trial.sample.Path)
		before, err := w.readSample(ctx, at)
		if err != nil {
			return err
		}
		body, err := json.Marshal(trial.sample.Update)
		if err != nil {
			return err
		}
		if err := w.must(ctx, http.MethodPost, at, verbatim(string(body))); err != nil {
			return err
		}
		after, err := w.readSample(ctx, at)
		if err != nil {
			return err
		}
		was, is := fieldsOf(before), fieldsOf(after)
		shown := slices.DeleteFunc(slices.Sorted(maps.Keys(trial.sample.Update)), func(name string) bool { _, ok := is[name]; return !ok })
		if len(shown) == 0 {
			continue // none of its fields is shown, under its own name at least
		}
		compared = true
		changed := slices.ContainsFunc(shown, func(name string) bool { return is[name] != was[name] })
		if !changed {
			return mismatch(fmt.Sprintf("another value of %s at %s after the update", strings.Join(shown, ", "), trial.sample.Path), describeAnswer(after))
		}
		w.kept[trial.sample.Path] = is
	}
	if !compared {
		return &NotCheckedError{Reason: "no field of an update is read back at its path"}
	}
	return nil
}

// samplesDeleted deletes the samples of which the plugin's document has the
// operation.
func (w *world) samplesDeleted(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	deleted := 0
	for _, sample := range slices.Sorted(maps.Keys(w.kept)) {
		if _, ok := document.Find(http.MethodDelete, sample); !ok {
			delete(w.kept, sample)
			continue
		}
		deleted++
		if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, sample), ""); err != nil {
			return err
		}
		if !w.answer.ok() {
			return mismatch("DELETE of "+sample+" to succeed, as it is documented", describeAnswer(w.answer))
		}
	}
	if deleted == 0 {
		return &NotCheckedError{Reason: "the plugin documents no DELETE of a sample's path"}
	}
	return nil
}

// samplesListed wants each sample's name in the list of what is beside it: relative,
// without the path before it.
func (w *world) samplesListed(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	listed := 0
	for _, sample := range slices.Sorted(maps.Keys(w.kept)) {
		parent, name := path.Split(sample)
		parent = strings.TrimSuffix(parent, "/")
		if _, ok := document.Find("LIST", parent); !ok || parent == "" {
			continue
		}
		listed++
		if err := w.asRoot(ctx, "LIST", w.below(mount, parent), ""); err != nil {
			return err
		}
		keys, _ := w.answer.lookup("data.keys")
		if !slices.Contains(asTexts(keys), name) {
			return mismatch(fmt.Sprintf("%q in the list of %s, relative to it", name, parent), describeAnswer(w.answer))
		}
	}
	if listed == 0 {
		return &NotCheckedError{Reason: "the plugin documents no list of the folder of a sample's path"}
	}
	return nil
}

// samplesCreatedOnce writes samples with a token that may create and not update:
// servers ask the plugin's existence check which of the two a write is.
func (w *world) samplesCreatedOnce(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	trials, err := w.readable()
	if err != nil {
		return err
	}
	checked := 0
	for _, trial := range trials {
		operation, ok := document.Find(http.MethodPost, trial.sample.Path)
		if !ok || !operation.Creates {
			continue
		}
		checked++
		if err := w.createdOnce(ctx, w.below(mount, trial.sample.Path), trial.sample); err != nil {
			return err
		}
	}
	if checked == 0 {
		return &NotCheckedError{Reason: "no sample's path makes a difference between create and update"}
	}
	return nil
}

func (w *world) createdOnce(ctx context.Context, at string, sample Sample) error {
	body, err := json.Marshal(sample.Data)
	if err != nil {
		return err
	}
	const name = "creator"
	path, err := w.outgoing(at)
	if err != nil {
		return err
	}
	policy, err := json.Marshal(map[string]string{"policy": fmt.Sprintf("path %q { capabilities = [\"create\"] }", path)})
	if err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodPut, "sys/policies/acl/"+name, verbatim(string(policy))); err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodPost, "auth/token/create", fmt.Sprintf(`{"policies": [%q], "ttl": "1h"}`, name)); err != nil {
		return err
	}
	if err := w.iKeep("auth.client_token", name); err != nil {
		return err
	}
	for _, try := range []struct {
		wanted string
		status func(int) bool
	}{
		{"a token that may create to write what does not exist", func(status int) bool { return status < 300 }},
		{"a token that may only create to be refused what exists", func(status int) bool { return status == http.StatusForbidden }},
	} {
		if err := w.send(ctx, request{method: http.MethodPost, path: at, token: w.saved[name], body: verbatim(string(body))}); err != nil {
			return err
		}
		if !try.status(w.answer.status) {
			return mismatch(fmt.Sprintf("%s, at %s", try.wanted, sample.Path), describeAnswer(w.answer))
		}
	}
	return nil
}
