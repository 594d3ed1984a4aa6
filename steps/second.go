// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The second registration of the checked plugin is that whose processes scenarios end. One
// scenario at a time has it for itself.
//
// A process ends with its last mount, and a start takes longer than most of what scenarios
// do with it. A scenario that leaves a process which has done nothing but to be set up, or
// that has ended the process, therefore leaves its mount too. The next one removes that
// mount when its own is there: one process is enough for both.

// secondName is the name of the second registration.
func (i *Installed) secondName() string { return SubjectName + "-second" + i.suffix }

// register registers the plugin once more, so that it has processes that no shared
// mount uses.
func (i *Installed) register(ctx context.Context, name, binary string, limit time.Duration, env ...string) error {
	sum, err := PlacePlugin(ctx, i.server, name, binary)
	if err != nil {
		return fmt.Errorf("bring %s into the plugin directory: %w", binary, err)
	}
	if err := samePlugin(binary, i.sha256, sum); err != nil {
		return err
	}
	body, err := i.subject.registration(i.server.PluginDir(), name, i.sha256, env...)
	if err != nil {
		return err
	}
	tried := i.post(ctx, limit, "sys/plugins/catalog/"+i.subject.Type+"/"+name, body)
	if tried.err != nil || tried.refused() {
		return mismatch("a second registration of the plugin to succeed", tried.got())
	}
	return nil
}

// aloneWithSecond waits until no scenario uses the second registration, and calls waiting
// first if one does; waiting may be nil. The caller calls release when it does not use it
// any more.
func (i *Installed) aloneWithSecond(ctx context.Context, waiting func()) (release func(), err error) {
	release = func() { <-i.alone }
	select {
	case i.alone <- struct{}{}:
		return release, nil
	default:
	}
	if waiting != nil {
		waiting()
	}
	select {
	case i.alone <- struct{}{}:
		return release, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// count waits until fewer scenarios run than may at a time, and counts as one from then on.
func (w *world) count(ctx context.Context) {
	if w.suite.running == nil {
		return
	}
	select {
	case w.suite.running <- struct{}{}:
		w.counts = true
	case <-ctx.Done():
	}
}

// discount lets another scenario run instead: this one has ended, or waits for one that
// may wait for its turn.
func (w *world) discount() {
	if w.counts {
		w.counts = false
		<-w.suite.running
	}
}

// removeLeft removes the mounts that were left: paths such as sys/mounts/p.
func (i *Installed) removeLeft(ctx context.Context, remove func(ctx context.Context, entry string) error) error {
	var failed []error
	i.left = slices.DeleteFunc(i.left, func(entry string) bool {
		err := remove(ctx, entry)
		failed = append(failed, err)
		return err == nil
	})
	return errors.Join(failed...)
}

// mountRegistered mounts the scenario's registration. A plugin that can't be mounted beside
// what the scenario before left is mounted after that is gone.
func (w *world) mountRegistered(ctx context.Context, path string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	err = w.mountSubject(ctx, path)
	if w.subject != installed.secondName() {
		return err
	}
	again := err != nil && len(installed.left) > 0
	if failed := installed.removeLeft(ctx, w.remove); failed != nil {
		return errors.Join(err, failed)
	}
	if again {
		err = w.mountSubject(ctx, path)
	}
	w.mounts = append(w.mounts, w.saved["table"]+"/"+w.names.out(path))
	return err
}

// leaves returns the mount that the scenario leaves to the next one: its only one of the
// second registration, if all went well and the process was not used.
func (w *world) leaves(stepErr error) string {
	if len(w.mounts) != 1 || stepErr != nil || w.interrupted || w.used.Load() || len(w.services) > 0 {
		return ""
	}
	if installed := w.suite.config.Installed; !installed.mountsBeside || len(installed.left) > 0 {
		return ""
	}
	return w.mounts[0]
}
