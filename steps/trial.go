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
	return t.err != nil || t.unhandled || t.rejected || t.answer.failed()
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

// judge returns the error for a write of the profile that can't be right. What the
// plugin itself does wrong is not for the profile to correct: it is noted in the trial.
func (i *Installed) judge(key string, tried *trial) error {
	if tried.faulty() || !tried.refused() {
		return nil
	}
	operation, documented := Operation{}, false
	if document, err := i.document(); err == nil {
		operation, documented = document.Find(http.MethodPost, tried.path)
	}
	missing := tried.answer.status == http.StatusNotFound || tried.answer.status == http.StatusMethodNotAllowed
	unknown := operation.unknown(tried.data)
	remedy := ""
	switch {
	case missing && !documented:
		remedy = "Name a path that takes what is written to it."
	case missing:
		// Its own document has the operation: it forgot the handler or the existence
		// check.
		tried.unhandled = true
		return nil
	case len(unknown) > 0:
		remedy = fmt.Sprintf("Correct its data, which has %s: the plugin has no such field there.", strings.Join(unknown, ", "))
	default:
		tried.rejected = true
		return nil
	}
	return &ProfileError{Problem: fmt.Sprintf("%s: the plugin refuses what is written to %s, with status %d: %s\n%s", key, tried.path, tried.answer.status, i.mask(tried.reason()), remedy)}
}
