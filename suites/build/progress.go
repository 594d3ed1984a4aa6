// SPDX-License-Identifier: MPL-2.0

package build

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// announcement tells about work that turns out to take long, and about its end.
type announcement struct {
	mu    sync.Mutex
	out   io.Writer
	start time.Time
	timer *time.Timer
	said  bool
	ended bool
}

// announce writes text to out when after has passed and the work is not done.
func announce(out io.Writer, after time.Duration, text string) *announcement {
	a := &announcement{out: out, start: time.Now()}
	if out == nil {
		return a
	}
	a.timer = time.AfterFunc(after, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.ended {
			return
		}
		a.said = true
		fmt.Fprintf(out, "%s …\n", text)
	})
	return a
}

func (a *announcement) done() {
	if a.out == nil {
		return
	}
	a.timer.Stop()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
	if a.said {
		fmt.Fprintf(a.out, "… took %.1f s\n", time.Since(a.start).Seconds())
	}
}
