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

// setupKeepsTheRest repeats the writes of the setup with one field less, and wants that
// field to be as it was. Of one that is not shown, such as a password, it wants what was
// given before to be given still. A path that has PATCH, or does not tell create from
// update, replaces.
func (w *world) setupKeepsTheRest(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	if err := w.keepSetup(ctx, mount); err != nil {
		return err
	}
	profile := &installed.subject.Profile
	compared := false
	for n, write := range profile.Setup {
		operation, _ := document.Find(http.MethodPost, write.Path)
		last := !slices.ContainsFunc(profile.Setup[n+1:], func(later Write) bool { return later.Path == write.Path })
		if document.replaces(write.Path) || len(operation.Body) == 0 || len(write.Data) < 2 || !last {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(write.Data)) {
			done, err := w.oneFieldIsKept(ctx, mount, write, name)
			if err != nil {
				return err
			}
			compared = compared || done
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no write of the setup may leave a field out, at a path that tells create from update"}
	}
	return nil
}

// oneFieldIsKept repeats a write without one field, and reports whether the plugin takes
// that.
func (w *world) oneFieldIsKept(ctx context.Context, mount string, write Write, name string) (bool, error) {
	profile := &w.suite.config.Installed.subject.Profile
	gave, err := w.thoseGiven(ctx, mount, profile.asked())
	if err != nil {
		return false, err
	}
	data := maps.Clone(write.Data)
	delete(data, name)
	if err := w.write(ctx, w.below(mount, write.Path), data); err != nil || !w.answer.ok() {
		return false, err
	}
	if want, shown := w.keptSetup[write.Path][name]; shown {
		after, err := w.readSample(ctx, w.below(mount, write.Path))
		if err != nil {
			return false, err
		}
		if fieldsOf(after)[name] != want {
			return false, mismatch(fmt.Sprintf("%s=%s at %s, which a second write did not name", name, want, write.Path), describeAnswer(after))
		}
	}
	for _, asked := range gave {
		given, err := w.given(ctx, mount, asked)
		if err != nil {
			return false, err
		}
		if !given {
			return false, mismatch(fmt.Sprintf("a success at %s, as before a second write to %s that did not name %s", asked.Path, write.Path, name), describeAnswer(w.answer))
		}
	}
	return true, w.mustWrite(ctx, w.below(mount, write.Path), write.Data)
}

// deletesReported deletes the samples that were written while writes fail, and wants errors
// where the plugin tried to delete.
func (w *world) deletesReported(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	tried := false
	for _, sample := range slices.Sorted(maps.Keys(w.kept)) {
		if _, deletes := document.Find(http.MethodDelete, sample); !deletes {
			continue
		}
		before := w.refused
		if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, sample), ""); err != nil {
			return err
		}
		got := w.answer
		if err := w.writesFail(ctx, mount); err != nil { // it returns the number
			return err
		}
		if w.refused == before {
			continue
		}
		tried = true
		if got.ok() {
			return mismatch(fmt.Sprintf("an error for a delete of %s that the storage refused", sample), strings.TrimSpace(describeAnswer(got)))
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin deletes nothing in its storage for the profile's samples"}
	}
	return nil
}

// setupDeleted deletes everything that the setup wrote, where the plugin documents that.
func (w *world) setupDeleted(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	deleted := false
	for _, write := range slices.Backward(installed.subject.Profile.Setup) {
		if _, ok := document.Find(http.MethodDelete, write.Path); !ok {
			continue
		}
		if err := w.asRoot(ctx, http.MethodDelete, w.below(mount, write.Path), ""); err != nil {
			return err
		}
		deleted = deleted || w.answer.ok()
	}
	if !deleted {
		return &NotCheckedError{Reason: "the plugin documents no DELETE of what the setup writes"}
	}
	w.revocationIsTheMatter = true
	return nil
}

// deletedUnused deletes each thing that the setup wrote, and wants nothing to be given any
// more that a mount to which it was never written does not give either. A mount without it
// can't tell where the plugin refuses there what is built on it: what was built may be all
// that is needed later, and is stored.
func (w *world) deletedUnused(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	compared := false
	for n, write := range profile.Setup {
		if _, ok := document.Find(http.MethodDelete, write.Path); !ok {
			continue
		}
		without, with := fmt.Sprintf("%s-without-%d", mount, n), fmt.Sprintf("%s-%d", mount, n)
		if err := w.subjectFreshMount(ctx, without); err != nil {
			return err
		}
		refused := false
		for m, other := range profile.Setup {
			if m == n {
				continue
			}
			if err := w.write(ctx, w.below(without, other.Path), other.Data); err != nil {
				return err
			}
			refused = refused || !w.answer.ok()
		}
		if err := w.subjectOwnMount(ctx, with); err != nil {
			return err
		}
		done, err := w.unusedAfter(ctx, write, without, with, refused)
		if err != nil {
			return err
		}
		compared = compared || done
	}
	if !compared {
		return &NotCheckedError{Reason: "the plugin documents no DELETE of anything in the setup without which it gives nothing"}
	}
	return nil
}

