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
	// data is what was written.
	data map[string]any
	// rejected reports whether the plugin refuses what its profile says that it takes.
	rejected bool
	// repeats reports whether what was written is accepted together with what was
	// written before.
	repeats bool
	// unhandled reports whether the plugin refuses an operation that its own
	// document has.
	unhandled bool
	took      time.Duration
}

// faulty reports whether the plugin, rather than the profile, is to blame.
func (t *trial) faulty() bool {
	return t.err != nil || t.unhandled || t.rejected || t.answer.status >= http.StatusInternalServerError
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

// wanted says what was wanted of a trial that is faulty.
func (t *trial) wanted() string {
	if t.rejected {
		return "a success, as the profile says"
	}
	return "an answer without a server error"
}

// remedy says what to do about what the profile may be wrong about; empty for the
// remedy of the requirement.
func (t *trial) remedy() string {
	if !t.rejected {
		return ""
	}
	return "Accept it, and let what was written before count: read it from storage rather than asking for it again. If the plugin is right, correct the data in the profile, or the setup that it builds on."
}
