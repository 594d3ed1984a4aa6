// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// eachReadable does something for each sample that can be read back, below a mount, and
// ends the scenario as not checked if nothing was done for any.
func (w *world) eachReadable(unchecked string, do func(trial sampleTrial, operation Operation) (done bool, err error)) error {
	trials, err := w.readable()
	if err != nil {
		return err
	}
	document, err := w.document()
	if err != nil {
		return err
	}
	checked := false
	for _, trial := range trials {
		operation, _ := document.Find(http.MethodPost, trial.sample.Path)
		done, err := do(trial, operation)
		if err != nil {
			return err
		}
		checked = checked || done
	}
	if !checked {
		return &NotCheckedError{Reason: unchecked}
	}
	return nil
}

// beside returns the path of something of another name in the folder of a sample.
func beside(sample, name string) string {
	folder, _, _ := cutLast(sample)
	return folder + "/" + name
}

// samplesWrittenTwice writes the samples once more and wants the fields that they name as
// they were.
func (w *world) samplesWrittenTwice(ctx context.Context, mount string) error {
	return w.eachReadable("the plugin accepts no sample twice", func(trial sampleTrial, _ Operation) (bool, error) {
		sample := trial.sample
		if err := w.write(ctx, w.below(mount, sample.Path), sample.Data); err != nil || !w.answer.ok() {
			return false, err
		}
		again, err := w.readSample(ctx, w.below(mount, sample.Path))
		if err != nil {
			return false, err
		}
		shown := fieldsOf(again)
		for _, name := range slices.Sorted(maps.Keys(w.kept[sample.Path])) {
			_, written := sample.Data[name]
			if want := w.kept[sample.Path][name]; written && shown[name] != want {
				return false, mismatch(fmt.Sprintf("%s=%s at %s also after the same was written once more", name, want, sample.Path), describeAnswer(again))
			}
		}
		return true, nil
	})
}

// emptied returns what takes a value of a sample back, and how its field is then read; ok
// is false where nobody can tell.
func emptied(shown string) (empty any, fits func(read string) bool, ok bool) {
	still := func(read string) bool { return read != shown }
	switch shown {
	case "", "null", "false", "0", "[]", "{}":
		return nil, nil, false
	case "true":
		return false, func(read string) bool { return read == "false" || read == "" || read == "null" }, true
	}
	if _, err := strconv.ParseFloat(shown, 64); err == nil {
		return 0, still, true
	}
	if strings.HasPrefix(shown, "[") {
		return []any{}, still, true
	}
	return nil, nil, false
}

// samplesEmptied takes each boolean, number and list of the samples back, and wants what
// the plugin accepts to be read.
func (w *world) samplesEmptied(ctx context.Context, mount string) error {
	return w.eachReadable("no sample has a boolean, a number or a list that is read back and may be taken back", func(trial sampleTrial, _ Operation) (done bool, err error) {
		sample := trial.sample
		for _, name := range slices.Sorted(maps.Keys(sample.Data)) {
			empty, fits, ok := emptied(w.kept[sample.Path][name])
			if !ok {
				continue
			}
			changed := maps.Clone(sample.Data)
			changed[name] = empty
			if err := w.write(ctx, w.below(mount, sample.Path), changed); err != nil {
				return done, err
			}
			if warnings, _ := w.answer.lookup("warnings"); !w.answer.ok() || len(asTexts(warnings)) > 0 {
				continue // it may be required, or said to be ignored
			}
			after, err := w.readSample(ctx, w.below(mount, sample.Path))
			if err != nil {
				return done, err
			}
			done = true
			if read := fieldsOf(after)[name]; !fits(read) {
				text, err := json.Marshal(empty)
				return done, mismatch(fmt.Sprintf("another %s at %s than %s after %s was accepted for it", name, sample.Path, read, textOr(text, err)), describeAnswer(after))
			}
		}
		return done, nil
	})
}