// unusedAfter deletes one write at a mount and compares what it gives with what a mount
// without it gives, or, where that refused what is built on it, with what is given when
// nothing is remembered.
func (w *world) unusedAfter(ctx context.Context, write Write, without, with string, refused bool) (compared bool, err error) {
	profile := &w.suite.config.Installed.subject.Profile
	for _, asked := range profile.asked() {
		if given, err := w.given(ctx, without, asked); err != nil || given {
			if err != nil {
				return compared, err
			}
			continue
		}
		if given, err := w.given(ctx, with, asked); err != nil || !given {
			if err != nil {
				return compared, err
			}
			continue
		}
		if err := w.asRoot(ctx, http.MethodDelete, w.below(with, write.Path), ""); err != nil || !w.answer.ok() {
			return compared, err
		}
		given, err := w.given(ctx, with, asked)
		if err != nil {
			return compared, err
		}
		if answer := w.answer; given && refused {
			if given, err = w.remembered(ctx, with, asked, write); err != nil {
				return compared, err
			}
			compared, w.answer = compared || given, answer
		} else {
			compared = true
		}
		if given && tokenIn(w.answer) != "" && slices.ContainsFunc(profile.originsOf(asked.names()), func(origin Write) bool { return origin.Path == write.Path }) {
			return compared, &NotCheckedError{Reason: "a user or role that is deleted can log in, see PLG-464"}
		}
		if given {
			return compared, mismatch(fmt.Sprintf("nothing to be given at %s after %s was deleted, as where it was never written", asked.Path, write.Path), describeAnswer(w.answer))
		}
		if err := w.mustWrite(ctx, w.below(with, write.Path), write.Data); err != nil {
			return compared, err
		}
	}
	return compared, nil
}

// remembered reports whether what is given although something was deleted is made of what
// the plugin remembers of that: it is not given after a reload, and is again when that is
// written once more. What is stored is given after the reload; what there is only so much
// of, and is all given, neither then nor later.
func (w *world) remembered(ctx context.Context, mount string, asked, deleted Write) (bool, error) {
	if err := w.reloadMount(ctx, mount); err != nil {
		return false, err
	}
	if given, err := w.given(ctx, mount, asked); err != nil || given {
		return false, err
	}
	if err := w.mustWrite(ctx, w.below(mount, deleted.Path), deleted.Data); err != nil {
		return false, err
	}
	return w.given(ctx, mount, asked)
}

// given carries out a login or asks for credentials, and reports whether there was a token
// or a lease.
func (w *world) given(ctx context.Context, mount string, write Write) (bool, error) {
	if err := w.ofProfile(ctx, mount, write); err != nil {
		return false, err
	}
	return tokenIn(w.answer) != "" || leaseID(w.answer.body) != "", nil
}

// givenOften is given for what is asked for many times: a limit of the plugin ends the
// scenario as not checked.
func (w *world) givenOften(ctx context.Context, mount string, write Write) (bool, error) {
	given, err := w.given(ctx, mount, write)
	if err == nil && w.answer.status == http.StatusTooManyRequests {
		err = &NotCheckedError{Reason: "the plugin limits how often " + write.Path + " may be asked"}
	}
	return given, err
}

// thoseGiven returns the requests that are answered with a token or a lease.
func (w *world) thoseGiven(ctx context.Context, mount string, asked []Write) ([]Write, error) {
	var those []Write
	for _, write := range asked {
		given, err := w.given(ctx, mount, write)
		if err != nil {
			return nil, err
		}
		if given {
			those = append(those, write)
		}
	}
	return those, nil
}

// sampleWrites are the first writes of the samples.
func sampleWrites(samples []Sample) []Write {
	var writes []Write
	for _, sample := range samples {
		writes = append(writes, Write{Path: sample.Path, Data: sample.Data})
	}
	return writes
}

// asked are the requests of the profile that give something: credentials and logins.
func (p *Profile) asked() []Write { return slices.Concat(p.Credentials, loginWrites(p.Logins)) }

// stored are the writes of the setup and of the samples.
func (p *Profile) stored() []Write { return slices.Concat(p.Setup, sampleWrites(p.Samples)) }

func loginWrites(logins []Login) []Write {
	var writes []Write
	for _, login := range logins {
		writes = append(writes, login.write())
	}
	return writes
}
