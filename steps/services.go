// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// failingMount mounts the shared registration once more and sets it up with services that
// stand in for those of the profile's URLs, and can be made to fail.
func (w *world) failingMount(ctx context.Context, path string) error {
	if err := w.startFailing(); err != nil {
		return err
	}
	if err := w.subjectFreshMount(ctx, path); err != nil {
		return err
	}
	return w.sendSetupElsewhere(ctx, path)
}

// servicesStandIn sets a mount up once more, with services in place of those of the
// profile's URLs that can be made to fail.
func (w *world) servicesStandIn(ctx context.Context, mount string) error {
	if err := w.startFailing(); err != nil {
		return err
	}
	return w.sendSetupElsewhere(ctx, mount)
}

// startFailing starts the services.
func (w *world) startFailing() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if reason := installed.notSetUp(); reason != "" {
		return &NotCheckedError{Reason: reason}
	}
	origins := installed.subject.Profile.httpOrigins()
	if len(origins) == 0 {
		return &NotCheckedError{Reason: installed.subject.Profile.missing(Services)}
	}
	started, err := startServices(installed.server, origins)
	w.closers = append(w.closers, func() error { started.close(); return nil })
	w.services = started
	return err
}

// elsewhere returns data of the profile with the services in place of its URLs.
func (w *world) elsewhere(data map[string]any) map[string]any {
	changed, _ := replaceURLs(data, func(u *url.URL) *url.URL {
		service, ok := w.services[u.Scheme+"://"+u.Host]
		if !ok {
			return u
		}
		other := *u
		other.Host = service.address
		return &other
	}).(map[string]any)
	return changed
}

// sendSetupElsewhere sends the setup to a mount, with the services in place of its URLs.
func (w *world) sendSetupElsewhere(ctx context.Context, mount string) error {
	accepted, err := w.writeSetup(ctx, mount, func(write Write) map[string]any { return w.elsewhere(write.Data) })
	if err == nil && !accepted {
		err = &NotCheckedError{Reason: "the plugin refuses to be set up with other addresses in the profile's URLs"}
	}
	return err
}

// serviceFailures are how a service fails that answers at all, and what is said of it.
func serviceFailures() map[failure]string {
	return map[failure]string{refuses: "403 Forbidden", breaks: "501 Not Implemented"}
}

// whileFailing does something while the services fail in one way after the other, and
// judges it where they were asked meanwhile.
func (w *world) whileFailing(do func(said string) error, judge func(said string) error) error {
	asked := false
	for _, how := range []failure{refuses, breaks} {
		said := serviceFailures()[how]
		before := w.services.fail(how)
		err := do(said)
		after := w.services.fail(works)
		if err != nil {
			return err
		}
		if after == before {
			continue
		}
		asked = true
		if err := judge(said); err != nil {
			return err
		}
	}
	if !asked {
		return &NotCheckedError{Reason: "the plugin calls none of the http URLs in its profile for this"}
	}
	return nil
}

// throughServices does something that succeeds without the services in between.
func throughServices(err error) error {
	if failure := new(Failure); errors.As(err, &failure) {
		return &NotCheckedError{Reason: "the plugin does not work with services in place of those in the profile's URLs"}
	}
	return err
}

