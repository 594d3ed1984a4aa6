// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// trial is a request that the profile names, and what came of it.
type trial struct {
	// path is below the mount.
	path   string
	answer *answer
	err    error
	// unhandled reports whether the plugin refuses an operation that its own
	// document has.
	unhandled bool
	took      time.Duration
}

// faulty reports whether the plugin, rather than the profile, is to blame.
func (t *trial) faulty() bool {
	return t.err != nil || t.unhandled || t.answer.status >= http.StatusInternalServerError
}

func (t *trial) refused() bool { return t.err == nil && !t.answer.ok() }

func (t *trial) reason() string {
	reasons, _ := t.answer.lookup("errors")
	if texts := asTexts(reasons); len(texts) > 0 {
		return strings.TrimSpace(strings.Join(texts, "\n"))
	}
	return fmt.Sprintf("%d %s", t.answer.status, http.StatusText(t.answer.status))
}

// got says what came of it, for a failure.
func (t *trial) got() string {
	switch {
	case errors.Is(t.err, ErrNoAnswer):
		return fmt.Sprintf("no answer within %s", t.took.Round(time.Second))
	case t.err != nil:
		return t.err.Error()
	case t.unhandled:
		return describeAnswer(t.answer) + "\nalthough the plugin's OpenAPI document has this operation"
	}
	return describeAnswer(t.answer)
}
