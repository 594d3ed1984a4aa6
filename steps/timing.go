// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// timedPlugin is the checked plugin on a server whose time is moved. One scenario
// at a time has it for itself.
type timedPlugin struct {
	*Installed
	// periodic is what came of some minutes.
	periodic periodicTrial
}

// periodicTrial is what the plugin's periodic function and rollbacks did in some
// minutes: on a mount that is set up and on one that is not.
type periodicTrial struct {
	hung  bool
	crash *Crash
	// setUp and fresh are the server's words about failures; empty for none.
	setUp, fresh string
}

// The requirements about periodic work that others build on.
const (
	periodicSurvived = "PLG-510"
	periodicReturns  = "PLG-513"
)

// periods is how far the trial moves the time: servers call the plugin each minute.
const periods = 3 * time.Minute

// installTimed installs the plugin once more, on a server of its own, and lets some
// minutes pass there.
func (i *Installed) installTimed(ctx context.Context, in Installation) (*timedPlugin, error) {
	in.patience = i.patience
	other, err := install(ctx, in, Spec{Fresh: true}, i.suffix)
	refused, wrong := new(RefusedError), new(ProfileError)
	switch {
	case errors.As(err, &refused), errors.As(err, &wrong), errors.Is(err, ErrNoAnswer):
		return nil, &NotCheckedError{Reason: "the plugin can't be used on a second server, see " + anotherProcess}
	case err != nil:
		return nil, err
	}
	i.elsewhere = append(i.elsewhere, other)
	timed := &timedPlugin{Installed: other}
	if reason := other.notSetUp(); reason != "" {
		return timed, nil
	}
	return timed, timed.pass(ctx)
}

// freshMount is the path of the mount that nothing is written to.
func (i *Installed) freshMount() string { return "fresh" + i.suffix }

// pass lets some minutes pass and finds out what came of them.
func (t *timedPlugin) pass(ctx context.Context) error {
	_, at := t.subject.MountPaths()
	mounted, err := t.mountAt(ctx, t.timeout, t.name(), t.freshMount())
	if err != nil {
		return err
	}
	if mounted.err != nil || mounted.refused() {
		return &NotCheckedError{Reason: "the plugin can't be mounted a second time, see " + anotherMount}
	}
	begun := time.Now()
	switch err := t.advance(ctx, periods); {
	case errors.Is(err, errStill):
		t.periodic.hung = true
		return nil
	case err != nil:
		return err
	}
	crashes, err := crashesOf(ctx, t.server, t.name(), begun)
	if err != nil && !errors.Is(err, ErrUnsupported) {
		return err
	}
	if len(crashes) > 0 {
		t.periodic.crash = &crashes[0]
	}
	log, err := ServerLog(ctx, t.server)
	if err != nil && !errors.Is(err, ErrUnsupported) {
		return err
	}
	t.periodic.setUp = lineWith(log, "error rolling back", "path="+at+t.mount()+"/")
	t.periodic.fresh = lineWith(log, "error rolling back", "path="+at+t.freshMount()+"/")
	return nil
}

// lineWith returns the first line of a log that has all the texts, and those that
// belong to it; empty for none.
func lineWith(log string, texts ...string) string {
	lines := strings.Split(log, "\n")
	for n, line := range lines {
		has := true
		for _, text := range texts {
			has = has && strings.Contains(line, text)
		}
		if !has {
			continue
		}
		end := n + 1
		for end < len(lines) && strings.HasPrefix(lines[end], " ") {
			end++
		}
		return strings.Join(lines[n:end], "\n")
	}
	return ""
}

// errStill is matched by the error for a move of the time that takes too long.
var errStill = errors.New("what was to happen meanwhile is not done")

// advance moves the time of the server, and waits as long as for a request.
func (i *Installed) advance(ctx context.Context, d time.Duration) error {
	moved := make(chan error, 1)
	go func() { moved <- AdvanceClock(context.WithoutCancel(ctx), i.server, d) }()
	limit := time.NewTimer(i.timeout)
	defer limit.Stop()
	select {
	case err := <-moved:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return fmt.Errorf("%w after %s", errStill, i.timeout)
	}
}

// timedTaken makes the plugin on the server whose time can be moved the scenario's.
func (w *world) timedTaken(ctx context.Context) error {
	shared := w.suite.config.Installed
	if shared == nil || w.server != nil {
		return errors.New("this sentence is about the checked plugin and stands before all others")
	}
	if reason := shared.notSetUp(); reason != "" {
		return &NotCheckedError{Reason: reason}
	}
	timed, err := shared.timed()
	if err != nil {
		return err
	}
	if reason := timed.notSetUp(); reason != "" {
		return &NotCheckedError{Reason: reason}
	}
	if w.release, err = timed.aloneWithSecond(ctx, w.discount); err != nil {
		return err
	}
	client := *timed.client
	client.parent = w.parent
	w.timed, w.server, w.client = timed, timed.server, &client
	w.secrets = append(w.secrets, timed.server.Token())
	w.since = time.Now()
	w.subject = timed.name()
	return nil
}