// textOr returns the text, or that of the error.
func textOr(text []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// samplesWithUnits writes the durations of the samples with a unit, and wants what the
// plugin accepts to be read as the same.
func (w *world) samplesWithUnits(ctx context.Context, mount string) error {
	return w.eachReadable("no sample has a duration that is read back as a number, and accepted with a unit", func(trial sampleTrial, _ Operation) (done bool, err error) {
		sample := trial.sample
		for _, name := range slices.Sorted(maps.Keys(sample.Data)) {
			written, is := durationField(name, sample.Data[name])
			if _, err := strconv.ParseInt(w.kept[sample.Path][name], 10, 64); err != nil || !is || written%time.Second != 0 {
				continue
			}
			if w.kept[sample.Path][name] != strconv.FormatInt(int64(written/time.Second), 10) {
				continue // another requirement is about what is not in seconds
			}
			changed := maps.Clone(sample.Data)
			changed[name] = fmt.Sprintf("%dm", int64(written/time.Second))
			if err := w.write(ctx, w.below(mount, sample.Path), changed); err != nil {
				return done, err
			}
			if !w.answer.ok() {
				continue // too long, or without units
			}
			after, err := w.readSample(ctx, w.below(mount, sample.Path))
			if err != nil {
				return done, err
			}
			done = true
			want := strconv.FormatInt(60*int64(written/time.Second), 10)
			if read := fieldsOf(after)[name]; read != want {
				return done, mismatch(fmt.Sprintf("%s=%s at %s after %s was accepted for it", name, want, sample.Path, changed[name]), describeAnswer(after))
			}
		}
		return done, nil
	})
}

// samplesAbsent reads names that nothing was written to where the plugin says what
// exists, and wants no success.
func (w *world) samplesAbsent(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	return w.eachReadable("no sample's path has a name and makes a difference between create and update", func(trial sampleTrial, operation Operation) (bool, error) {
		at := beside(trial.sample.Path, nobody)
		if other, ok := document.Find(http.MethodPost, at); !ok || !operation.Creates || len(operation.PathFields) == 0 || other.Path != operation.Path {
			return false, nil
		}
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, at), ""); err != nil {
			return false, err
		}
		if w.answer.status == http.StatusOK {
			return false, mismatch("no success of a read of "+at+", to which nothing was written", describeAnswer(w.answer))
		}
		return true, nil
	})
}

// samplesRefusedLeaveNothing sends writes that the plugin refuses to the samples' paths on
// a mount where they are not, and wants nothing to be there, and the right data to be taken.
func (w *world) samplesRefusedLeaveNothing(ctx context.Context, mount string) error {
	return w.eachReadable("the plugin refuses no write of a sample with a field less or of a wrong type", func(trial sampleTrial, _ Operation) (done bool, err error) {
		sample := trial.sample
		before, err := w.readSample(ctx, w.below(mount, sample.Path))
		if err != nil {
			return false, err
		}
		for _, data := range spoilt(sample.Data) {
			if err := w.write(ctx, w.below(mount, sample.Path), data); err != nil {
				return done, err
			}
			if w.answer.ok() {
				// Something is there now, rightly.
				if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, sample.Path), ""); err != nil || !w.answer.ok() {
					return done, err
				}
				continue
			}
			refused := w.answer
			if refused.failed() {
				continue
			}
			after, err := w.readSample(ctx, w.below(mount, sample.Path))
			if err != nil {
				return done, err
			}
			done = true
			if changed := changedFields(before, after); len(changed) > 0 {
				return done, mismatch(fmt.Sprintf("nothing new at %s after a write that was refused with %d", sample.Path, refused.status), describeAnswer(after))
			}
		}
		if !done {
			return false, nil
		}
		return true, w.mustWrite(ctx, w.below(mount, sample.Path), sample.Data)
	})
}

// spoilt returns the data of a sample with an object in place of one field after the
// other, then without them.
func spoilt(data map[string]any) []map[string]any {
	var found []map[string]any
	for _, wrong := range []any{map[string]any{"plugproof": []any{}}, nil} {
		for _, name := range slices.Sorted(maps.Keys(data)) {
			changed := maps.Clone(data)
			if delete(changed, name); wrong != nil {
				changed[name] = wrong
			}
			found = append(found, changed)
		}
	}
	return append(found, map[string]any{})
}

