// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// What is left in a process at first may just be about to end, or be what the plugin
// always has. Then what led to it is repeated, twice as often, and gets this long.
const lateEnd = 3 * time.Second

// leftBy does something some times and ends the process. If goroutines that run the
// plugin's code seem to have been left by that it does so again twice as often, and
// returns the place of those that have become as many more, and their number; 0 for
// none.
func (w *world) leftBy(ctx context.Context, times int, do func(ctx context.Context, times int) error, of func(*goroutines) map[string]int) (place string, left int, err error) {
	try := func(times int, wait time.Duration) (map[string]int, error) {
		if err := do(ctx, times); err != nil {
			return nil, err
		}
		if wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		found, err := w.quitSubject(ctx)
		if err != nil {
			return nil, err
		}
		return of(found), nil
	}
	first, err := try(times, 0)
	if err != nil {
		return "", 0, err
	}
	if _, number := most(first); number < times {
		return "", 0, nil
	}
	second, err := try(2*times, lateEnd)
	if err != nil {
		return "", 0, err
	}
	for at, number := range second {
		if second[at] -= first[at]; number < 2*times {
			second[at] = 0
		}
	}
	if place, left = most(second); left < times {
		return "", 0, nil
	}
	return place, left + first[place], nil
}

// everywhere returns the places of all goroutines.
func everywhere(g *goroutines) map[string]int {
	all := make(map[string]int)
	for _, places := range []map[string]int{g.handling, g.elsewhere} {
		for place, number := range places {
			all[place] += number
		}
	}
	return all
}

// heldLimit bounds waiting for a request to come to the plugin's storage: many need
// nothing of it.
const heldLimit = 300 * time.Millisecond

// cancelledEnd sends every request of the profile some times, whose client goes away
// while the plugin waits for its storage, and wants nothing of them to stay.
func (w *world) cancelledEnd(ctx context.Context, requests int, mount string) error {
	place, left, err := w.leftBy(ctx, requests, func(ctx context.Context, times int) error { return w.cancelRequests(ctx, times, mount) }, everywhere)
	if err != nil || left == 0 {
		return err
	}
	if err := w.leftAnyway(ctx, requests, mount, place); err != nil {
		return err
	}
	return mismatch("requests to end in the plugin when their client is gone", fmt.Sprintf("%d goroutines of cancelled requests still run %s later: %s", left, lateEnd, place))
}

// leftAnyway ends the scenario as not checked if credentials and logins leave goroutines at
// a place that nobody cancels.
func (w *world) leftAnyway(ctx context.Context, times int, mount, place string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	for _, write := range slices.Concat(loginWrites(profile.Logins), profile.Credentials) {
		for range times {
			if _, err := w.given(ctx, mount, write); err != nil {
				return err
			}
		}
	}
	found, err := w.quitSubject(ctx)
	if err != nil {
		return err
	}
	if everywhere(found)[place] >= times {
		return &NotCheckedError{Reason: "credentials or logins leave goroutines whether they are cancelled or not, see " + staysSmallOverMany}
	}
	return nil
}

const staysSmallOverMany = "PLG-607"

// cancelRequests sends each request of the profile some times and goes away.
func (w *world) cancelRequests(ctx context.Context, times int, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	var sent []request
	for _, sample := range profile.Samples {
		sent = append(sent, request{method: http.MethodGet, path: sample.Path})
	}
	for _, write := range slices.Concat(profile.writes(), profile.Credentials) {
		requests, err := write.requests()
		if err != nil {
			return err
		}
		sent = append(sent, requests[0])
	}
	if len(sent) == 0 {
		return &NotCheckedError{Reason: profile.missing(Requests)}
	}
	at, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return err
	}
	for _, r := range sent {
		if silent, _ := installed.silent(r.method + " " + r.path); silent != "" {
			continue
		}
		// The client sends it as it is.
		r.path, r.token, r.body = at+strings.TrimPrefix(r.path, "/"), w.server.Token(), plain(r.body)
		// With the first access the existence check may be cancelled, then the request.
		for _, pass := range []int{0, times} {
			if err := w.cancelHeld(ctx, at, r, times, pass); err != nil {
				return err
			}
		}
	}
	// What is about to end gets the time of an answer.
	w.wake(ctx, installed, mount)
	if crash := w.crash(ctx); crash != nil {
		return mismatch("the plugin to live through requests that are cancelled", crash.String())
	}
	return nil
}

