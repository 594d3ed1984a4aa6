// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// originURLs returns the servers in the URLs of what the profile writes: scheme and host.
func (p *Profile) originURLs() []*url.URL {
	var found []*url.URL
	for _, write := range p.writes() {
		replaceURLs(write.Data, func(u *url.URL) *url.URL {
			origin := &url.URL{Scheme: u.Scheme, Host: u.Host}
			if !slices.ContainsFunc(found, func(other *url.URL) bool { return other.String() == origin.String() }) {
				found = append(found, origin)
			}
			return u
		})
	}
	return found
}

// httpOrigins returns those that services can stand in for: what is asked over TLS has a
// certificate that no other service has.
func (p *Profile) httpOrigins() []*url.URL {
	return slices.DeleteFunc(p.originURLs(), func(u *url.URL) bool { return u.Scheme != "http" })
}

// replaceURLs returns a value with every HTTP URL in it replaced.
func replaceURLs(value any, replace func(*url.URL) *url.URL) any {
	switch value := value.(type) {
	case map[string]any:
		changed := make(map[string]any, len(value))
		for name, member := range value {
			changed[name] = replaceURLs(member, replace)
		}
		return changed
	case []any:
		changed := make([]any, len(value))
		for n, member := range value {
			changed[n] = replaceURLs(member, replace)
		}
		return changed
	case string:
		u, err := url.Parse(value)
		if err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
			return replace(u).String()
		}
	}
	return value
}

// callsTrial is what came of the profile with other servers in its URLs.
type callsTrial struct {
	// reason is why nothing was found out; empty if something was.
	reason string
	// called are the servers that the plugin calls.
	called []string
	// proxied are the requests at the forward proxy of a registration of its own, for
	// servers that only the proxy knows; missed are those of called that were not
	// asked for there.
	proxied, missed []string
	// needless are the requests at the proxy for servers that NO_PROXY names.
	needless []string
	// stale are those of called that were not asked any more after the plugin was
	// configured with others in their place. Where refused is true it refused that.
	stale   []string
	refused bool
}

// tryCalls carries the profile out three times: with services of this machine that
// see who comes, and on a registration with a forward proxy with names that only
// the proxy knows, and with the services again, which NO_PROXY names.
func (i *Installed) tryCalls(ctx context.Context, binary string, limit time.Duration) (trial callsTrial, err error) {
	origins := i.subject.Profile.originURLs()
	if len(origins) == 0 {
		return callsTrial{reason: "the profile has no URL that the plugin could call"}, nil
	}
	services, err := startServices(i.server, origins)
	defer services.close()
	if err != nil {
		return trial, err
	}
	others, err := startServices(i.server, origins)
	defer others.close()
	if err != nil {
		return trial, err
	}
	here, there := services.address, others.address
	if reason, err := i.mountAndCall(ctx, i.name(), limit, &trial.refused, here, there); err != nil || reason != "" {
		return callsTrial{reason: reason}, err
	}
	trial.called = services.arrivedAt()
	trial.stale = slices.DeleteFunc(slices.Clone(trial.called), func(origin string) bool { return slices.Contains(others.arrivedAt(), origin) })
	if len(trial.called) == 0 {
		return callsTrial{reason: "the plugin calls none of the URLs in its profile when that is carried out"}, nil
	}
	return trial, i.tryProxied(ctx, binary, limit, here, &trial)
}

// tryProxied is the part of it with the proxy.
func (i *Installed) tryProxied(ctx context.Context, binary string, limit time.Duration, here func(string) string, trial *callsTrial) (err error) {
	var known hosts
	proxy, err := startProxy(&known)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.close()) }()
	address := "http://" + ReachableAddress(i.server, proxy.listener.Addr().String())
	if err := i.register(ctx, i.proxiedName(), binary, limit, "HTTP_PROXY="+address, "HTTPS_PROXY="+address, "NO_PROXY=127.0.0.1,localhost"); err != nil {
		return i.withoutSecond(trial, err)
	}
	names := make(map[string]string)
	elsewhere := func(origin string) string {
		if _, ok := names[origin]; !ok {
			names[origin] = fmt.Sprintf("service-%d.plugproof.example", len(names)+1)
			if u, err := url.Parse(origin); err == nil {
				known.add(names[origin], u.Host)
			}
		}
		return names[origin]
	}
	reason, err := i.mountAndCall(ctx, i.proxiedName(), limit, new(bool), elsewhere, here)
	if err != nil || reason != "" {
		trial.reason = reason
		return err
	}
	for _, seen := range proxy.requests() {
		if strings.Contains(seen, ".plugproof.example") {
			trial.proxied = append(trial.proxied, seen)
		} else {
			trial.needless = append(trial.needless, seen)
		}
	}
	for _, origin := range trial.called {
		if !slices.ContainsFunc(trial.proxied, func(seen string) bool { return strings.Contains(seen, "//"+names[origin]) }) {
			trial.missed = append(trial.missed, origin)
		}
	}
	return nil
}

