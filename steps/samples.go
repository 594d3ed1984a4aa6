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
)

// sampleTrial is a sample of the profile and what came of it on a mount of its own.
type sampleTrial struct {
	sample Sample
	// write is nil if the plugin could not be set up. first is the first read after
	// it; nil if there was none.
	write, first *trial
	// update is nil if the sample has none, or was not read back. Where the path
	// replaces what is there, and an update needs what is beside it, the sample's update
	// has that.
	update *trial
	// kept are the fields that the write changed.
	kept map[string]string
	// blocked is why nothing was written; empty if something was.
	blocked string
}

// unfit returns why the sample can't show whether data is kept, and an empty string
// if it can.
func (t sampleTrial) unfit() string {
	path := t.sample.Path
	switch {
	case t.write == nil:
		return t.blocked
	case t.write.faulty() || t.first.faulty():
		return fmt.Sprintf("the plugin fails at %s, see %s", path, samplesInOrder)
	case len(t.kept) == 0:
		return fmt.Sprintf("nothing of what is written to %s is read back there", path)
	}
	return ""
}

// sampleMount is the path of the mount that the samples are tried on.
func (i *Installed) sampleMount() string { return "samples" + i.suffix }

// trySamples writes each sample on a mount of its own and reads it back.
func (i *Installed) trySamples(ctx context.Context) ([]sampleTrial, error) {
	var trials []sampleTrial
	for _, sample := range i.subject.Profile.Samples {
		trials = append(trials, sampleTrial{sample: sample, blocked: i.notSetUp()})
	}
	if i.fault != nil || len(trials) == 0 {
		return trials, nil
	}
	_, at := i.subject.MountPaths()
	mounted, err := i.mountAt(ctx, i.timeout, i.name(), i.sampleMount())
	if err != nil {
		return nil, err
	}
	if mounted.err != nil || mounted.refused() {
		return blocked(trials, "the plugin can't be mounted a second time, see "+anotherMount), nil
	}
	at += i.sampleMount() + "/"
	for _, write := range i.subject.Profile.Setup {
		if tried := i.write(ctx, at+write.Path, write); tried.faulty() {
			return blocked(trials, "the plugin can't be mounted and set up a second time, see "+anotherMount), nil
		}
	}
	for n := range trials {
		i.trySample(ctx, at, &trials[n])
	}
	return trials, nil
}

func blocked(trials []sampleTrial, reason string) []sampleTrial {
	for n := range trials {
		trials[n].blocked = reason
	}
	return trials
}

func (i *Installed) trySample(ctx context.Context, at string, t *sampleTrial) {
	path := at + t.sample.Path
	read := func() *trial {
		tried := i.try(ctx, i.timeout, request{method: http.MethodGet, path: path})
		tried.path = t.sample.Path
		return tried
	}
	before := read()
	t.write = i.write(ctx, path, Write{Path: t.sample.Path, Data: t.sample.Data})
	i.noteUnanswered(t.write, http.MethodPost, path, samplesInOrder)
	if t.write.faulty() || t.write.refused() {
		return
	}
	t.first = read()
	i.noteUnanswered(t.first, http.MethodGet, path, samplesInOrder)
	if t.first.faulty() {
		return
	}
	var earlier *answer
	if before.err == nil {
		earlier = before.answer
	}
	t.kept = changedFields(earlier, t.first.answer)
	if t.sample.Update != nil {
		i.tryUpdate(ctx, path, t)
	}
}

// tryUpdate writes the update of a sample.
func (i *Installed) tryUpdate(ctx context.Context, path string, t *sampleTrial) {
	write := func(data map[string]any) { t.update = i.write(ctx, path, Write{Path: t.sample.Path, Data: data}) }
	write(t.sample.Update)
	i.noteUnanswered(t.update, http.MethodPost, path, acceptsUpdates)
	if !t.update.refused() || t.update.faulty() {
		return
	}
	whole := maps.Clone(t.sample.Data)
	maps.Copy(whole, t.sample.Update)
	if document, err := i.document(); err == nil && document.replaces(t.sample.Path) {
		t.sample.Update = whole
		write(whole)
	} else if repeated := i.write(ctx, path, Write{Path: t.sample.Path, Data: whole}); repeated.err == nil && repeated.answer.ok() {
		t.update.repeats = true
	}
}

