// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"strings"
	"time"
)

// maxTraceLines bounds the trace in a failure.
const maxTraceLines = 60

// Tracer records what goes between the servers of a target and their plugins. Its
// methods are called by several goroutines.
type Tracer interface {
	// Begin returns the header traceparent for the requests of a scenario.
	Begin() (header string)
	// Lines returns what belongs to the requests with that header so far, an event a
	// line, with each text as shown makes it.
	Lines(header string, shown func(string) string) []string
	// End records the scenario itself.
	End(header, name string, began time.Time, failed bool)
}

// beginTrace begins the trace of the scenario, if there is one.
func (w *world) beginTrace() {
	if tracer := w.suite.config.Tracer; tracer != nil {
		w.parent = tracer.Begin()
	}
}

// trace returns what went between server and plugin in the scenario; the latest lines, if
// there are too many.
func (w *world) trace() string {
	if w.parent == "" {
		return ""
	}
	lines := w.suite.config.Tracer.Lines(w.parent, func(text string) string { return w.mask(w.names.in(text)) })
	if more := len(lines) - maxTraceLines; more > 0 {
		lines = append([]string{lines[0], fmt.Sprintf("… %d lines before", more)}, lines[1+more:]...)
	}
	return strings.Join(lines, "\n")
}

// endTrace ends the trace of a scenario that was carried out.
func (w *world) endTrace(outcome Outcome) {
	if w.parent != "" && w.notRun == nil {
		w.suite.config.Tracer.End(w.parent, w.requirement.ID+" "+w.name, w.machine.started, outcome.Status == Fail)
	}
}
