// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
)

// keepSetup keeps of the setup what is read back below a mount.
func (w *world) keepSetup(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	document, err := w.document()
	if err != nil {
		return nil //nolint:nilerr // without a document nobody knows what can be read
	}
	w.keptSetup = make(map[string]map[string]string)
	for _, write := range installed.subject.Profile.Setup {
		if _, reads := document.Find(http.MethodGet, write.Path); !reads {
			continue
		}
		first, err := w.readSample(ctx, w.below(mount, write.Path))
		if err != nil {
			return err
		}
		kept := fieldsOf(first)
		maps.DeleteFunc(kept, func(name, value string) bool {
			_, written := write.Data[name]
			return !written || emptyValue(value)
		})
		if len(kept) > 0 {
			w.keptSetup[write.Path] = kept
		}
	}
	return nil
}

// setupRead wants what was read of the setup before.
func (w *world) setupRead(ctx context.Context, mount string) error {
	return w.keptRead(ctx, mount, w.keptSetup)
}

// setupUnseen wants nothing of the shared mount's setup at a fresh mount.
func (w *world) setupUnseen(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if reason := installed.notSetUp(); reason != "" {
		return &NotCheckedError{Reason: reason}
	}
	document, err := w.document()
	if err != nil {
		return err
	}
	deadly, err := w.deadlyReads()
	if err != nil {
		return err
	}
	if err := w.keepSetup(ctx, installed.mount()); err != nil {
		return err
	}
	compared := false
	for _, at := range slices.Sorted(maps.Keys(w.keptSetup)) {
		// Numbers and the like may be defaults.
		texts := maps.Clone(w.keptSetup[at])
		maps.DeleteFunc(texts, func(_, value string) bool {
			_, err := parseutil.ParseDurationSecond(value)
			return err == nil || value == "true" || len(value) < minSecret
		})
		if len(texts) == 0 {
			continue
		}
		if operation, _ := document.Find(http.MethodGet, at); slices.Contains(deadly, operation.Path) {
			return &NotCheckedError{Reason: "the plugin dies of a read of " + at + " before it is configured, see " + unconfiguredLives}
		}
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, at), ""); err != nil {
			return err
		}
		if w.answer.failed() {
			return &NotCheckedError{Reason: "the plugin fails at a read of " + at + " before it is configured, see " + unconfiguredLives + " and PLG-212"}
		}
		compared = true
		got := w.answer
		shown := fieldsOf(got)
		names := slices.Sorted(maps.Keys(texts))
		if !slices.ContainsFunc(names, func(name string) bool { return shown[name] != texts[name] }) {
			return mismatch(fmt.Sprintf("nothing of %s at a fresh mount, which another mount was set up with", at), describeAnswer(got))
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no text that the setup writes is read back"}
	}
	return nil
}

// unconfiguredLives is the requirement about requests before there is a configuration.
const unconfiguredLives = "PLG-206"

// deadlyReads returns the documented paths of which a read before they are configured
// ends the plugin's process, in a process of its own.
func (w *world) deadlyReads() ([]string, error) {
	if w.suite.config.Installed.subject.Profile.Probe == ProbeOff {
		return nil, nil
	}
	probes, err := w.probed(string(unconfigured))
	if notChecked := new(NotCheckedError); errors.As(err, &notChecked) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	for _, p := range probes {
		if p.died() && p.operation.Method == http.MethodGet {
			found = append(found, p.operation.Path)
		}
	}
	return found, nil
}

// twin is the path of something beside a sample, with a name that begins as its does.
func twin(sample string) string { return sample + "-twin" }

// twinsWritten writes each sample's data beside it too.
func (w *world) twinsWritten(ctx context.Context, mount string) error {
	trials, err := w.readable()
	if err != nil {
		return err
	}
	document, err := w.document()
	if err != nil {
		return err
	}
	w.twins = make(map[string]map[string]string)
	for _, trial := range trials {
		at := twin(trial.sample.Path)
		_, deletes := document.Find(http.MethodDelete, trial.sample.Path)
		operation, ok := document.Find(http.MethodPost, at)
		if !ok || !deletes || len(operation.PathFields) == 0 {
			continue
		}
		if err := w.write(ctx, w.below(mount, at), trial.sample.Data); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue // there may be only one with this data
		}
		got, err := w.readSample(ctx, w.below(mount, at))
		if err != nil {
			return err
		}
		if kept := fieldsOf(got); len(kept) > 0 {
			w.twins[at] = kept
		}
	}
	if len(w.twins) == 0 {
		return &NotCheckedError{Reason: "no sample can be written under a second name and deleted"}
	}
	return nil
}

