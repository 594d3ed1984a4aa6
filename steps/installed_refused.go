// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// ErrNoAnswer is matched by the error for a plugin that does not come to serve.
var ErrNoAnswer = errors.New("no answer in time")

// RefusedError is the server's refusal to register or mount a plugin.
type RefusedError struct {
	Reason string
	// Crash is why the plugin could not be started; nil where that is not known.
	Crash *Crash
	// Database reports whether the plugin is a database plugin, which was to be
	// something else.
	Database bool
	// Warnings are what a plugin that its profile says to be of this type logged as
	// warnings and errors meanwhile.
	Warnings []string
}

func (e *RefusedError) Error() string { return e.Reason }

// ProfileError is a mistake in a profile: the plugin refuses what it names.
type ProfileError struct{ Problem string }

func (e *ProfileError) Error() string { return e.Problem }

var errNoWarning = errors.New("no warning is known")

// warningDelay bounds the time from an answer to what the plugin logged before it.
const warningDelay = 300 * time.Millisecond

// warnings returns what the plugin logged as warnings and errors under its first
// registration, without times and names; nil where the target does not know it.
func (i *Installed) warnings(ctx context.Context) []string {
	var found []string
	_ = poll(ctx, warningDelay, func(ctx context.Context) error {
		lines, err := PluginLog(ctx, i.server, i.name())
		for _, line := range lines {
			if text, ok := warning(line); ok && !slices.Contains(found, i.mask(text)) {
				found = append(found, i.mask(text))
			}
		}
		if err == nil && len(found) == 0 {
			return errNoWarning
		}
		return nil
	})
	return found[max(0, len(found)-maxLogLines):]
}

// warning returns the text of a line of a server's log if it is a warning or an
// error of the plugin itself: of such lines go-plugin passes on the time.
func warning(line string) (text string, ok bool) {
	line, _, ok = strings.Cut(line, " timestamp=")
	for _, level := range []string{"[WARN]", "[ERROR]"} {
		if _, after, found := strings.Cut(line, level); found && ok {
			_, text, ok = strings.Cut(after, ": ")
			return strings.TrimSuffix(text, ":"), ok
		}
	}
	return "", false
}
