// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"strings"
	"testing"
)

// The report is one that go1.26 printed.
const raceReport = `2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: ==================
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: WARNING: DATA RACE
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: Read at 0x00c0003a6c30 by goroutine 53:
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:   runtime.mapaccess1_faststr()
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:       /usr/local/go/src/runtime/map_faststr_swiss.go:13 +0x0
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:   main.(*backend).write()
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:       /src/transit/main.go:251 +0x8b
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:   main.(*backend).serve()
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:       /src/transit/main.go:13 +0x8b
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: 
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: Previous write at 0x00c0003a6c30 by goroutine 57:
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:   main.(*backend).write()
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:       /src/transit/main.go:252 +0x8b
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: 
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: Goroutine 53 (running) created at:
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:   google.golang.org/grpc.(*Server).serveStreams()
2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin:       /src/grpc/server.go:1 +0x8b`

func TestFirstRace(t *testing.T) {
	t.Parallel()
	got, ok := firstRace(strings.Split(raceReport, "\n"))
	if want := "a data race: read at main.go:251, previous write at main.go:252"; !ok || got != want {
		t.Errorf("%q, %v; want %q", got, ok, want)
	}
	if _, ok := firstRace([]string{"2026-11-28T06:19:45.896Z [DEBUG] my-plugin.my-plugin: all is well"}); ok {
		t.Error("a race where there is none")
	}
}
