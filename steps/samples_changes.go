// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
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

// updates reports whether the sample has an update that the plugin accepts.
func (t sampleTrial) updates() bool {
	return t.sample.Update != nil && t.update != nil && !t.update.faulty() && !t.update.refused()
}

// updatesAccepted wants a success of the updates that the profile has.
func (w *world) updatesAccepted(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	trials, err := w.readable()
	if err != nil {
		return err
	}
	tried := false
	for _, trial := range trials {
		if trial.update == nil {
			continue
		}
		tried = true
		update := trial.update
		update.rejected = update.refused()
		if !update.faulty() {
			continue
		}
		err := w.trialFailed(ctx, http.MethodPost, update)
		if failure := new(Failure); update.repeats && errors.As(err, &failure) {
			failure.Got += "\nand a success if the update repeats all that was written before"
			failure.Remedy = "" // the requirement has it
		}
		return err
	}
	if !tried {
		return &NotCheckedError{Reason: installed.subject.Profile.missing(SampleUpdates)}
	}
	return nil
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
		if !trial.updates() {
			continue
		}
		at := w.below(mount, trial.sample.Path)
		before, err := w.readSample(ctx, at)
		if err != nil {
			return err
		}
		if err := w.mustWrite(ctx, at, trial.sample.Update); err != nil {
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
		if _, setup := w.keptSetup[trial.sample.Path]; setup {
			w.keptSetup[trial.sample.Path] = is
		}
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
	deleted, unchecked := 0, "the plugin documents no DELETE of a sample's path"
	for _, sample := range slices.Sorted(maps.Keys(w.kept)) {
		if _, ok := document.Find(http.MethodDelete, sample); !ok {
			delete(w.kept, sample)
			continue
		}
		if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, sample), ""); err != nil {
			return err
		}
		if w.answer.ok() {
			deleted++
			continue
		}
		refused := w.answer
		if protected, err := w.protected(ctx, mount, sample); err != nil {
			return err
		} else if !protected {
			return w.seeOr(deletes, "the samples can't be deleted", mismatch("DELETE of "+sample+" to succeed, as it is documented", describeAnswer(refused)))
		}
		delete(w.kept, sample)
		unchecked = "the plugin refuses to delete " + sample
	}
	if deleted == 0 {
		return &NotCheckedError{Reason: unchecked}
	}
	return nil
}

const deletes = "PLG-301"

// protected reports whether the last answer is a refusal to delete a sample, as of a key
// whose deletion is not allowed. A plugin that does not find what it has stored says the
// same of a name to which nothing was written.
func (w *world) protected(ctx context.Context, mount, sample string) (bool, error) {
	refused := w.answer
	if refused.status != http.StatusBadRequest && refused.status != http.StatusForbidden {
		return false, nil
	}
	if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, beside(sample, nobody)), ""); err != nil {
		return false, err
	}
	_, name, _ := cutLast(sample)
	said := func(of *answer, name string) string {
		errors, _ := of.lookup("errors")
		return strings.ReplaceAll(render(errors), name, nobody)
	}
	return said(refused, name) != said(w.answer, nobody), nil
}

// samplesListed wants each sample's name in the list of what is beside it: relative,
// without the path before it.
func (w *world) samplesListed(ctx context.Context, mount string) error {
	listed, err := w.listSamples(ctx, mount, func(parent, name string, listed bool) error {
		if !listed {
			return mismatch(fmt.Sprintf("%q in the list of %s, relative to it", name, parent), describeAnswer(w.answer))
		}
		return nil
	})
	if err == nil && listed == 0 {
		return &NotCheckedError{Reason: "the plugin documents no list of the folder of a sample's path"}
	}
	return err
}

// samplesUnlisted wants no name of what was deleted in a list.
func (w *world) samplesUnlisted(ctx context.Context, mount string) error {
	listed, err := w.listSamples(ctx, mount, func(parent, name string, listed bool) error {
		if listed {
			return mismatch(fmt.Sprintf("no %q in the list of %s after it was deleted", name, parent), describeAnswer(w.answer))
		}
		return nil
	})
	if err == nil && listed == 0 {
		return &NotCheckedError{Reason: "the plugin documents no list of the folder of a sample's path that can be deleted"}
	}
	return err
}

// listSamples asks for the list of the folder of each sample, where the plugin documents
// it, has judge look whether the name is in it, and returns how many it asked for.
func (w *world) listSamples(ctx context.Context, mount string, judge func(parent, name string, listed bool) error) (asked int, err error) {
	document, err := w.document()
	if err != nil {
		return 0, err
	}
	for _, sample := range slices.Sorted(maps.Keys(w.kept)) {
		parent, ok := document.listOf(sample)
		if !ok {
			continue
		}
		_, name, _ := cutLast(sample)
		asked++
		if err := w.asRoot(ctx, "LIST", w.below(mount, parent), ""); err != nil {
			return asked, err
		}
		keys, _ := w.answer.lookup("data.keys")
		if err := judge(parent, name, slices.Contains(asTexts(keys), name)); err != nil {
			return asked, err
		}
	}
	return asked, nil
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
		if !ok || !operation.Creates || operation.Open {
			continue // no token is looked at where none is needed
		}
		if slices.ContainsFunc(w.suite.config.Installed.subject.Profile.Setup, func(write Write) bool { return write.Path == trial.sample.Path }) {
			continue // the setup created it
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
	if err := w.makeTokenWith(ctx, name, path, "create"); err != nil {
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