// twinsRead wants what is beside the deleted samples as it was.
func (w *world) twinsRead(ctx context.Context, mount string) error {
	for _, at := range slices.Sorted(maps.Keys(w.twins)) {
		got, err := w.readSample(ctx, w.below(mount, at))
		if err != nil {
			return err
		}
		if len(fieldsOf(got)) == 0 {
			return mismatch(at+" to be there after something else was deleted", describeAnswer(got))
		}
	}
	return w.setupRead(ctx, mount)
}

// samplesInSeconds wants durations to be read in the unit in which they were written.
func (w *world) samplesInSeconds(ctx context.Context, mount string) error {
	trials, err := w.readable()
	if err != nil {
		return err
	}
	compared := false
	for _, trial := range trials {
		got, err := w.readSample(ctx, w.below(mount, trial.sample.Path))
		if err != nil {
			return err
		}
		shown := fieldsOf(got)
		for _, name := range slices.Sorted(maps.Keys(trial.sample.Data)) {
			written, is := durationField(name, trial.sample.Data[name])
			read, err := strconv.ParseInt(shown[name], 10, 64)
			if !is || err != nil {
				continue
			}
			compared = true
			for unit, of := range map[string]time.Duration{"nanoseconds": time.Nanosecond, "microseconds": time.Microsecond, "milliseconds": time.Millisecond} {
				if time.Duration(read) == written/of {
					return mismatch(fmt.Sprintf("%s=%d at %s, in seconds", name, int64(written/time.Second), trial.sample.Path),
						fmt.Sprintf("%s=%d, which are %s\n%s", name, read, unit, describeAnswer(got)))
				}
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no sample has a duration, such as ttl: 60s, that is read back as a number"}
	}
	return nil
}

// durationField returns the duration that a field of a sample has, and whether it is
// one: it ends in a unit, or its name is that of one.
func durationField(name string, value any) (time.Duration, bool) {
	d, err := parseutil.ParseDurationSecond(value)
	if err != nil || d <= 0 {
		return 0, false
	}
	text, isText := value.(string)
	withUnit := isText && strings.TrimRight(text, "smhd") != text
	return d, withUnit || strings.HasSuffix(name, "ttl") || strings.HasSuffix(name, "period")
}

// updatesKeepTheRest writes the updates and wants the fields that they do not name as
// they were. A path that has PATCH, or does not tell create from update, replaces.
func (w *world) updatesKeepTheRest(ctx context.Context, mount string) error {
	trials, err := w.readable()
	if err != nil {
		return err
	}
	document, err := w.document()
	if err != nil {
		return err
	}
	compared := false
	for _, trial := range trials {
		sample := trial.sample
		operation, _ := document.Find(http.MethodPost, sample.Path)
		if !trial.updates() || document.replaces(sample.Path) || len(operation.Body) == 0 {
			continue
		}
		if err := w.mustWrite(ctx, w.below(mount, sample.Path), sample.Update); err != nil {
			return w.seeOr(updates, "the updates are refused", err)
		}
		after, err := w.readSample(ctx, w.below(mount, sample.Path))
		if err != nil {
			return err
		}
		shown := fieldsOf(after)
		for _, name := range slices.Sorted(maps.Keys(w.kept[sample.Path])) {
			_, written := sample.Data[name]
			if _, updated := sample.Update[name]; updated || !written {
				continue
			}
			compared = true
			if want := w.kept[sample.Path][name]; shown[name] != want {
				return mismatch(fmt.Sprintf("%s=%s at %s, which the update did not name", name, want, sample.Path), describeAnswer(after))
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no update leaves a field out, at a path that tells create from update"}
	}
	return nil
}

const updates = "PLG-300"
