// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// tokenRenewalsUnread renews each token while one read of the plugin's storage after the other
// fails, and wants an error.
func (w *world) tokenRenewalsUnread(ctx context.Context, mount string) error {
	tried := false
	for _, login := range w.loggedIn {
		if !login.renewable {
			continue
		}
		failed, err := w.eachReadFails(ctx, mount, "the renewal of the token of "+login.login.Path,
			func() error { return w.renewToken(ctx, login) }, func() bool { return tokenIn(w.answer) != "" })
		if err != nil {
			return err
		}
		tried = tried || failed
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin reads nothing from its storage for a renewal"}
	}
	return nil
}

// tokenRenewalsInOrder renews each token twice, without asking for a time, and wants none to
// become longer than its user or role says.
func (w *world) tokenRenewalsInOrder(ctx context.Context) error {
	checked := false
	for _, login := range w.loggedIn {
		if !login.renewable {
			continue
		}
		done, err := w.renewedTwice(login.login.write(), login.duration, "the token of "+login.login.Path, "auth.lease_duration",
			func() error { return w.renewToken(ctx, login) })
		if err != nil {
			return err
		}
		checked = checked || done
	}
	if !checked {
		return &NotCheckedError{Reason: "no token is renewable, and has a ttl in what the setup writes for it"}
	}
	return nil
}

// fieldsOfTokens is the requirement about what the standard fields do at logins.
const fieldsOfTokens = "PLG-470"

// periodsRenewed writes token_period for what a login is made from, where the document has
// it, and wants the token to be renewed for that time.
func (w *world) periodsRenewed(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	document, err := w.document()
	if err != nil {
		return err
	}
	all := tokenFields()
	period := all[slices.IndexFunc(all, func(f tokenField) bool { return f.name == "token_period" })]
	for n, login := range installed.subject.Profile.Logins {
		origin, ok := installed.subject.Profile.withField(document, login, period.name)
		if !ok {
			continue
		}
		holds, err := w.tokenFieldHolds(ctx, fmt.Sprintf("%s-%d", mount, n), period, origin, login)
		if failure := new(Failure); errors.As(err, &failure) {
			return &NotCheckedError{Reason: "tokens do not have the period of their user or role, see " + fieldsOfTokens}
		}
		if err != nil {
			return err
		}
		renewable, _ := w.answer.lookup("auth.renewable")
		if renewable != true || !holds {
			continue
		}
		sent := time.Now()
		if err := w.renewToken(ctx, loggedIn{token: tokenIn(w.answer)}); err != nil {
			return err
		}
		auth, _ := w.answer.lookup("auth")
		if object, _ := auth.(map[string]any); !w.answer.ok() || !period.fits(object, time.Since(sent)) {
			return mismatch(fmt.Sprintf("%s from a renewal, as %s has %s=%s", period.wanted, origin.Path, period.name, render(period.value)), describeAnswer(w.answer))
		}
		return nil
	}
	return &NotCheckedError{Reason: "what the setup writes for the names in its logins has no token_period, or its tokens can't be renewed"}
}
