// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// specialPathsExist wants each special path to be one that the plugin has.
func (w *world) specialPathsExist(ctx context.Context) error {
	installed, err := w.shared(ctx)
	if err != nil {
		return err
	}
	special, err := MountSpecialPaths(ctx, installed.server, installed.at(""))
	if err != nil {
		return err
	}
	document, documentErr := installed.document()
	for _, list := range []struct {
		name     string
		paths    []string
		requests bool
	}{
		{"Root", special.Root, true},
		{"Unauthenticated", special.Unauthenticated, true},
		{"LocalStorage", special.LocalStorage, false},
		{"SealWrapStorage", special.SealWrapStorage, false},
	} {
		for _, path := range list.paths {
			named := fmt.Sprintf("PathsSpecial.%s has %q", list.name, path)
			switch {
			case strings.HasPrefix(path, "/"):
				return mismatch("special paths without a slash at their beginning", named+", which fits nothing")
			case !list.requests || documentErr != nil:
				// A storage key need not resemble a request's path.
			case !slices.ContainsFunc(document.Paths, func(known DocumentedPath) bool { return known.fits(path) }):
				return mismatch("special paths that the plugin has", named+", which fits none of its paths: "+listed(document.namesLike(path)))
			}
		}
	}
	return nil
}

// means reports whether a special path is meant for this one: it may be, and no other path
// has as many segments as the special path, where a parameter at the end of this one would
// have to hold slashes.
func (d *Document) means(special string, path DocumentedPath) bool {
	whole := func(p DocumentedPath) bool { return strings.Count(p.Path, "/") >= strings.Count(special, "/") }
	return path.fits(special) && (whole(path) ||
		!slices.ContainsFunc(d.Paths, func(other DocumentedPath) bool { return whole(other) && other.fits(special) }))
}

// lists reports whether the path can be listed.
func (p DocumentedPath) lists() bool {
	return slices.ContainsFunc(p.Operations, func(o Operation) bool { return o.Method == "LIST" })
}

// namesLike returns the paths, those first that resemble one the most.
func (d *Document) namesLike(path string) []string {
	var names []string
	for _, known := range d.Paths {
		names = append(names, known.Path)
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(levenshtein.Distance(path, a, nil), levenshtein.Distance(path, b, nil))
	})
	return names
}

// fits reports whether a special path may be this one: + stands for a segment of
// it, * at the end for anything. A path that OpenAPI can't express may be any.
func (p DocumentedPath) fits(special string) bool {
	if len(p.Operations) == 0 && patternCharacter.MatchString(p.Path) {
		return true
	}
	prefix, open := strings.CutSuffix(special, "*")
	want := strings.Split(prefix, "/")
	have := strings.Split(p.Path, "/")
	for i, segment := range want {
		last := i == len(want)-1
		switch {
		case i >= len(have):
			// A parameter at the end may hold slashes, and lists are asked for with one.
			return segment == "" && last && p.lists() || strings.HasPrefix(have[len(have)-1], "{")
		case last && open && strings.HasPrefix(have[i], segment):
			return true
		case segment == "+", segment == have[i], strings.HasPrefix(have[i], "{") && segment != "":
		case last && segment == "" && i > 0 && open:
			return true
		default:
			return false
		}
	}
	return open || len(have) == len(want) || len(have) == len(want)+1 && have[len(want)] == ""
}

// openTo asks a path without a token and reports whether the plugin got the
// request.
func (w *world) openTo(ctx context.Context, operation Operation) (bool, error) {
	if operation.Open {
		return true, nil
	}
	if err := w.send(ctx, request{method: http.MethodGet, path: "{mount}/" + operation.Fill(nil, noValue)}); err != nil {
		return false, err
	}
	return w.answer.status != http.StatusForbidden, nil
}

// openPathsExact asks every documented path without a token, and wants an answer
// from those that the profile names and from no other.
func (w *world) openPathsExact(ctx context.Context) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	profile := &w.suite.config.Installed.subject.Profile
	open := profile.Open
	if err := w.send(ctx, request{method: http.MethodGet, path: "{mount}/plugproof/no-such-path"}); err != nil {
		return err
	}
	if w.answer.status != http.StatusForbidden {
		return &NotCheckedError{Reason: "all paths answer without a token, see PLG-012"}
	}
	for _, path := range document.Paths {
		if len(path.Operations) == 0 {
			continue
		}
		answers, err := w.openTo(ctx, path.Operations[0])
		if err != nil {
			return err
		}
		named := slices.ContainsFunc(open, func(pattern string) bool { return document.means(pattern, path) })
		if answers && !named {
			return mismatch(fmt.Sprintf("%s to need a token, as the profile does not name it under open", path.Path), "it answers without one")
		}
		login := slices.ContainsFunc(profile.Logins, func(l Login) bool { return path.Operations[0].Values(l.Path) != nil })
		if !answers && named && !login { // which PLG-105 is about
			return mismatch(fmt.Sprintf("%s to answer without a token, as the profile names it under open", path.Path), describeAnswer(w.answer))
		}
	}
	return nil
}

// loginReachable wants a path that answers without a token: who logs in has none.
func (w *world) loginReachable(ctx context.Context) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	logins := w.suite.config.Installed.subject.Profile.Logins
	var closed []string
	for _, path := range document.Paths {
		for _, operation := range path.Operations {
			named := slices.ContainsFunc(logins, func(l Login) bool { return operation.Values(l.Path) != nil })
			if len(logins) > 0 && !named {
				continue
			}
			open, err := w.openTo(ctx, operation)
			if err != nil {
				return err
			}
			if open {
				return nil
			}
			if closed == nil || closed[len(closed)-1] != path.Path {
				closed = append(closed, path.Path)
			}
		}
	}
	return mismatch("a path for logins that needs no token", "all of these do: "+strings.Join(closed, ", "))
}
