// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

func (w *world) tokenRenewalsUnread(ctx context.Context, mount string) error {
	return w.renewalsUnread(ctx, mount, w.tokenRenewals())
}

func (w *world) tokenRenewalsInOrder(ctx context.Context) error {
	return w.renewalsInOrder(ctx, "token", w.tokenRenewals())
}

// fieldsOfTokens is the requirement about what the standard fields do at logins.
const fieldsOfTokens = "PLG-470"

// periodsRenewed writes token_period for what a login is made from, where the document has
// it, and wants the token to be renewed for that time.
func (w *world) periodsRenewed(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
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
