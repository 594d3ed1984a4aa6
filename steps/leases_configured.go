// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// configuredTime is what a configuration is given as its time to live, or its limit: less
// than servers have of their own.
const configuredTime = 13 * time.Second

// configuredFields are the fields of a configuration that bound what is given where the role
// or user says nothing, and whether the default of a role goes before.
func configuredFields() map[string]bool {
	return map[string]bool{
		"max_ttl": false, "token_max_ttl": false, "default_max_ttl": false, "max_lease_ttl": false,
		"ttl": true, "default_ttl": true, "default_lease_ttl": true, "token_ttl": true,
	}
}

// withoutTimes returns a copy of the data without fields about times.
func (w Write) withoutTimes() map[string]any {
	data := w.copied()
	maps.DeleteFunc(data, func(name string, _ any) bool {
		_, known := configuredFields()[name]
		return known || strings.HasSuffix(name, "period")
	})
	return data
}

// configuredTimesHold sets mounts up with a short time to live, or limit, in a configuration
// and none in roles and users, and wants what is given to be no longer.
func (w *world) configuredTimesHold(ctx context.Context, mount string) error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	compared := false
	for n, write := range profile.Setup {
		operation, _ := document.Find(http.MethodPost, write.Path)
		var held, broken []configuredTrial
		for _, field := range operation.Body {
			if !profile.configures(document, write, field) {
				continue
			}
			tried := configuredTrial{field: field}
			if err := w.tryConfiguredTime(ctx, profile, fmt.Sprintf("%s-%d-%s", mount, n, field.Name), write.Path, &tried); err != nil {
				return err
			}
			switch {
			case tried.failure != nil:
				broken = append(broken, tried)
			case tried.compared:
				held = append(held, tried)
			}
		}
		compared = compared || len(held) > 0
		for _, tried := range broken {
			// A configuration may be about the times of something else.
			if len(held) > 0 || aboutWhatIsGiven.MatchString(tried.field.Description) {
				w.answer = tried.answer
				return tried.failure
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no configuration of the setup has a field ttl, max_ttl or the like that is about what the profile's credentials and logins give"}
	}
	return nil
}

// aboutWhatIsGiven matches descriptions of times of leases and tokens.
var aboutWhatIsGiven = regexp.MustCompile(`(?i)\b(token|lease|credential|login)s?\b`)

// configuredTrial is a field of a configuration, and what came of it.
type configuredTrial struct {
	field    Field
	compared bool
	failure  error
	answer   *answer
}

// configures reports whether a field of a write may bound what is given: it is that of a
// configuration, which no role goes before.
func (p *Profile) configures(document *Document, write Write, field Field) bool {
	isDefault, known := configuredFields()[field.Name]
	if !known || field.Deprecated {
		return false
	}
	for _, asked := range p.asked() {
		for _, origin := range p.originsOf(asked.names()) {
			operation, _ := document.Find(http.MethodPost, origin.Path)
			if origin.Path == write.Path || isDefault && slices.ContainsFunc(operation.Body, hasDefaultTime) {
				return false
			}
		}
	}
	return true
}

// hasDefaultTime reports whether a field is a time to live that is not 0 if it is not written.
func hasDefaultTime(field Field) bool {
	return configuredFields()[field.Name] && field.Default != nil && !emptyValue(render(field.Default))
}

// tryConfiguredTime does it for one field.
func (w *world) tryConfiguredTime(ctx context.Context, profile *Profile, mount, path string, of *configuredTrial) error {
	if err := w.subjectFreshMount(ctx, mount); err != nil {
		return err
	}
	accepted, err := w.writeSetup(ctx, mount, func(write Write) map[string]any {
		data := write.withoutTimes()
		if write.Path == path {
			data[of.field.Name] = int64(configuredTime / time.Second)
		}
		return data
	})
	if err != nil || !accepted {
		return err
	}
	for _, asked := range profile.asked() {
		given, err := w.given(ctx, mount, asked)
		if err != nil {
			return err
		}
		got := max(secondsAt(w.answer, "lease_duration"), secondsAt(w.answer, "auth.lease_duration"))
		if !given || got == 0 {
			continue
		}
		of.compared = true
		if got > configuredTime && of.failure == nil {
			of.answer = w.answer
			of.failure = mismatch(fmt.Sprintf("at most %s from %s, as %s has %s=%d and nothing else says how long", configuredTime, asked.Path, path, of.field.Name, configuredTime/time.Second), describeAnswer(w.answer))
		}
	}
	return nil
}
