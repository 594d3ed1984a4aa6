// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// hostHas puts a variable into the environment of the server process.
func (w *world) hostHas(name, value string) error {
	spec, err := w.pendingSpec()
	if err != nil {
		return err
	}
	value, err = w.expand(value)
	if err != nil {
		return err
	}
	spec.Env = append(spec.Env, name+"="+value)
	return nil
}

// hasAPIAddr states the default, where a scenario is about it.
func (w *world) hasAPIAddr() error {
	spec, err := w.pendingSpec()
	if err == nil {
		spec.NoAPIAddr = false
	}
	return err
}

func (w *world) hasNoAPIAddr() error {
	spec, err := w.pendingSpec()
	if err == nil {
		spec.NoAPIAddr = true
	}
	return err
}

func (w *world) hasNoPluginDir() error {
	spec, err := w.pendingSpec()
	if err == nil {
		spec.NoPluginDir = true
	}
	return err
}

func (w *world) keepsState() error {
	spec, err := w.pendingSpec()
	if err == nil {
		spec.State = true
	}
	return err
}

func (w *world) restarts(ctx context.Context) error { return w.restart(ctx, false) }

func (w *world) killAndRestart(ctx context.Context) error { return w.restart(ctx, true) }

func (w *world) restart(ctx context.Context, kill bool) error {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	if err := RestartServer(ctx, server, kill); err != nil {
		return fmt.Errorf("restart the server: %w", err)
	}
	return nil
}

// logHas waits for a text in the server's log, which is written meanwhile.
func (w *world) logHas(ctx context.Context, text string) error {
	return poll(ctx, soon, func(ctx context.Context) error {
		log, err := w.log(ctx)
		if err != nil {
			return err
		}
		if !strings.Contains(log, text) {
			return mismatch(fmt.Sprintf("%q in the server's log", text), tail(log))
		}
		return nil
	})
}

func (w *world) logHasNo(ctx context.Context, text string) error {
	log, err := w.log(ctx)
	if err != nil {
		return err
	}
	if strings.Contains(log, text) {
		return mismatch(fmt.Sprintf("no %q in the server's log", text), tail(log))
	}
	return nil
}

func (w *world) log(ctx context.Context) (string, error) {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return "", err
	}
	log, err := ServerLog(ctx, server)
	if err != nil {
		return "", fmt.Errorf("read the server's log: %w", err)
	}
	return w.names.in(log), nil
}

// tail returns the end of a log, which has the latest lines.
func tail(log string) string {
	if len(log) <= maxShown {
		return log
	}
	return "…" + log[len(log)-maxShown:]
}

// clockMoves moves the time of the scenario's own server forward.
func (w *world) clockMoves(ctx context.Context, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	if w.timed != nil {
		return w.pass(ctx, d)
	}
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	if w.names.suffix != "" {
		return errors.New("the scenario shares its server, whose time others need: tag it @own-server, or begin it with a mount of its own whose time can be moved")
	}
	return AdvanceClock(ctx, server, d)
}