// credentialsRefusedByServices wants no lease when the services do not do their part.
func (w *world) credentialsRefusedByServices(ctx context.Context, mount string) error {
	if err := throughServices(w.leasesIssued(ctx, mount)); err != nil {
		return err
	}
	for _, lease := range w.leases {
		err := w.whileFailing(func(string) error {
			_, err := w.issueLease(ctx, mount, lease.write)
			if failure := new(Failure); errors.As(err, &failure) && w.answer != nil {
				return w.crashed(ctx, "an error at "+lease.write.Path+" for what its service does not do")
			}
			return err
		}, func(said string) error {
			if !w.answer.ok() {
				return nil
			}
			return mismatch(fmt.Sprintf("an error at %s when the service that it calls answers %s", lease.write.Path, said), describeAnswer(w.answer))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// crashed returns the failure for a crash that spoilt the answer, and nil for none.
func (w *world) crashed(ctx context.Context, wanted string) error {
	if !w.answer.failed() {
		return nil
	}
	if crash := w.crash(ctx); crash != nil {
		return mismatch(wanted, crash.String())
	}
	return nil
}

// revocationsReportedByServices wants no success of a revocation for which the services do
// not do their part, and one when they do it again.
func (w *world) revocationsReportedByServices(ctx context.Context, mount string) error {
	for _, how := range []failure{refuses, breaks} {
		if err := throughServices(w.leasesIssued(ctx, mount)); err != nil {
			return err
		}
		for _, lease := range w.leases {
			if err := w.revokedWhileFailing(ctx, lease, how); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) revokedWhileFailing(ctx context.Context, lease issuedLease, how failure) error {
	before := w.services.fail(how)
	err := w.askLease(ctx, "revoke", lease)
	asked := w.services.fail(works) > before
	said := serviceFailures()[how]
	switch {
	case err != nil:
		return err
	case !asked:
		return &NotCheckedError{Reason: "the plugin's revocation calls none of the http URLs in its profile"}
	case w.answer.ok():
		return mismatch(fmt.Sprintf("an error for the revocation of the lease of %s when the service that it calls answers %s", lease.write.Path, said), describeAnswer(w.answer))
	}
	if err := w.crashed(ctx, "an error for the revocation of the lease of "+lease.write.Path); err != nil {
		return err
	}
	if err := w.askLease(ctx, "revoke", lease); err != nil {
		return err
	}
	if !w.answer.ok() {
		return mismatch("the lease of "+lease.write.Path+" to be revoked when its service works again", describeAnswer(w.answer))
	}
	return nil
}

// loginsRefusedByServices wants no token when the services do not do their part.
func (w *world) loginsRefusedByServices(ctx context.Context, mount string) error {
	if err := throughServices(w.loginsSucceed(ctx, mount)); err != nil {
		return err
	}
	for _, login := range w.loggedIn {
		err := w.whileFailing(func(string) error {
			err := w.tryLogin(ctx, mount, login.login.Path, login.login.Data)
			return errors.Join(err, w.crashed(ctx, "no login at "+login.login.Path+" for what its service does not do"))
		}, func(said string) error {
			if tokenIn(w.answer) == "" {
				return nil
			}
			return mismatch(fmt.Sprintf("no login at %s when the service that it calls answers %s", login.login.Path, said), describeAnswer(w.answer))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// failingHidesSecrets carries the profile out while the services fail, and wants no secret
// in what the plugin answers and logs.
func (w *world) failingHidesSecrets(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	writes := slices.Concat(profile.writes(), slices.DeleteFunc(slices.Clone(profile.Credentials), func(write Write) bool { return write.Data != nil }))
	err = w.whileFailing(func(said string) error {
		for _, write := range writes {
			if err := w.sendElsewhere(ctx, mount, write); err != nil {
				return err
			}
			secret, ok := w.shown(string(w.answer.body))
			if ok && w.answer.status >= http.StatusBadRequest {
				return mismatch(fmt.Sprintf("an error at %s without the value of %s when a service answers %s", write.Path, profile.fieldsWith(secret), said), describeAnswer(w.answer))
			}
		}
		return nil
	}, func(string) error { return nil })
	if err != nil {
		return err
	}
	if err := w.brokenConnectionsHideSecrets(ctx, mount, profile, writes); err != nil || w.suite.config.Target.Unsupported(PluginLogs) != "" {
		return err
	}
	return w.logHidesSecrets(ctx)
}

// brokenConnectionsHideSecrets does the same while the services close each connection
// without an answer, until the first request that gets to them: clients try such requests
// again for a while.
func (w *world) brokenConnectionsHideSecrets(ctx context.Context, mount string, profile *Profile, writes []Write) error {
	before := w.services.fail(hangsUp)
	defer w.services.fail(works)
	for _, write := range slices.Backward(writes) {
		if err := w.sendElsewhere(ctx, mount, write); err != nil {
			return err
		}
		if secret, ok := w.shown(string(w.answer.body)); ok && w.answer.status >= http.StatusBadRequest {
			return mismatch(fmt.Sprintf("an error at %s without the value of %s when a service closes the connection", write.Path, profile.fieldsWith(secret)), describeAnswer(w.answer))
		}
		if w.services.fail(hangsUp) > before {
			return nil
		}
	}
	return nil
}

// sendElsewhere sends a request of the profile with the services in place of its URLs.
func (w *world) sendElsewhere(ctx context.Context, mount string, write Write) error {
	if write.Data == nil {
		return w.asRoot(ctx, http.MethodGet, w.below(mount, write.Path), "")
	}
	return w.write(ctx, w.below(mount, write.Path), w.elsewhere(write.Data))
}
