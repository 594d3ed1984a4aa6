// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// unless returns a failure of the scenario, or ends it as not checked where the check of
// another requirement fails too: the defect is what that one is about.
func (w *world) unless(id, reason string, failed error, check func() error) error {
	if failure := new(Failure); !errors.As(failed, &failure) || w.requirement.ID == id {
		return failed
	}
	exchanges, last, kept := slices.Clone(w.exchanges), w.answer, w.kept
	err := check()
	w.exchanges, w.answer, w.kept = exchanges, last, kept
	if other := new(Failure); errors.As(err, &other) {
		return &NotCheckedError{Reason: reason + ", see " + id}
	}
	return failed
}

// reloadKeeps writes the samples and reloads the mount, and wants them to be read.
func (w *world) reloadKeeps(ctx context.Context, mount string) error {
	if err := w.setupWritten(ctx, mount); err != nil {
		return err
	}
	if err := w.samplesWritten(ctx, mount); err != nil {
		return err
	}
	if err := w.must(ctx, http.MethodPut, "sys/plugins/reload/backend", `{"mounts": ["{at}`+mount+`/"]}`); err != nil {
		return err
	}
	if err := w.keptRead(ctx, mount, w.kept); err != nil {
		return err
	}
	return w.setupRead(ctx, mount)
}

// deletedRejected deletes what the logins are made from, and wants them to be refused.
func (w *world) deletedRejected(ctx context.Context, mount string) error {
	if err := w.originsRemoved(ctx, mount); err != nil {
		return err
	}
	return w.deletedRefused(ctx, mount)
}

// setupWritten writes the profile's setup once more.
func (w *world) setupWritten(ctx context.Context, mount string) error {
	for _, write := range w.suite.config.Installed.subject.Profile.Setup {
		if err := w.mustWrite(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return err
		}
	}
	return nil
}

// proofsFollow stores another proof for each login, and wants that one to let in and the
// one before not to. Afterwards the former is stored again.
func (w *world) proofsFollow(ctx context.Context, mount string) (compared bool, err error) {
	installed, err := w.installed()
	if err != nil {
		return false, err
	}
	for _, proof := range installed.subject.Profile.storedProofs() {
		text, _ := proof.login.Data[proof.field].(string)
		origin, login := proof.with(text + "x7")
		if err := w.write(ctx, w.below(mount, origin.Path), origin.Data); err != nil {
			return compared, err
		}
		if !w.answer.ok() {
			continue // it may be refused
		}
		compared = true
		if err := w.tryLogin(ctx, mount, login.Path, login.Data); err != nil {
			return compared, err
		}
		if tokenIn(w.answer) == "" {
			return compared, mismatch("the login at "+login.Path+" to succeed with the "+proof.stored+" that "+origin.Path+" has since", describeAnswer(w.answer))
		}
		if err := w.tryLogin(ctx, mount, login.Path, proof.login.Data); err != nil {
			return compared, err
		}
		if tokenIn(w.answer) != "" {
			return compared, w.unless("PLG-460", "nearly the right data lets in", mismatch("no login at "+login.Path+" with the "+proof.stored+" from before it was changed at "+origin.Path, describeAnswer(w.answer)),
				func() error { return w.alteredLoginsRefused(ctx, mount) })
		}
		if err := w.write(ctx, w.below(mount, proof.origin.Path), proof.origin.Data); err != nil {
			return compared, err
		}
	}
	return compared, nil
}

// followed is proofsFollow as a check of another requirement.
func (w *world) followed(ctx context.Context, mount string) func() error {
	return func() error {
		_, err := w.proofsFollow(ctx, mount)
		return err
	}
}
