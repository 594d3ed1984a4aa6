// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// answersHide sends writes and wants no secret of the profile in a success.
func (w *world) answersHide(ctx context.Context, mount string, profile *Profile, writes []Write) error {
	for _, write := range writes {
		if err := w.write(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return err
		}
		if secret, ok := w.shown(string(w.answer.body)); ok && w.answer.ok() {
			return mismatch(fmt.Sprintf("no value of %s in the answer to a write of %s", profile.fieldsWith(secret), write.Path), describeAnswer(w.answer))
		}
	}
	return nil
}

// writesHideSecrets writes what the profile stores and wants no secret in the answers.
func (w *world) writesHideSecrets(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	return w.answersHide(ctx, mount, profile, slices.DeleteFunc(profile.writes(), func(write Write) bool {
		return slices.ContainsFunc(profile.Logins, func(login Login) bool { return login.Path == write.Path })
	}))
}

// loginsHideSecrets carries the logins out and wants no secret in the answers: neither in
// metadata nor anywhere else.
func (w *world) loginsHideSecrets(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	var writes []Write
	for _, login := range profile.Logins {
		writes = append(writes, login.write())
	}
	return w.answersHide(ctx, mount, profile, writes)
}

// listsHideSecrets asks for every documented list without parameters, and for those of
// what was written, and wants no secret in them.
func (w *world) listsHideSecrets(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	var lists []string
	for _, operation := range document.Operations() {
		if operation.Method == "LIST" && !strings.Contains(operation.Path, "{") {
			lists = append(lists, operation.Path)
		}
	}
	for _, write := range profile.writes() {
		if list, ok := document.listOf(write.Path); ok && !slices.Contains(lists, list) {
			lists = append(lists, list)
		}
	}
	if len(lists) == 0 {
		return &NotCheckedError{Reason: "the plugin documents no list"}
	}
	for _, list := range lists {
		if err := w.asRoot(ctx, "LIST", w.below(mount, list), ""); err != nil {
			return err
		}
		if secret, ok := w.shown(string(w.answer.body)); ok && w.answer.status == http.StatusOK {
			return mismatch(fmt.Sprintf("no value of %s in the list of %s", profile.fieldsWith(secret), list), describeAnswer(w.answer))
		}
	}
	return nil
}
