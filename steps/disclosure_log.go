// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// logDelay is how long a line that a plugin logged may take to be known, where the server
// does not tell when all are.
const logDelay = 150 * time.Millisecond

// watchLog checks every line that the plugin has logged.
func (w *world) watchLog(ctx context.Context, check func(line string) error) error {
	return w.whenLogged(ctx, []string{w.subject}, func() error {
		lines, err := PluginLog(ctx, w.server, w.subject)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := check(line); err != nil {
				return err
			}
		}
		return nil
	})
}

// whenLogged checks logs when what happened before is in those of some registrations, or
// for some time where the server does not know that.
func (w *world) whenLogged(ctx context.Context, registrations []string, check func() error) error {
	known := true
	for _, registration := range registrations {
		known = awaitPluginLog(ctx, w.server, registration) && known
	}
	if known {
		return check()
	}
	end := time.NewTimer(logDelay)
	defer end.Stop()
	ticker := time.NewTicker(logDelay / 3)
	defer ticker.Stop()
	for {
		if err := check(); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-end.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pluginLogHas waits for a text in the log of the checked plugin.
func (w *world) pluginLogHas(ctx context.Context, text string) error {
	return poll(ctx, soon, func(ctx context.Context) error {
		log, err := w.pluginLog(ctx)
		if err == nil && !strings.Contains(log, text) {
			err = mismatch(fmt.Sprintf("%q in the plugin's log", text), w.mask(tail(log)))
		}
		return err
	})
}

// pluginLogHasNo wants a text not to come in the log of the checked plugin.
func (w *world) pluginLogHasNo(ctx context.Context, text string) error {
	text, err := w.expand(text)
	if err != nil {
		return err
	}
	if w.subject == "" {
		return errNoSubject
	}
	return w.watchLog(ctx, func(line string) error {
		if strings.Contains(line, text) {
			return mismatch(fmt.Sprintf("no %q in the plugin's log", text), w.mask(line))
		}
		return nil
	})
}

var errNoSubject = errors.New("this sentence stands behind one that mounts the checked plugin")

func (w *world) pluginLog(ctx context.Context) (string, error) {
	if w.subject == "" {
		return "", errNoSubject
	}
	lines, err := PluginLog(ctx, w.server, w.subject)
	return w.names.in(strings.Join(lines, "\n")), err
}
