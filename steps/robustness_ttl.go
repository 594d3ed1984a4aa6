// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
)

// ttlFields are the fields of a time to live and of its limit.
func ttlFields() map[string]string {
	return map[string]string{"ttl": "max_ttl", "token_ttl": "token_max_ttl", "default_ttl": "max_ttl"}
}

// contradicting returns a write with a time to live above its limit; ok is false where the
// operation has no such fields.
func contradicting(write Write, operation Operation) (_ Write, field string, ok bool) {
	has := func(name string) bool {
		return slices.ContainsFunc(operation.Body, func(f Field) bool { return f.Name == name })
	}
	limits := ttlFields()
	for _, field := range slices.Sorted(maps.Keys(limits)) {
		if !has(field) || !has(limits[field]) {
			continue
		}
		limit, err := parseutil.ParseDurationSecond(write.Data[limits[field]])
		if err != nil || limit < time.Second {
			limit = time.Hour
		}
		data := write.copied()
		data[limits[field]], data[field] = int64(limit/time.Second), int64(2*limit/time.Second)
		return Write{Path: write.Path, Data: data}, field, true
	}
	return Write{}, "", false
}

// contradictionsBlamed writes the setup and the samples with a time to live above its
// limit, and wants no server error, neither then nor from what is made from it.
func (w *world) contradictionsBlamed(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	tried := false
	for _, write := range profile.stored() {
		operation, _ := document.Find(http.MethodPost, write.Path)
		wrong, field, ok := contradicting(write, operation)
		if !ok {
			continue
		}
		// What can't be written again as it is shows nothing.
		if err := w.write(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		tried = true
		if err := w.write(ctx, w.below(mount, wrong.Path), wrong.Data); err != nil {
			return err
		}
		what := fmt.Sprintf("a success or an error of the user for %s above %s at %s", field, ttlFields()[field], wrong.Path)
		if err := w.noServerError(ctx, what); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		for _, asked := range profile.asked() {
			if _, err := w.given(ctx, mount, asked); err != nil {
				return err
			}
			failure := w.noServerError(ctx, what+", and at "+asked.Path+" then")
			if failure == nil {
				continue
			}
			if fails, err := w.failsAsNamed(ctx, mount, write, asked); err != nil || !fails {
				return cmp.Or(err, failure)
			}
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "no write of the setup and of the samples has the fields ttl and max_ttl, default_ttl and max_ttl, or token_ttl and token_max_ttl, and may be repeated"}
	}
	return nil
}

// failsAsNamed reports whether a request is answered with a server error also where the
// setup is as the profile has it: another requirement is about that.
func (w *world) failsAsNamed(ctx context.Context, mount string, write, asked Write) (bool, error) {
	if err := w.write(ctx, w.below(mount, write.Path), write.Data); err != nil {
		return false, err
	}
	if _, err := w.given(ctx, mount, asked); err != nil {
		return false, err
	}
	return w.answer.failed(), nil
}

// noServerError wants none in the last answer.
func (w *world) noServerError(ctx context.Context, wanted string) error {
	if !w.answer.failed() {
		return nil
	}
	if err := w.crashed(ctx, wanted); err != nil {
		return err
	}
	return mismatch(wanted, describeAnswer(w.answer))
}
