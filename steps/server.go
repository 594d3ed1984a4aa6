// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"strings"
)

// hostHas puts a variable into the environment of the server process.
func (w *world) hostHas(name, value string) error {
	spec, err := w.changing()
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

// hasAPIAddr says what is so anyway, where a scenario is about it.
func (w *world) hasAPIAddr() error {
	spec, err := w.changing()
	if err == nil {
		spec.NoAPIAddr = false
	}
	return err
}

func (w *world) hasNoAPIAddr() error {
	spec, err := w.changing()
	if err == nil {
		spec.NoAPIAddr = true
	}
	return err
}

func (w *world) hasNoPluginDir() error {
	spec, err := w.changing()
	if err == nil {
		spec.NoPluginDir = true
	}
	return err
}

func (w *world) keepsState() error {
	spec, err := w.changing()
	if err == nil {
		spec.State = true
	}
	return err
}

func (w *world) restarts(ctx context.Context) error { return w.restart(ctx, false) }

func (w *world) isKilledAndStarts(ctx context.Context) error { return w.restart(ctx, true) }

func (w *world) restart(ctx context.Context, kill bool) error {
	server, err := w.running(ctx)
	if err != nil {
		return err
	}
	if err := server.Restart(ctx, kill); err != nil {
		return fmt.Errorf("restart the server: %w", err)
	}
	return nil
}

// logHas waits for a text in the server's log, which is written meanwhile.
func (w *world) logHas(ctx context.Context, text string) error {
	return w.poll(ctx, soon, func(ctx context.Context) error {
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
	server, err := w.running(ctx)
	if err != nil {
		return "", err
	}
	log, err := server.Logs(ctx)
	if err != nil {
		return "", fmt.Errorf("read the server's log: %w", err)
	}
	return w.names.in(log), nil
}

// tail keeps the end of a log, where what just happened stands.
func tail(log string) string {
	if len(log) <= maxShown {
		return log
	}
	return "…" + log[len(log)-maxShown:]
}