// noteUnanswered notes what gets no answer, which a requirement is about.
func (i *Installed) noteUnanswered(tried *trial, method, path, requirement string) {
	if errors.Is(tried.err, ErrNoAnswer) {
		i.patience.note(i.subject.operationOf(request{method: method, path: path}), requirement)
	}
}

// fieldsOf returns the fields of an answer's data as texts; none for an answer
// that is not a success.
func fieldsOf(a *answer) map[string]string {
	fields := make(map[string]string)
	if a == nil || a.status != http.StatusOK {
		return fields
	}
	data, _ := a.lookup("data")
	object, _ := data.(map[string]any)
	for name, value := range object {
		fields[name] = render(value)
	}
	return fields
}

// changedFields returns the fields of an answer that an earlier one does not have
// with the same values.
func changedFields(before, after *answer) map[string]string {
	earlier := fieldsOf(before)
	changed := fieldsOf(after)
	maps.DeleteFunc(changed, func(name, value string) bool {
		was, had := earlier[name]
		return had && was == value
	})
	return changed
}

// emptyValue reports whether a rendered value says nothing: a plugin may show it
// for what was never written.
func emptyValue(text string) bool {
	return slices.Contains([]string{"", "null", "0", "false", "[]", "{}"}, text)
}

// samplesWritten writes every sample that can be read back. What the first reads
// afterwards show is what has to be kept: plugins normalise what they store, and
// do not show secrets.
func (w *world) samplesWritten(ctx context.Context, mount string) error {
	trials, err := w.readable()
	if err != nil {
		return err
	}
	w.kept = make(map[string]map[string]string)
	for _, trial := range trials {
		path := w.below(mount, trial.sample.Path)
		if err := w.mustWrite(ctx, path, trial.sample.Data); err != nil {
			return err
		}
		first, err := w.readSample(ctx, path)
		if err != nil {
			return err
		}
		second, err := w.readSample(ctx, path)
		if err != nil {
			return err
		}
		kept, again := fieldsOf(first), fieldsOf(second)
		// What no write changes shows nothing, nor does what changes by itself, such
		// as the time that is left.
		maps.DeleteFunc(kept, func(name, value string) bool {
			_, changed := trial.kept[name]
			return !changed || again[name] != value
		})
		if len(kept) > 0 {
			w.kept[trial.sample.Path] = kept
		}
	}
	if len(w.kept) == 0 {
		return &NotCheckedError{Reason: "nothing of what is written to the samples' paths is read back on this mount"}
	}
	return w.keepSetup(ctx, mount)
}

func (w *world) readSample(ctx context.Context, path string) (*answer, error) {
	if err := w.asRoot(ctx, http.MethodGet, path, ""); err != nil {
		return nil, err
	}
	if w.answer.failed() {
		return nil, mismatch("an answer without a server error", describeAnswer(w.answer))
	}
	return w.answer, nil
}

// samplesRead wants what the first reads after the writes showed, also of the setup.
func (w *world) samplesRead(ctx context.Context, mount string) error {
	if err := w.keptRead(ctx, mount, w.kept); err != nil {
		return err
	}
	return w.setupRead(ctx, mount)
}

// keptRead wants fields to be read as they were.
func (w *world) keptRead(ctx context.Context, mount string, kept map[string]map[string]string) error {
	for _, path := range slices.Sorted(maps.Keys(kept)) {
		got, err := w.readSample(ctx, w.below(mount, path))
		if err != nil {
			return err
		}
		fields := fieldsOf(got)
		for _, name := range slices.Sorted(maps.Keys(kept[path])) {
			if want := kept[path][name]; fields[name] != want {
				return mismatch(fmt.Sprintf("%s=%s at %s, as the first read after the write showed it", name, want, path), describeAnswer(got))
			}
		}
	}
	return nil
}