// samplesInCapitals writes the samples under names in capitals, and wants them to be read,
// and gone when they are deleted, under the same.
func (w *world) samplesInCapitals(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	return w.eachReadable("no sample's path ends with a name that may have capitals", func(trial sampleTrial, operation Operation) (bool, error) {
		_, name, _ := cutLast(trial.sample.Path)
		at := beside(trial.sample.Path, "Plugproof-"+strings.ToUpper(name))
		if other, ok := document.Find(http.MethodPost, at); !ok || len(operation.PathFields) == 0 || other.Path != operation.Path {
			return false, nil
		}
		if err := w.write(ctx, w.below(mount, at), trial.sample.Data); err != nil || !w.answer.ok() {
			return false, err // such names may be refused, or there may be only one with this data
		}
		read, err := w.readSample(ctx, w.below(mount, at))
		if err != nil {
			return false, err
		}
		if len(fieldsOf(read)) == 0 {
			return false, mismatch("what was written to "+at+" to be read there", describeAnswer(read))
		}
		if _, deletes := document.Find(http.MethodDelete, at); !deletes {
			return true, nil
		}
		if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, at), ""); err != nil || !w.answer.ok() {
			return false, err
		}
		left, err := w.readSample(ctx, w.below(mount, at))
		if err != nil {
			return false, err
		}
		if maps.Equal(fieldsOf(left), fieldsOf(read)) {
			return false, mismatch("nothing at "+at+" after it was deleted", describeAnswer(left))
		}
		return true, nil
	})
}

// samplesListedLater lists the folders of the samples, writes others beside them, and wants
// those to be listed.
func (w *world) samplesListedLater(ctx context.Context, mount string) error {
	nothing := func(string, string, bool) error { return nil }
	if listed, err := w.listSamples(ctx, mount, nothing); err != nil {
		return err
	} else if listed == 0 {
		return &NotCheckedError{Reason: "the plugin documents no list of the folder of a sample's path"}
	}
	if err := w.twinsWritten(ctx, mount); err != nil {
		return err
	}
	w.kept = w.twins
	_, err := w.listSamples(ctx, mount, func(parent, name string, listed bool) error {
		if !listed {
			return mismatch(fmt.Sprintf("%q in the list of %s, where it was written after the list was asked for before", name, parent), describeAnswer(w.answer))
		}
		return nil
	})
	return err
}

// samplesPatched patches the samples where the plugin documents that, and wants what the
// patch does not name as it was.
func (w *world) samplesPatched(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	return w.eachReadable("the plugin documents no PATCH of a sample's path with an update", func(trial sampleTrial, _ Operation) (bool, error) {
		sample := trial.sample
		if _, patches := document.Find(http.MethodPatch, sample.Path); !patches || sample.Update == nil {
			return false, nil
		}
		if err := w.patch(ctx, w.below(mount, sample.Path), sample.Update); err != nil {
			return false, err
		}
		if !w.answer.ok() {
			return false, mismatch("a patch of "+sample.Path+" with the update of the profile to succeed, as it is documented", describeAnswer(w.answer))
		}
		after, err := w.readSample(ctx, w.below(mount, sample.Path))
		if err != nil {
			return false, err
		}
		shown, before := fieldsOf(after), w.kept[sample.Path]
		updated := false
		for _, name := range slices.Sorted(maps.Keys(before)) {
			_, named := sample.Update[name]
			_, written := sample.Data[name]
			switch {
			case named && shown[name] != before[name]:
				updated = true
			case !named && written && shown[name] != before[name]:
				return false, mismatch(fmt.Sprintf("%s=%s at %s, which the patch did not name", name, before[name], sample.Path), describeAnswer(after))
			}
		}
		if !updated && slices.ContainsFunc(slices.Collect(maps.Keys(sample.Update)), func(name string) bool { return before[name] != "" }) {
			return false, mismatch("another value at "+sample.Path+" after the patch", describeAnswer(after))
		}
		return true, nil
	})
}

// patch sends a JSON merge patch.
//
// Source: https://developer.hashicorp.com/vault/api-docs#api-operations
func (w *world) patch(ctx context.Context, path string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/merge-patch+json"}}
	return w.send(ctx, request{method: http.MethodPatch, path: path, token: server.Token(), body: verbatim(string(body)), header: header})
}
