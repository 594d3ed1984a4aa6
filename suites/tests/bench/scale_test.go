// SPDX-License-Identifier: MPL-2.0

package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plugproof/plugproof/suites/internal/build"
)

func TestLevelsAreRows(t *testing.T) {
	t.Parallel()
	ms := func(n int) []time.Duration {
		return slices.Repeat([]time.Duration{time.Duration(n) * time.Millisecond}, 5)
	}
	levels := []level{
		{mounts: 100, mount: ms(2), list: ms(1), memory: 30, descriptors: 110},
		{mounts: 1000, mount: ms(3), list: ms(10), memory: 50, descriptors: 1010},
		{mounts: 1512, mount: ms(4), list: ms(30), memory: 66, descriptors: 1522},
	}
	var got table
	got.scale(counts(100000), levels)
	want := []row{
		{what: "mount number 100", value: "2.00 ms", mock: 2, unit: unitTime, aim: "< 2.5 ms"},
		{what: "list of 100 mounts", value: "1.00 ms", mock: 1, unit: unitTime},
		{what: "mount number 1000", value: "3.00 ms", floor: "2.00 ms", ratio: "1.50 x", mock: 3, below: 2, unit: unitTime, aim: "<= 1.5 x"},
		{what: "list of 1000 mounts", value: "10.00 ms", floor: "10.00 ms", ratio: "1.00 x", mock: 10, below: 10, unit: unitTime, aim: "<= 1.5 x"},
		{what: "mount number 1512 (of 10000)", value: "4.00 ms", floor: "2.00 ms", ratio: "2.00 x", mock: 4, below: 2, unit: unitTime, aim: "<= 1.5 x"},
		{what: "list of 1512 (of 10000) mounts", value: "30.00 ms", floor: "15.12 ms", ratio: "1.98 x", mock: 30, below: 15.12, unit: unitTime, aim: "<= 1.5 x"},
		{what: "mount number 100000 (not reached)", unit: unitTime},
		{what: "list of 100000 mounts (not reached)", unit: unitTime},
		{what: "memory of a mount, from 1000 to 1512", value: "32 KB", mock: 32, unit: unitSmall, aim: "< 43 KB"},
		{what: "descriptors of a mount", value: "1", mock: 1, unit: unitCount},
	}
	if !slices.Equal(got.rows, want) {
		t.Errorf("rows\n%+v\nwant\n%+v", got.rows, want)
	}
}

// TestScaleAndSoakAreMeasured measures a little of each, with a real server.
func TestScaleAndSoakAreMeasured(t *testing.T) {
	t.Parallel()
	server, err := build.Program(t.Context(), "./suites/cmd/plugproof-serve", "")
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := build.Plugins(t.Context(), build.Options{Names: []string{pluginName}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := newSubject(plugins[pluginName])
	if err != nil {
		t.Fatal(err)
	}
	set := settings{rounds: 3, mounts: window, entries: 20, soak: time.Millisecond, soakers: 2}
	var parts []part
	for _, m := range append(ofServer(set, mock(server), p), ofMock(set, mock(server), t.TempDir(), p)...) {
		if strings.Contains(m.what, "many") || m.what == "soak" {
			parts = append(parts, m)
		}
	}
	var got table
	var progress strings.Builder
	if err := measure(t.Context(), "", parts, &got, &progress); err != nil {
		t.Fatal(err)
	}
	named := map[string]row{}
	for _, r := range got.rows {
		named[strings.TrimSpace(r.what)] = r
	}
	for _, what := range []string{
		"mount number 20", "list of 20 mounts", "registration, of 20 beside the first 2", "list of 20 plugins", "read of one of 20 plugins",
		"descriptors", "goroutines",
	} {
		if named[what].mock <= 0 {
			t.Errorf("no figure for %q: %+v", what, got.rows)
		}
	}
	if held := named["goroutines"]; held.mock > held.below {
		t.Errorf("%v goroutines after more requests, %v before", held.mock, held.below)
	}
	if again := (&table{}); measure(t.Context(), "no such part", parts, again, &progress) != nil || len(again.rows) > 0 {
		t.Errorf("parts that were not asked for: %+v", again.rows)
	}
}
