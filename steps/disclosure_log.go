// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

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
