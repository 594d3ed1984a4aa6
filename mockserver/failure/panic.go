// SPDX-License-Identifier: MPL-2.0

package failure

import (
	"regexp"
	"strconv"
	"strings"
)

// maxFrames is how many frames a Panic keeps.
const maxFrames = 5

// frameLine is the second line of a frame: a tab, file:line, and an offset.
var frameLine = regexp.MustCompile(`^\t(.+):(\d+)(?: \+0x[0-9a-f]+)?$`)

// libraries returns the prefixes of functions that call a plugin's code, or that
// it calls to panic.
func libraries() []string {
	return []string{
		"runtime.", "runtime/", "panic(", "testing.", "net/http.", "reflect.", "sync.", "internal/",
		"google.golang.org/", "github.com/hashicorp/go-plugin", "github.com/hashicorp/go-hclog",
		"github.com/hashicorp/vault/sdk/", "github.com/openbao/openbao/sdk/",
	}
}

// StartsPanic reports whether a line of a Go program's stderr begins a panic or
// a fatal error of the runtime.
func StartsPanic(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ")
}

// ParsePanic returns the panic that lines begin with; nil if they begin with
// none. Frames are those of the first goroutine.
func ParsePanic(lines []string) *Panic {
	if len(lines) == 0 || !StartsPanic(lines[0]) {
		return nil
	}
	p := &Panic{Message: lines[0]}
	goroutines := 0
	for i, line := range lines[1:] {
		if strings.HasPrefix(line, "goroutine ") {
			if goroutines++; goroutines > 1 {
				break
			}
		}
		match := frameLine.FindStringSubmatch(line)
		if match == nil || len(p.Frames) == maxFrames {
			continue
		}
		function := lines[i] // the line before
		if created, ok := strings.CutPrefix(function, "created by "); ok {
			function, _, _ = strings.Cut(created, " in goroutine")
		}
		if isLibrary(function) {
			continue
		}
		number, err := strconv.Atoi(match[2])
		if err != nil {
			continue
		}
		p.Frames = append(p.Frames, Frame{Function: withoutArguments(function), File: match[1], Line: number})
	}
	return p
}

func isLibrary(function string) bool {
	for _, prefix := range libraries() {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
}

// withoutArguments cuts the arguments off, not the receiver.
func withoutArguments(function string) string {
	if i := strings.LastIndexByte(function, '('); i > 0 && strings.HasSuffix(function, ")") {
		return function[:i]
	}
	return function
}
