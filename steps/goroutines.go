// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// This file finds out what a plugin's process does, from outside and for any plugin
// that is a Go program: the runtime prints all goroutines to stderr when the process
// gets SIGQUIT, and ends it.
//
// Source: https://pkg.go.dev/os/signal#hdr-Default_behavior_of_signals_in_Go_programs

// goroutines are those of a plugin's process, as it printed them.
type goroutines struct {
	// handling are the places in which requests to the plugin are handled, each with the
	// number of goroutines.
	handling map[string]int
	// calling is how many of those wait for an answer over the network.
	calling int
	// elsewhere are the places of all others that run the plugin's code or were started
	// by it.
	elsewhere map[string]int
}

// most returns the place with the most goroutines, and their number.
func most(places map[string]int) (place string, number int) {
	for _, candidate := range slices.Sorted(maps.Keys(places)) {
		if places[candidate] > number {
			place, number = candidate, places[candidate]
		}
	}
	return place, number
}

// frameLine is the second line of a frame: file and line.
var frameLine = regexp.MustCompile(`^\s+(\S.*\.go:\d+)(?: .*)?$`)

// readGoroutines reads what a Go program printed; nil if that has no goroutines.
func readGoroutines(lines []string) *goroutines {
	g := &goroutines{handling: make(map[string]int), elsewhere: make(map[string]int)}
	found := false
	for _, block := range splitGoroutines(lines) {
		found = true
		if place, handles := placeOf(block); handles {
			g.handling[cmp.Or(place, "no line of the plugin")]++
			if callsNetwork(block) {
				g.calling++
			}
		} else if place != "" {
			g.elsewhere[place]++
		}
	}
	if !found {
		return nil
	}
	return g
}

// placeOf returns where a goroutine was started or, if the plugin did not start it, which
// line of the plugin's first function it is in, and whether it handles a request. The
// place is empty for a goroutine that is none of the plugin's.
func placeOf(block []string) (place string, handles bool) {
	for i := 1; i < len(block); i++ {
		match := frameLine.FindStringSubmatch(block[i])
		if match == nil {
			continue
		}
		function := strings.TrimPrefix(strings.TrimSpace(block[i-1]), "created by ")
		if strings.Contains(function, "_Backend_HandleRequest_Handler") || strings.Contains(function, "_Backend_HandleExistenceCheck_Handler") {
			handles = true
		}
		if !ofRuntime(function) {
			place = path.Base(match[1])
		}
	}
	return place, handles
}

// splitGoroutines returns the lines of each goroutine but the first one of the program,
// which is main's.
func splitGoroutines(lines []string) [][]string {
	var blocks [][]string
	var block []string
	flush := func() {
		if len(block) > 1 && !strings.HasPrefix(block[0], "goroutine 1 ") && !strings.HasPrefix(block[0], "goroutine 0 ") {
			blocks = append(blocks, block)
		}
		block = nil
	}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:"):
			flush()
			block = []string{line}
		case strings.TrimSpace(line) == "":
			flush()
		case block != nil:
			block = append(block, line)
		}
	}
	flush()
	return blocks
}

// standardLibrary are the folders and packages of Go's standard library.
const standardLibrary = `archive bufio bytes cmp compress container context crypto database
	debug embed encoding errors expvar flag fmt go hash html image index internal io iter log maps math
	mime net os path reflect regexp runtime slices sort strconv strings structs sync syscall
	testing text time unicode unique vendor weak`

// ofRuntime reports whether a function is of what every plugin consists of, rather than
// of the plugin.
func ofRuntime(function string) bool {
	root, _, below := strings.Cut(function, "/")
	if !below {
		root, _, _ = strings.Cut(function, ".")
	}
	if slices.Contains(strings.Fields(standardLibrary), root) {
		return true
	}
	return slices.ContainsFunc([]string{
		"google.golang.org/", "golang.org/x/", "github.com/hashicorp/go-", "github.com/hashicorp/yamux",
		"github.com/hashicorp/vault/sdk/", "github.com/openbao/openbao/sdk/",
	}, func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}

// quitSubject ends the process that serves the scenario's registration of the checked
// plugin and returns what its goroutines did. The next request starts another, which is not
// used yet.
func (w *world) quitSubject(ctx context.Context) (*goroutines, error) {
	machine, err := w.host(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := w.servingTree(ctx, soon)
	if err != nil {
		return nil, err
	}
	before, err := PluginLog(ctx, w.server, w.subject)
	if err != nil {
		return nil, err
	}
	pid, begun := tree.serving(ctx)[0].PID(), time.Now()
	if err := machine.Quit(ctx, pid); err != nil {
		return nil, fmt.Errorf("signal the plugin's process %d: %w", pid, err)
	}
	var lines []string
	err = poll(ctx, soon, func(ctx context.Context) error {
		all, err := PluginLog(ctx, w.server, w.subject)
		if err != nil {
			return err
		}
		lines = all[min(len(before), len(all)):]
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, ": plugin process exited: ") }) {
			return mismatch(fmt.Sprintf("process %d to have ended", pid), "it still runs")
		}
		return nil
	})
	w.forgetCrashes(ctx, begun)
	w.used.Store(err != nil)
	if failure := new(Failure); errors.As(err, &failure) {
		return nil, &NotCheckedError{Reason: "the plugin's process does not end when it is told to (SIGQUIT), so that what it does is not known"}
	}
	if err != nil {
		return nil, err
	}
	for i, line := range lines {
		// The server puts time, level and name before what the plugin prints.
		if _, after, ok := strings.Cut(line, w.subject); ok {
			_, after, _ = strings.Cut(after, ":")
			lines[i] = strings.TrimPrefix(after, " ")
		}
	}
	found := readGoroutines(lines)
	if found == nil {
		return nil, &NotCheckedError{Reason: "the plugin's process does not print its goroutines when it is told to (SIGQUIT), as Go programs do"}
	}
	return found, nil
}

// forgetCrashes lets the end of a process that the scenario ended after begun not count
// as a crash.
func (w *world) forgetCrashes(ctx context.Context, begun time.Time) {
	w.since = time.Now()
	// Where no crash is known, none counts.
	if found, _ := crashesBehind(ctx, true, w.server, w.subject, begun); len(found) > 0 {
		w.since = found[len(found)-1].Time.Add(1)
	}
}
