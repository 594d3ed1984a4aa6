// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"path"
	"runtime/debug"
	"slices"
	"strings"
)

// This file lets plugins that are built with the race detector tell of their data races.
// What one process does without another's knowledge can't be seen from outside otherwise.
//
// Source: https://go.dev/doc/articles/race_detector#Report_Format

// racesReported reports whether a plugin's file is a Go program with the race detector.
// Where it starts another program, that is not known.
func racesReported(binary string) bool {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(info.Settings, func(setting debug.BuildSetting) bool { return setting.Key == "-race" && setting.Value == "true" })
}

// raceWarning begins a report of the race detector.
const raceWarning = "WARNING: DATA RACE"

// firstRace returns the first data race that a plugin's log has, with the lines of the
// plugin's code that access the same; ok is false for none.
func firstRace(lines []string) (race string, ok bool) {
	at := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, raceWarning) })
	if at < 0 {
		return "", false
	}
	var found []string
	access := ""
	for _, line := range lines[at+1:] {
		text := afterName(line)
		if strings.HasPrefix(text, "==") || strings.HasPrefix(text, "Goroutine ") || strings.Contains(text, raceWarning) {
			break
		}
		if kind, _, is := strings.Cut(text, " at 0x"); is {
			access = strings.ToLower(kind)
			continue
		}
		// The first frame of an access that is not of the runtime, such as a map's.
		match := frameLine.FindStringSubmatch(text)
		if match == nil || access == "" || strings.Contains(match[1], "/src/runtime/") || strings.Contains(match[1], "/src/internal/") {
			continue
		}
		found = append(found, access+" at "+path.Base(match[1]))
		access = ""
	}
	return "a data race: " + strings.Join(found, ", "), true
}

// afterName returns what a plugin printed in a line of its log, without the time, the
// level and the name that the server puts before it.
func afterName(line string) string {
	if _, after, ok := strings.Cut(line, "] "); ok {
		line = after
	}
	_, after, _ := strings.Cut(line, ":")
	return strings.TrimPrefix(after, " ")
}

// raceRounds is how often each client sends everything: most locks on the way of a request
// order it after the one before.
const raceRounds = 3

// allAtOnce carries out all of the profile from many clients at once. What comes of a
// single request does not matter: they change what the others build on.
func (w *world) allAtOnce(ctx context.Context, clients int, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	var all []request
	for _, write := range slices.Concat(installed.subject.Profile.writes(), installed.subject.Profile.Credentials) {
		requests, err := write.requests()
		if err != nil {
			return err
		}
		for _, r := range requests {
			if r.path, err = w.outgoing(w.below(mount, r.path)); err != nil {
				return err
			}
			r.token, r.body = w.server.Token(), plain(r.body)
			all = append(all, r)
		}
	}
	return sideBySide(clients, func(client int) error {
		for n := range raceRounds * len(all) {
			if _, err := w.ask(ctx, all[(n+client)%len(all)]); err != nil {
				return fmt.Errorf("beside others: %w", err)
			}
		}
		return nil
	})
}

// noRace wants no report of the race detector in what the plugin logged, in this scenario
// and in all that share its processes.
func (w *world) noRace(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	registrations := []string{w.subject, installed.name(), installed.secondName()}
	return w.whenLogged(ctx, registrations, func() error {
		for _, name := range registrations {
			lines, err := PluginLog(ctx, w.server, name)
			if err != nil {
				return err
			}
			if race, found := firstRace(lines); found {
				return mismatch("no data race", w.mask(race))
			}
		}
		return nil
	})
}
