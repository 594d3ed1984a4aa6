// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/cucumber/godog"
)

// answered returns the last response.
func (w *world) answered() (*answer, error) {
	if w.answer == nil {
		return nil, errors.New("no request was sent before this sentence")
	}
	return w.answer, nil
}

func (w *world) answerIs(status int) error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	if got.status != status {
		return mismatch(fmt.Sprintf("status %d", status), describeAnswer(got))
	}
	return nil
}

// answerIsError checks the status and that one of the errors contains the text.
// Case is ignored, since it differs between servers that share the words.
func (w *world) answerIsError(status int, text string) error {
	if err := w.answerIs(status); err != nil {
		return err
	}
	text, err := w.expand(text)
	if err != nil {
		return err
	}
	reasons, _ := w.answer.lookup("errors")
	list, _ := reasons.([]any)
	for _, reason := range list {
		if strings.Contains(strings.ToLower(render(reason)), strings.ToLower(text)) {
			return nil
		}
	}
	return mismatch(fmt.Sprintf("an error that contains %q", text), describeAnswer(w.answer))
}

// answerIsEmptyError checks for the answer for a missing object: {"errors":[]}.
func (w *world) answerIsEmptyError(status int) error {
	if err := w.answerIs(status); err != nil {
		return err
	}
	reasons, _ := w.answer.lookup("errors")
	if list, ok := reasons.([]any); !ok || len(list) > 0 {
		return mismatch(`{"errors":[]}`, describeAnswer(w.answer))
	}
	return nil
}

func (w *world) answerIsWith(status int, table *godog.Table) error {
	if err := w.answerIs(status); err != nil {
		return err
	}
	return w.compareRows(w.answer.content, table)
}

func (w *world) answerIsText(status int, text string) error {
	if err := w.answerIs(status); err != nil {
		return err
	}
	if got := string(w.answer.body); got != strings.ReplaceAll(text, `\n`, "\n") {
		return mismatch(fmt.Sprintf("the body %q", text), fmt.Sprintf("%q", shorten(got)))
	}
	return nil
}

// answerIsAnyError checks for a refusal whose status differs between servers.
func (w *world) answerIsAnyError() error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	if got.status < 400 {
		return mismatch("an error (status 400 or above)", describeAnswer(got))
	}
	return nil
}

func (w *world) answerIsOneOf(one, other int) error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	if got.status != one && got.status != other {
		return mismatch(fmt.Sprintf("status %d or %d", one, other), describeAnswer(got))
	}
	return nil
}

func (w *world) answerHasHeader(name, value string) error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	if have := got.header.Get(name); have != value {
		return mismatch(fmt.Sprintf("the header %s: %s", name, value), fmt.Sprintf("%s: %s", name, have))
	}
	return nil
}

// soonAnswers repeats the request until the answer is as expected.
func (w *world) soonAnswers(ctx context.Context, method, path string, status int, table *godog.Table) error {
	return poll(ctx, soon, func(ctx context.Context) error {
		if err := w.iSend(ctx, method, path); err != nil {
			return err
		}
		return w.answerIsWith(status, table)
	})
}

// answerOmits checks that the answer does not contain the text.
func (w *world) answerOmits(text string) error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	if text, err = w.expand(text); err != nil {
		return err
	}
	if strings.Contains(string(got.body), text) {
		return mismatch(fmt.Sprintf("an answer without %q", text), describeAnswer(got))
	}
	return nil
}

// answerWarns checks that one of the warnings contains the text.
func (w *world) answerWarns(text string) error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	warnings, _ := got.lookup("warnings")
	list, _ := warnings.([]any)
	for _, warning := range list {
		if strings.Contains(render(warning), text) {
			return nil
		}
	}
	return mismatch(fmt.Sprintf("a warning that contains %q", text), describeAnswer(got))
}

// iKeep saves a value of the last answer under a name.
func (w *world) iKeep(path, name string) error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	value, ok := got.lookup(path)
	if !ok {
		return mismatch(fmt.Sprintf("%q in the answer", path), describeAnswer(got))
	}
	w.saved[name] = render(value)
	return nil
}

// answerHasType checks the type of the value at a path, as JSON has types.
func (w *world) answerHasType(path, want string) error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	value, found := got.lookup(path)
	if have := typeOf(value, found); have != want {
		return mismatch(fmt.Sprintf("%s: a value of type %s", path, want), fmt.Sprintf("%s: %s\n%s", path, have, describeAnswer(got)))
	}
	return nil
}

// typeOf names the type of a decoded JSON value.
func typeOf(value any, found bool) string {
	switch value.(type) {
	case string:
		return "text"
	case json.Number:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	}
	if !found {
		return "missing"
	}
	return "null"
}

// compareRows checks a table of | path | expectation |.
func (w *world) compareRows(content any, table *godog.Table) error {
	for _, row := range table.Rows {
		if len(row.Cells) != 2 {
			return errors.New("a row of this table has two cells, path and expectation")
		}
		path, want := row.Cells[0].Value, row.Cells[1].Value
		want, err := w.expand(want)
		if err != nil {
			return err
		}
		value, found := lookup(content, path)
		if err := meets(want, value, found); err != nil {
			return mismatch(fmt.Sprintf("%s: %s", path, want), fmt.Sprintf("%s: %s", path, err))
		}
	}
	return nil
}

// meets compares a value with an expectation:
//
//	text              the value, strings as they are and other values as JSON
//	(missing)         no such key, or null
//	(any)             the key is there and not null
//	contains X        a list with the element X, or a text that contains X
//	lacks X           the opposite; a missing value lacks everything
//	/pattern/         a regular expression
//
// The error's text is the value.
func meets(want string, value any, found bool) error {
	there := found && value != nil
	got := "missing"
	if there {
		got = render(value)
	}
	ok := false
	switch {
	case want == "(missing)":
		ok = !there
	case want == "(any)":
		ok = there
	case strings.HasPrefix(want, "contains "):
		ok = there && contains(value, strings.TrimPrefix(want, "contains "))
	case strings.HasPrefix(want, "lacks "):
		ok = !there || !contains(value, strings.TrimPrefix(want, "lacks "))
	case len(want) > 2 && strings.HasPrefix(want, "/") && strings.HasSuffix(want, "/") && !strings.Contains(want[1:len(want)-1], "/"):
		pattern, err := regexp.Compile("^(?:" + want[1:len(want)-1] + ")$")
		if err != nil {
			return fmt.Errorf("the feature's pattern: %w", err)
		}
		ok = there && pattern.MatchString(got)
	default:
		ok = there && got == want
	}
	if !ok {
		return errors.New(shorten(got))
	}
	return nil
}

func contains(value any, part string) bool {
	switch in := value.(type) {
	case []any:
		for _, element := range in {
			if render(element) == part {
				return true
			}
		}
		return false
	case map[string]any:
		_, ok := in[part]
		return ok
	default:
		return strings.Contains(render(value), part)
	}
}