// wake starts the process again if it has ended. What the plugin answers does not
// matter here.
func (w *world) wake(ctx context.Context, installed *Installed, mount string) {
	if path, err := w.outgoing(w.below(mount, "?help=1")); err == nil {
		_ = installed.ask(ctx, request{method: http.MethodGet, path: path})
	}
}

// cancelHeld sends a request some times at once, goes away when the plugin waits for its
// storage, and lets the storage work again.
func (w *world) cancelHeld(ctx context.Context, mount string, r request, times, pass int) (err error) {
	if err := HoldStorage(ctx, w.server, mount, pass); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ReleaseStorage(context.WithoutCancel(ctx), w.server, mount)) }()
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	var clients sync.WaitGroup
	for range times {
		clients.Go(func() {
			// Nobody waits for the answer.
			_, _ = w.client.do(cancelled, r)
		})
	}
	answered := make(chan struct{})
	go func() { clients.Wait(); close(answered) }()
	err = w.waitHeld(ctx, mount, answered, func(held int64) bool { return held > 0 })
	cancel()
	clients.Wait()
	// A plugin that waits for its storage without the request's context ends with it.
	return errors.Join(err, w.waitHeld(ctx, mount, nil, func(held int64) bool { return held == 0 }))
}

// waitHeld waits until as many accesses wait at a mount as are wanted, or done is
// closed, but not long.
func (w *world) waitHeld(ctx context.Context, mount string, done <-chan struct{}, wanted func(held int64) bool) error {
	limit := time.NewTimer(heldLimit)
	defer limit.Stop()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		held, err := HeldAccesses(ctx, w.server, mount)
		if err != nil || wanted(held) {
			return err
		}
		select {
		case <-ticker.C:
		case <-done:
			return nil
		case <-limit.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// mountsEnd mounts the scenario's registration some times beside a mount that keeps its
// process, uses and removes the mounts, and wants nothing of them to run on.
func (w *world) mountsEnd(ctx context.Context, mounts int, beside string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if installed.subject.storeVersion() != "" {
		return &NotCheckedError{Reason: "servers end the plugin's process when they raise the version of a mount (options.version)"}
	}
	place, left, err := w.leftBy(ctx, mounts, func(ctx context.Context, times int) error {
		w.wake(ctx, installed, beside)
		return w.mountAndUnmount(ctx, installed, times)
	}, everywhere)
	if err != nil || left == 0 {
		return err
	}
	return mismatch("nothing of a mount to run on after its Cleanup", fmt.Sprintf("%d goroutines of %d mounts that are gone still run %s later: %s", left, 2*mounts, lateEnd, place))
}

// mountAndUnmount makes, uses and removes mounts of the scenario's registration.
func (w *world) mountAndUnmount(ctx context.Context, installed *Installed, times int) error {
	failure := new(Failure)
	for n := range times {
		mount := fmt.Sprintf("gone-%d", n)
		err := w.mountSubject(ctx, mount)
		if err == nil {
			err = w.sendSetup(ctx, mount)
		}
		if errors.As(err, &failure) {
			return w.seeOr(anotherMount, "the plugin can't be mounted and set up a second time", err)
		}
		if err != nil {
			return err
		}
		for _, sample := range installed.subject.Profile.Samples {
			path, err := w.outgoing(w.below(mount, sample.Path))
			if err != nil {
				return err
			}
			// What it answers does not matter here.
			_ = installed.ask(ctx, request{method: http.MethodGet, path: path})
		}
		if err := w.must(ctx, http.MethodDelete, w.saved["table"]+"/"+mount, ""); err != nil {
			return err
		}
	}
	return nil
}
