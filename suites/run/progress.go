// SPDX-License-Identifier: MPL-2.0

package run

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/mattn/go-isatty"

	"github.com/plugproof/plugproof/steps"
)

// Progress shows on a terminal, in one line, what is going on. Elsewhere it is
// quiet, so that logs of CI hold results only. Its methods may be called by
// several goroutines.
type Progress struct {
	out io.Writer // nil is quiet

	mu          sync.Mutex
	total, done int
	bad         int
}

// NewProgress writes to file if it is a terminal.
func NewProgress(file *os.File) *Progress {
	if !isTerminal(file) {
		return &Progress{}
	}
	return &Progress{out: file}
}

func isTerminal(file *os.File) bool {
	return isatty.IsTerminal(file.Fd()) && os.Getenv("TERM") != "dumb"
}

// lineStart goes to the first column and clears the line.
const lineStart = "\r\x1b[K"

func (p *Progress) say(format string, args ...any) {
	if p.out == nil {
		return
	}
	// A terminal that went away is no reason to end the run.
	_, _ = fmt.Fprintf(p.out, lineStart+format, args...)
}

func (p *Progress) begin(total int) {
	p.mu.Lock()
	p.total = total
	p.mu.Unlock()
	p.say("0 of %d scenarios", total)
}

func (p *Progress) ended(outcome steps.Outcome) {
	p.mu.Lock()
	p.done++
	if outcome.Status == steps.Fail || outcome.Status == steps.Errored {
		p.bad++
	}
	done, total, bad := p.done, p.total, p.bad
	p.mu.Unlock()
	failed := ""
	if bad > 0 {
		failed = fmt.Sprintf(", %d failed", bad)
	}
	p.say("%d of %d scenarios%s, last %s %s", done, total, failed, outcome.Status, outcome.Requirement.ID)
}

// finish clears the line for the summary.
func (p *Progress) finish() { p.say("") }