// timedMount takes it and mounts it once more.
func (w *world) timedMount(ctx context.Context, path string) error {
	if err := w.timedTaken(ctx); err != nil {
		return err
	}
	switch periodic := w.timed.periodic; {
	case periodic.hung:
		return &NotCheckedError{Reason: "the plugin's periodic function does not return, see " + periodicReturns}
	case periodic.crash != nil:
		return &NotCheckedError{Reason: "the plugin's periodic function ends the process, see " + periodicSurvived}
	}
	if err := w.subjectOwnMount(ctx, path); err != nil {
		return err
	}
	// Otherwise what a plugin leases for as long as servers allow would end after
	// tens of thousands of calls of the periodic function.
	body := fmt.Sprintf(`{"default_lease_ttl": "30m", "max_lease_ttl": %q}`, longestMove)
	return w.must(ctx, http.MethodPost, w.saved["table"]+"/"+path+"/tune", body)
}

// longestMove is how long leases are on a mount whose time is moved, at most.
const longestMove = 6 * time.Hour

// periodicAlive wants no crash and an answer after some minutes.
func (w *world) periodicAlive(ctx context.Context) error {
	periodic := w.timed.periodic
	if periodic.hung {
		return &NotCheckedError{Reason: "the plugin's periodic function does not return, see " + periodicReturns}
	}
	if periodic.crash != nil {
		return mismatch("the plugin's process to survive its periodic function", periodic.crash.String())
	}
	return w.must(ctx, http.MethodGet, w.below(w.timed.mount(), "?help=1"), "")
}

// periodicDone wants the periodic function to return.
func (w *world) periodicDone() error {
	if w.timed.periodic.hung {
		return mismatch("the plugin's periodic function to return", fmt.Sprintf("it still runs after %s", w.timed.timeout))
	}
	return nil
}

// periodicSucceeds wants no error of it, on the mount that is set up.
func (w *world) periodicSucceeds() error { return w.periodicWorked(w.timed.periodic.setUp) }

// periodicSucceedsFresh wants no error of it on a mount that is not set up.
func (w *world) periodicSucceedsFresh() error {
	if w.timed.periodic.setUp != "" {
		return &NotCheckedError{Reason: "the plugin's periodic function fails on every mount, see PLG-511"}
	}
	return w.periodicWorked(w.timed.periodic.fresh)
}

func (w *world) periodicWorked(failed string) error {
	periodic := w.timed.periodic
	switch {
	case periodic.hung:
		return &NotCheckedError{Reason: "the plugin's periodic function does not return, see " + periodicReturns}
	case periodic.crash != nil:
		return &NotCheckedError{Reason: "the plugin's periodic function ends the process, see " + periodicSurvived}
	case failed != "":
		return mismatch("no error from the plugin's periodic function and rollbacks", w.names.in(failed))
	}
	return nil
}

// retries is as long as servers try again to revoke what has expired, but for the
// last two times.
const retries = 2 * time.Minute

// leasesExpire moves the time on until all leases have ended.
func (w *world) leasesExpire(ctx context.Context) error {
	var longest time.Duration
	for _, lease := range w.leases {
		longest = max(longest, lease.duration)
	}
	return w.pass(ctx, longest+retries)
}

// pass moves the time on, where the scenario can.
func (w *world) pass(ctx context.Context, d time.Duration) error {
	if w.timed == nil {
		return w.clockMoves(ctx, d.String())
	}
	err := w.timed.advance(ctx, d)
	if errors.Is(err, errStill) {
		return mismatch("what happens in "+d.String()+" to be done in time", err.Error())
	}
	return err
}

// maxRenewals limits how often a lease is renewed.
const maxRenewals = 20

// outlasts renews until the limit has passed, and reports what it got if something
// still is valid then. The steps are as long as the time that is left, so that the
// last renewal is shortly before the limit.
func (w *world) outlasts(ctx context.Context, limit, duration time.Duration, renew func() (time.Duration, error)) (bool, error) {
	passed := time.Duration(0)
	left := duration
	for range maxRenewals {
		step := max(min(left/2, limit-passed), time.Second)
		if err := w.pass(ctx, step); err != nil {
			return false, err
		}
		passed += step
		renewed, err := renew()
		if err != nil || renewed <= 0 {
			return false, err
		}
		// What is shown is rounded.
		if passed+renewed > limit+2*time.Second {
			return true, nil
		}
		left = renewed
	}
	return false, nil
}

func (w *world) leasesEndByLimit(ctx context.Context) error {
	return w.endByLimit(ctx, w.leaseRenewals())
}

func (w *world) tokensEndByLimit(ctx context.Context) error {
	return w.endByLimit(ctx, w.tokenRenewals())
}
