// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// writesFail makes the writes of the plugin at a mount fail.
func (w *world) writesFail(ctx context.Context, mount string) error {
	w.revocationIsTheMatter = true
	return w.failStorage(ctx, mount, FailWrites, true)
}

// writesSucceed lets them succeed again.
func (w *world) writesSucceed(ctx context.Context, mount string) error {
	return w.failStorage(ctx, mount, FailWrites, false)
}

// readsFail makes the reads of the plugin at a mount fail.
func (w *world) readsFail(ctx context.Context, mount string) error {
	return w.failStorage(ctx, mount, FailReads, true)
}

// failStorage changes what fails, and notes how often it did.
func (w *world) failStorage(ctx context.Context, mount string, change func(context.Context, Server, string, bool) (int64, error), fail bool) error {
	path, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return err
	}
	w.refused, err = change(ctx, w.server, path, fail)
	return err
}

// writesReported sends the profile's samples while writes fail, and wants errors
// where the plugin tried to write.
func (w *world) writesReported(ctx context.Context, mount string) error {
	tried := false
	err := w.eachSample(ctx, mount, func(sent *trial, _ string) error {
		before := w.refused
		if err := w.writesFail(ctx, mount); err != nil { // it returns the number
			return err
		}
		if sent.err != nil || w.refused == before {
			return nil
		}
		tried = true
		if !sent.refused() {
			return mismatch(fmt.Sprintf("an error for a write to %s that the storage refused", sent.path), strings.TrimSpace(sent.got()))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin writes nothing to its storage for the profile's samples"}
	}
	return nil
}

// readsReported reads the samples that were written while reads fail, and wants errors
// where the plugin tried to read. A plugin may answer from a cache what it knows.
func (w *world) readsReported(ctx context.Context, mount string) error {
	tried := false
	for _, sample := range slices.Sorted(maps.Keys(w.kept)) {
		before := w.refused
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, sample), ""); err != nil {
			return err
		}
		if err := w.readsFail(ctx, mount); err != nil { // it returns the number
			return err
		}
		if w.refused == before {
			continue
		}
		tried = true
		shown := fieldsOf(w.answer)
		differs := func(name string) bool { return shown[name] != w.kept[sample][name] }
		if w.answer.status == http.StatusNotFound || w.answer.ok() && slices.ContainsFunc(slices.Collect(maps.Keys(w.kept[sample])), differs) {
			return mismatch(fmt.Sprintf("an error for a read of %s that the storage refused", sample), describeAnswer(w.answer))
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin reads nothing from its storage for the profile's samples"}
	}
	return nil
}

// samplesSent writes every sample that can be read back, whatever comes of it.
func (w *world) samplesSent(ctx context.Context, mount string) error {
	return w.eachSample(ctx, mount, func(*trial, string) error { return nil })
}

// samplesUsable wants every sample that can be read back to be accepted, and something
// to be read then.
func (w *world) samplesUsable(ctx context.Context, mount string) error {
	return w.eachSample(ctx, mount, func(sent *trial, path string) error {
		if sent.err != nil || sent.refused() {
			return mismatch("a write to "+sent.path+" to be accepted", strings.TrimSpace(sent.got()))
		}
		installed, err := w.installed()
		if err != nil {
			return err
		}
		read := installed.ask(ctx, request{method: http.MethodGet, path: path})
		if read.err != nil || read.refused() {
			return mismatch("something to be read at "+sent.path, strings.TrimSpace(read.got()))
		}
		return nil
	})
}

// eachSample writes the samples that can be read back below a mount of the checked
// plugin, each within the time that a request may take.
func (w *world) eachSample(ctx context.Context, mount string, then func(sent *trial, path string) error) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	trials, err := w.readable()
	if err != nil {
		return err
	}
	for _, trial := range trials {
		path, err := w.outgoing(w.below(mount, trial.sample.Path))
		if err != nil {
			return err
		}
		if silent, id := installed.silent(installed.subject.operationOf(request{method: http.MethodPost, path: path})); silent != "" && id != w.requirement.ID {
			return &NotCheckedError{Reason: "the plugin does not answer " + silent + ", see " + id}
		}
		if err := then(installed.write(ctx, path, Write{Path: trial.sample.Path, Data: trial.sample.Data}), path); err != nil {
			return err
		}
	}
	return nil
}
