// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
)

// tokensFollowRole does the same with logins, and with what proves them.
func (w *world) tokensFollowRole(ctx context.Context, mount string) error {
	followed, err := w.proofsFollow(ctx, mount)
	if err != nil {
		return err
	}
	return w.ttlsFollowRole(ctx, mount, followed)
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
			return compared, mismatch("no login at "+login.Path+" with the "+proof.stored+" from before it was changed at "+origin.Path, describeAnswer(w.answer))
		}
		if err := w.write(ctx, w.below(mount, proof.origin.Path), proof.origin.Data); err != nil {
			return compared, err
		}
	}
	return compared, nil
}

func (w *world) ttlsFollowRole(ctx context.Context, mount string, compared bool) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	for _, login := range w.loggedIn {
		origin, ttl, ok := installed.subject.Profile.shortened(login.login.write())
		if !ok {
			continue
		}
		if err := w.write(ctx, w.below(mount, origin.Path), origin.Data); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		if err := w.tryLogin(ctx, mount, login.login.Path, login.login.Data); err != nil {
			return err
		}
		if tokenIn(w.answer) == "" {
			return &NotCheckedError{Reason: "the login at " + login.login.Path + " succeeds only once"}
		}
		compared = true
		if got := secondsAt(w.answer, "auth.lease_duration"); got > ttl && login.duration > ttl {
			return mismatch(fmt.Sprintf("a token of %s for at most %s, as %s has it since", login.login.Path, ttl, origin.Path), describeAnswer(w.answer))
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no write of the profile's setup has the field ttl or token_ttl for a name in its logins, and may be changed"}
	}
	return nil
}

// tokensSurvived renews every token and logs in again, whatever comes of it but a crash.
func (w *world) tokensSurvived(ctx context.Context, mount string) error {
	for _, login := range w.loggedIn {
		if err := w.renewToken(ctx, login); err != nil {
			return err
		}
		if crash := w.crash(ctx); crash != nil {
			return mismatch("the plugin to live when it is asked to renew a token of "+login.login.Path+" after its setup was deleted", crash.String())
		}
		if err := w.tryLogin(ctx, mount, login.login.Path, login.login.Data); err != nil {
			return err
		}
		if crash := w.crash(ctx); crash != nil {
			return mismatch("the plugin to live through a login at "+login.login.Path+" after its setup was deleted", crash.String())
		}
	}
	return nil
}
