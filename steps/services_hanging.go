// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// hangingEnd sends what makes the plugin call its services some times, to services that do
// not answer, and goes away; nothing of that may stay in the plugin.
func (w *world) hangingEnd(ctx context.Context, requests int, mount string) error {
	place, left, err := w.leftBy(ctx, requests, func(ctx context.Context, times int) error { return w.abandonRequests(ctx, times, mount) },
		// What a request leaves behind in any case another requirement is about.
		func(g *goroutines) map[string]int { return g.handling })
	if err != nil || left == 0 {
		return err
	}
	return mismatch("requests to end in the plugin when their client is gone while the service does not answer",
		fmt.Sprintf("%d goroutines of cancelled requests still run %s later: %s", left, lateEnd, place))
}

// abandonRequests sends each request of the profile that gives something some times, and
// goes away when the services were asked as often.
func (w *world) abandonRequests(ctx context.Context, times int, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	sent := slices.Clone(profile.Credentials)
	for _, login := range profile.Logins {
		sent = append(sent, login.write())
	}
	at, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return err
	}
	w.wake(ctx, installed, mount)
	asked := false
	for _, write := range sent {
		if silent, _ := installed.silent(write.method() + " " + write.Path); silent != "" {
			continue
		}
		requests, err := write.requests()
		if err != nil {
			return err
		}
		r := requests[0]
		r.path, r.token, r.body = at+strings.TrimPrefix(r.path, "/"), w.server.Token(), plain(r.body)
		came, err := w.abandon(ctx, r, times)
		if err != nil {
			return err
		}
		asked = asked || came
	}
	if !asked {
		return &NotCheckedError{Reason: "the plugin calls none of the http URLs in its profile for its credentials and logins"}
	}
	w.wake(ctx, installed, mount)
	if crash := w.crash(ctx); crash != nil {
		return mismatch("the plugin to live through requests that are cancelled", crash.String())
	}
	return nil
}

// abandonLimit bounds waiting for a request of the plugin at its service.
const abandonLimit = 2 * time.Second

// abandon sends a request some times at once, goes away when the services hold it, and
// reports whether they were asked.
func (w *world) abandon(ctx context.Context, r request, times int) (asked bool, err error) {
	before := w.services.fail(hangs)
	defer func() { w.services.fail(works) }()
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
	limit := time.NewTimer(abandonLimit)
	defer limit.Stop()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for waiting := true; waiting && w.services.fail(hangs) < before+times; {
		select {
		case <-ticker.C:
		case <-answered:
			waiting = false
		case <-limit.C:
			waiting = false
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	cancel()
	clients.Wait()
	return w.services.fail(hangs) > before, nil
}
