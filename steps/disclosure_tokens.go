// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// ownToken is the token that a scenario used for requests to the checked plugin.
type ownToken struct {
	// forms are the token itself and what the plugin sees in its place.
	forms []string
	// accessor names the token.
	accessor string
	// shown describes the first answer of the plugin with one of them; empty for none.
	shown string
}

// isIn reports whether a text has the token in one of its forms.
func (t *ownToken) isIn(text string) bool {
	return slices.ContainsFunc(t.forms, func(form string) bool { return strings.Contains(text, form) })
}

// profileDoneWithToken sends everything that the profile names, and reads what it
// writes, with a token that is used for nothing else.
func (w *world) profileDoneWithToken(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	token, err := w.makeToken(ctx, mount)
	if err != nil {
		return err
	}
	w.token = token
	profile := &installed.subject.Profile
	for _, write := range slices.Concat(profile.writes(), profile.Credentials) {
		requests, err := write.requests()
		if err != nil {
			return err
		}
		for _, r := range requests {
			r.path, r.token = w.below(mount, r.path), token.forms[0]
			if err := w.send(ctx, r); err != nil {
				return err
			}
			if text := string(w.answer.body); token.shown == "" && (token.isIn(text) || strings.Contains(text, token.accessor)) {
				token.shown = r.method + " " + write.Path + ": " + describeAnswer(w.answer)
			}
		}
	}
	return nil
}

// makeToken makes a token that may do everything at a mount.
func (w *world) makeToken(ctx context.Context, mount string) (*ownToken, error) {
	const name = "caller"
	path, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return nil, err
	}
	if err := w.makeTokenWith(ctx, name, path+"*", "create", "read", "update", "patch", "delete", "list", "sudo"); err != nil {
		return nil, err
	}
	token := &ownToken{}
	for field, into := range map[string]func(string){
		"auth.client_token": func(text string) { token.forms = append(token.forms, text) },
		"auth.accessor":     func(text string) { token.accessor = text },
	} {
		value, _ := w.answer.lookup(field)
		text, _ := value.(string)
		if text == "" {
			return nil, mismatch(field+" of a new token", describeAnswer(w.answer))
		}
		into(text)
	}
	seen, err := PluginToken(ctx, w.server, path, token.forms[0])
	switch {
	case err == nil:
		token.forms = append(token.forms, seen)
	case !errors.Is(err, ErrUnsupported):
		return nil, err
	}
	for _, text := range append(token.forms, token.accessor) {
		w.secret(text)
	}
	return token, nil
}

// tokenHidden wants the token of the scenario in no line of the plugin's log, and in
// none of its answers.
func (w *world) tokenHidden(ctx context.Context) error {
	if w.token == nil {
		return errors.New("this sentence stands behind one that uses a token of its own")
	}
	if w.token.shown != "" {
		return mismatch("no answer with the caller's token or its accessor", w.mask(w.token.shown))
	}
	return w.watchLog(ctx, func(line string) error {
		if w.token.isIn(line) {
			return mismatch("no token of a request in the plugin's log", w.mask(line))
		}
		return nil
	})
}

// accessorHidden wants the accessor of the scenario's token in no line of the log.
func (w *world) accessorHidden(ctx context.Context) error {
	if w.token == nil {
		return errors.New("this sentence stands behind one that uses a token of its own")
	}
	return w.watchLog(ctx, func(line string) error {
		if strings.Contains(line, w.token.accessor) {
			return mismatch("no accessor of a request's token in the plugin's log", w.mask(line))
		}
		return nil
	})
}