func (i *Installed) withoutSecond(trial *callsTrial, err error) error {
	failure := new(Failure)
	if !errors.As(err, &failure) {
		return err
	}
	trial.reason = "a second process of the plugin can't be used beside the first, see " + anotherProcess
	return nil
}

// proxiedName is the registration that has the proxy, callsMount the mount of what
// is tried here.
func (i *Installed) proxiedName() string { return SubjectName + "-proxied" + i.suffix }

func (i *Installed) callsMount() string { return "calls" + i.suffix }

// mountAndCall mounts a registration, carries the profile out with other servers in
// its URLs, once for each way to name them, and removes the mount. It returns why
// it can't, and an empty string if it can, and notes if the plugin refused the setup.
func (i *Installed) mountAndCall(ctx context.Context, name string, limit time.Duration, refused *bool, hosts ...func(string) string) (reason string, err error) {
	table, at := i.subject.MountPaths()
	mounted, err := i.mountAt(ctx, limit, name, i.callsMount())
	if err != nil {
		return "", err
	}
	if mounted.err != nil || mounted.refused() {
		return "the plugin can't be mounted another time, see " + anotherMount + " and " + anotherProcess, nil
	}
	for _, host := range hosts {
		if err := i.call(ctx, at+i.callsMount()+"/", host, refused); err != nil {
			return "", err
		}
	}
	_ = i.try(ctx, limit, request{method: http.MethodDelete, path: table + "/" + i.callsMount()})
	return "", nil
}

// call carries the profile out, and notes if the plugin refuses its setup. What it
// answers otherwise does not matter here.
func (i *Installed) call(ctx context.Context, at string, host func(origin string) string, refused *bool) error {
	profile := &i.subject.Profile
	replace := func(u *url.URL) *url.URL {
		changed := *u
		changed.Host = host(u.Scheme + "://" + u.Host)
		return &changed
	}
	for n, write := range slices.Concat(profile.writes(), profile.Credentials) {
		r := request{method: write.method(), path: at + write.Path}
		if write.Data != nil {
			body, err := json.Marshal(replaceURLs(write.Data, replace))
			if err != nil {
				return err
			}
			r.body = string(body)
		}
		if tried := i.ask(ctx, r); n < len(profile.Setup) && (tried.err != nil || tried.refused()) {
			*refused = true
		}
	}
	return nil
}

// knownCalls returns what was found out, and ends the scenario as not checked if
// that is nothing.
func (w *world) knownCalls() (callsTrial, error) {
	installed, err := w.installed()
	if err != nil {
		return callsTrial{}, err
	}
	if reason := installed.notSetUp(); reason != "" {
		return callsTrial{}, &NotCheckedError{Reason: reason}
	}
	trial, err := installed.calls()
	if err == nil && trial.reason != "" {
		err = &NotCheckedError{Reason: trial.reason}
	}
	return trial, err
}

// callsProxied wants a request at the proxy for every server that is called.
func (w *world) callsProxied() error {
	trial, err := w.knownCalls()
	if err != nil {
		return err
	}
	if len(trial.missed) > 0 {
		return mismatch("the plugin's calls of "+strings.Join(trial.missed, ", ")+", under another name, to go through the registered HTTP_PROXY", describeSeen(trial.proxied))
	}
	return nil
}

// callsFollow wants every server that is called to be called where the plugin was
// configured with it last.
func (w *world) callsFollow() error {
	trial, err := w.knownCalls()
	switch {
	case err != nil:
		return err
	case trial.refused:
		return &NotCheckedError{Reason: "the plugin refuses to be set up once more with other addresses in the profile's URLs"}
	case len(trial.stale) > 0:
		return mismatch("the plugin to call what it was configured with last, in place of "+strings.Join(trial.stale, ", "), "calls of what it was configured with first, and none of the other")
	}
	return nil
}

// callsDirect wants no request at the proxy for what NO_PROXY names.
func (w *world) callsDirect() error {
	trial, err := w.knownCalls()
	if err != nil {
		return err
	}
	if len(trial.needless) > 0 {
		return mismatch("no request through the proxy for what the registered NO_PROXY names", describeSeen(trial.needless))
	}
	return nil
}

func describeSeen(requests []string) string {
	if len(requests) == 0 {
		return "through the proxy: nothing"
	}
	return "through the proxy: " + strings.Join(requests, ", ")
}
