// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/plugproof/plugproof/mockserver/internal/process"
)

// lineBuffer is a log that may be read while it is written.
type lineBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lineBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lineBuffer) count(text string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.text.String(), text)
}

// Others load the processors meanwhile, so that what a plugin has printed arrives late.
func TestAllThatWasLoggedIsThereWhenItWasWaitedFor(t *testing.T) {
	t.Parallel()
	const clients, rounds = 4, 10
	var all sync.WaitGroup
	for range clients {
		log := &lineBuffer{}
		p := newPool(t, func(h *process.Host) {
			h.Logger = hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: log})
		})
		e := entry(t, "multiplex")
		b := mount(t, p, "a", e)
		all.Go(func() {
			for n := range rounds {
				if _, err := read(t.Context(), b, "print"); err != nil {
					t.Error(err)
					return
				}
				if err := p.AwaitLog(t.Context(), e.Name); err != nil {
					t.Error(err)
					return
				}
				for _, text := range []string{"printed while it serves", "logged while it serves"} {
					if got := log.count(text); got != n+1 {
						t.Errorf("after %d requests the log has %q %d times", n+1, text, got)
					}
				}
			}
		})
	}
	all.Wait()
}
