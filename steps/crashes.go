// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// crashDelay bounds the time from an answer to the news of the crash behind it.
const crashDelay = 300 * time.Millisecond

var errNoCrash = errors.New("no crash is known")

// crash returns the first crash of the scenario's registration of the checked
// plugin since it began; nil for none.
func (w *world) crash(ctx context.Context) *Crash {
	if w.subject == "" || w.server == nil {
		return nil
	}
	// Where none is known the failure has to do.
	found, err := crashesBehind(ctx, w.answer.failed(), w.server, w.subject, w.since)
	if err != nil || len(found) == 0 {
		return nil
	}
	crash := found[0]
	// A start that fails for a dying process is known before its panic.
	if at := slices.IndexFunc(found, func(c Crash) bool { return c.Panicked }); at >= 0 {
		crash = found[at]
	}
	crash.What = w.mask(crash.What)
	for i, line := range crash.Stderr {
		crash.Stderr[i] = w.mask(line)
	}
	return &crash
}

// crashesOf returns the crashes of a registration since a time, oldest first.
// Those that were killed are the harness's.
func crashesOf(ctx context.Context, server Server, name string, since time.Time) ([]Crash, error) {
	all, err := PluginCrashes(ctx, server)
	var found []Crash
	for _, crash := range all {
		if crash.Plugin == name && !crash.Time.Before(since) && !crash.Killed {
			found = append(found, crash)
		}
	}
	return found, err
}

// crashesBehind is crashesOf after something that a crash may be behind, if it is spoilt:
// a crash is known soon after the answer that it spoilt.
func crashesBehind(ctx context.Context, spoilt bool, server Server, name string, since time.Time) (found []Crash, err error) {
	_ = poll(ctx, crashDelay, func(ctx context.Context) error {
		if found, err = crashesOf(ctx, server, name, since); err == nil && len(found) == 0 && spoilt {
			return errNoCrash
		}
		return nil
	})
	return found, err
}

// String says what happened and, unless that says all, what the process printed
// last.
func (c Crash) String() string {
	if len(c.Stderr) == 0 || c.Panicked {
		return c.What
	}
	return c.What + "\nits last lines on stderr:\n  " + strings.Join(c.Stderr, "\n  ")
}

// writeLog writes what the plugin of a registration logged.
func (s *Suite) writeLog(ctx context.Context, server Server, registration string) {
	if s.config.PluginLog == nil || server == nil || registration == "" {
		return
	}
	// A target that does not know it has said so at the start.
	lines, err := PluginLog(ctx, server, registration)
	if err != nil || len(lines) == 0 {
		return
	}
	s.logging.Lock()
	defer s.logging.Unlock()
	// Nothing can be done about a terminal that is gone.
	text := strings.Join(lines, "\n")
	if s.config.Installed != nil {
		text = s.config.Installed.mask(text)
	}
	_, _ = io.WriteString(s.config.PluginLog, text+"\n")
}

// Log returns what the plugin logged under the registrations that scenarios share.
func (i *Installed) Log(ctx context.Context) ([]string, error) {
	first, err := PluginLog(ctx, i.server, i.name())
	if err != nil {
		return nil, err
	}
	second, err := PluginLog(ctx, i.server, i.secondName())
	lines := append(first, second...)
	for n, line := range lines {
		lines[n] = i.mask(line)
	}
	return lines, err
}

// maxLogLines limits what a failure shows of the plugin's log.
const maxLogLines = 8

// logTail returns the last lines that the scenario's registration of the checked
// plugin logged since the scenario began, without those of the libraries that
// serve it.
func (w *world) logTail(ctx context.Context) []string {
	if w.subject == "" || w.server == nil {
		return nil
	}
	all, err := PluginLog(ctx, w.server, w.subject)
	if err != nil {
		return nil // the target does not know it
	}
	var lines []string
	for _, line := range all {
		stamp, _, _ := strings.Cut(line, " ")
		at, err := time.Parse(time.RFC3339, stamp)
		if err == nil && at.Before(w.since.Truncate(time.Millisecond)) || ofLibraries(line) {
			continue
		}
		lines = append(lines, w.mask(w.names.in(line)))
	}
	return lines[max(0, len(lines)-maxLogLines):]
}

// ofLibraries reports whether a line is about the start and the end of a process.
func ofLibraries(line string) bool {
	for _, text := range []string{
		": configuring server automatic mTLS", ": plugin address: ", ": using plugin: ", ": waiting for RPC address: ",
		": plugin process exited: ", ": plugin exited", ": received EOF, stopping recv loop: ", ": starting plugin", ": plugin started: ",
	} {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}
