// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// triedMount is the path of the mount on which the profile's requests are tried.
func (i *Installed) triedMount() string { return "tried" + i.suffix }

// tryAnswers sends everything that the profile names to a mount of its own, and what
// servers ask of what it gives, and notes what gets no answer. What the answers are does
// not matter here.
//
// Where another installation did so nothing is to be found out.
func (i *Installed) tryAnswers(ctx context.Context) error {
	if !i.first {
		return nil
	}
	table, at := i.subject.MountPaths()
	mounted, err := i.mountAt(ctx, i.timeout, i.name(), i.triedMount())
	if err != nil {
		return err
	}
	if mounted.err != nil || mounted.refused() {
		return nil // another requirement is about that
	}
	asked, setUp, begun := 0, true, time.Now()
	err = i.tryAnswersAt(ctx, at+i.triedMount()+"/", func(ctx context.Context, r request) *trial {
		tried := i.answered(ctx, r)
		if asked++; asked <= len(i.subject.Profile.Setup) && (tried.err != nil || tried.refused()) {
			setUp = false
		}
		return tried
	})
	if err != nil {
		return err
	}
	if _, hangs := i.patience.hangs(revoking); hangs {
		return nil // the lease keeps the mount
	}
	survived := i.tryUnmount(ctx, table+"/"+i.triedMount(), at+i.triedMount()+"/", begun)
	// Servers end the process of all mounts when they raise the version of one.
	i.mountsBeside = setUp && survived && len(i.hung) == 0 && i.subject.storeVersion() == ""
	return nil
}

// tryUnmount removes a mount, and notes if that ends the plugin's process. Servers roll
// back first, which calls the periodic function: a crash there is not of the removal. asked
// is when the first request went to the mount. It reports whether the mount is gone and the
// process is known to have lived through both.
func (i *Installed) tryUnmount(ctx context.Context, entry, mount string, asked time.Time) (survived bool) {
	begun := time.Now()
	bounded, cancel := context.WithTimeout(ctx, i.timeout)
	defer cancel()
	_ = RollBackNow(bounded, i.server, mount) // a failure is not about the removal
	shared := i.ask(ctx, request{method: http.MethodGet, path: i.at("?help=1")})
	early, err := crashesBehind(ctx, shared.answer.failed(), i.server, i.name(), begun)
	removed := time.Now()
	tried := i.answered(ctx, request{method: http.MethodDelete, path: entry})
	if err != nil || len(early) > 0 {
		return false // or the target does not know crashes
	}
	// It is known when the shared mount is asked for something at the latest.
	shared = i.ask(ctx, request{method: http.MethodGet, path: i.at("?help=1")})
	crashes, err := crashesBehind(ctx, shared.answer.failed(), i.server, i.name(), removed)
	at := slices.IndexFunc(crashes, func(c Crash) bool { return c.Panicked })
	if err != nil || at < 0 {
		return err == nil && len(crashes) == 0 && tried.err == nil && !tried.refused()
	}
	i.fault, i.faultAt = &trial{path: entry, err: errors.New(i.mask(crashes[at].String()))}, unmounts
	// A removal revokes what is leased: what a revocation dies of is not of the removal.
	if before, _ := crashesOf(ctx, i.server, i.name(), asked); len(i.subject.Profile.Credentials) > 0 && slices.ContainsFunc(before, func(c Crash) bool { return c.Time.Before(begun) && c.What == crashes[at].What }) {
		i.faultAt = revocable
	}
	return false
}

// tryAnswersAt sends with send what the profile names to a mount that is fresh.
func (i *Installed) tryAnswersAt(ctx context.Context, at string, send func(context.Context, request) *trial) error {
	profile := &i.subject.Profile
	ask := func(write Write) (*trial, error) {
		requests, err := write.requests()
		if err != nil {
			return nil, err
		}
		r := requests[0]
		r.path, r.body = at+r.path, plain(r.body)
		return send(ctx, r), nil
	}
	writes := profile.Setup
	for _, sample := range profile.Samples {
		writes = append(writes[:len(writes):len(writes)], Write{Path: sample.Path, Data: sample.Data}, Write{Path: sample.Path})
	}
	for _, write := range writes {
		if _, err := ask(write); err != nil {
			return err
		}
	}
	for _, credentials := range profile.Credentials {
		tried, err := ask(credentials)
		if err != nil {
			return err
		}
		if err := i.tryLease(ctx, tried, send); err != nil {
			return err
		}
	}
	for _, login := range profile.Logins {
		tried, err := ask(login.write())
		if err != nil {
			return err
		}
		if tried.err == nil && tokenIn(tried.answer) != "" {
			send(ctx, request{method: http.MethodPost, path: "auth/token/renew-self", token: tokenIn(tried.answer)})
		}
	}
	document, err := i.document()
	if err != nil {
		return nil //nolint:nilerr // without a document nobody knows what else there is
	}
	for _, sample := range profile.Samples {
		if list, ok := document.listOf(sample.Path); ok {
			send(ctx, request{method: "LIST", path: at + list})
		}
		if _, deletes := document.Find(http.MethodDelete, sample.Path); deletes {
			send(ctx, request{method: http.MethodDelete, path: at + sample.Path})
		}
	}
	return nil
}

// tryLease renews and revokes the lease of an answer, if it has one.
func (i *Installed) tryLease(ctx context.Context, tried *trial, send func(context.Context, request) *trial) error {
	if tried.err != nil || leaseID(tried.answer.body) == "" {
		return nil
	}
	body, err := leaseBody(leaseID(tried.answer.body))
	if err != nil {
		return err
	}
	for _, path := range []string{"sys/leases/renew", "sys/leases/revoke"} {
		send(ctx, request{method: http.MethodPost, path: path, body: body})
	}
	return nil
}