// samplesUnseen ends the scenario if a mount shows what was written to others
// already: another requirement is about that.
func (w *world) samplesUnseen(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	trials, err := installed.samples()
	if err != nil {
		return err
	}
	w.kept = make(map[string]map[string]string)
	for _, trial := range trials {
		w.kept[trial.sample.Path] = trial.kept
	}
	failure := new(Failure)
	if err := w.samplesMissing(ctx, mount); errors.As(err, &failure) {
		return &NotCheckedError{Reason: "a fresh mount shows what was written to another, see PLG-020"}
	}
	return nil
}

// samplesMissing wants none of what the first reads after the writes showed.
func (w *world) samplesMissing(ctx context.Context, mount string) error {
	compared := false
	for _, path := range slices.Sorted(maps.Keys(w.kept)) {
		got, err := w.readSample(ctx, w.below(mount, path))
		if err != nil {
			return err
		}
		fields := fieldsOf(got)
		for _, name := range slices.Sorted(maps.Keys(w.kept[path])) {
			value := w.kept[path][name]
			if emptyValue(value) {
				continue
			}
			compared = true
			if fields[name] == value {
				return mismatch(fmt.Sprintf("no %s=%s at %s, which was written elsewhere", name, value, path), describeAnswer(got))
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "what is read back at the samples' paths are empty values only"}
	}
	return nil
}

// samplesAccepted wants no server error from the profile's samples.
func (w *world) samplesAccepted(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	trials, err := installed.samples()
	if err != nil {
		return err
	}
	if len(trials) == 0 {
		return &NotCheckedError{Reason: installed.subject.Profile.missing(Samples)}
	}
	for _, trial := range trials {
		for _, tried := range []*trialOf{{"POST", trial.write}, {"GET", trial.first}} {
			if tried.trial == nil {
				continue
			}
			if tried.faulty() {
				return w.trialFailed(ctx, tried.method, tried.trial)
			}
		}
		if trial.write == nil {
			return &NotCheckedError{Reason: trial.unfit()}
		}
	}
	return nil
}

// trialOf is a trial with its request's method.
type trialOf struct {
	method string
	*trial
}

// setupAccepted wants no server error from the profile's setup.
func (w *world) setupAccepted(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	switch installed.faultAt {
	case answers:
		return &NotCheckedError{Reason: installed.notSetUp()}
	case setsUp:
		return w.trialFailed(ctx, http.MethodPost, installed.fault)
	}
	return nil
}

// firstAnswered wants no server error from the plugin's first request.
func (w *world) firstAnswered(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if installed.faultAt == answers {
		return w.trialFailed(ctx, http.MethodGet, installed.fault)
	}
	return nil
}

// trialFailed is the mismatch for a request that was sent before the scenario.
func (w *world) trialFailed(ctx context.Context, method string, tried *trial) error {
	// The crash is of before the scenario.
	if installed := w.suite.config.Installed; w.subject == "" {
		w.subject, w.since = installed.name(), installed.begun
		if _, err := w.ensureServer(ctx); err != nil {
			return err
		}
	}
	_, at := w.suite.config.Installed.subject.MountPaths()
	sent := request{method: method, path: at + w.suite.config.Installed.mount() + "/" + tried.path}
	if len(tried.data) > 0 {
		body, err := json.Marshal(tried.data)
		if err != nil {
			return err
		}
		sent.body = w.mask(string(body)) // before it is shortened
	}
	w.exchanges = append(w.exchanges, w.mask(w.names.in(describeRequest(sent)+"\n"+tried.got())))
	return &Failure{Wanted: fmt.Sprintf("%s, to %s %s", tried.wanted(), method, tried.path), Got: tried.got(), Remedy: tried.remedy()}
}
