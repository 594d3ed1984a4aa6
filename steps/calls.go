// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// called is a service that stands in for one that the profile names by its URL, and
// counts who comes. What comes over HTTP is passed on to the real one.
type called struct {
	listener net.Listener
	server   *http.Server

	mu    sync.Mutex
	count int
}

func startCalled(origin *url.URL) (*called, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a service: %w", err)
	}
	c := &called{}
	c.listener = countingListener{Listener: listener, arrived: c.arrived}
	onward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(origin) },
		Transport: &http.Transport{DisableKeepAlives: true},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	c.server = &http.Server{Handler: onward, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		// Serve ends with ErrServerClosed when close is called.
		_ = c.server.Serve(c.listener)
	}()
	return c, nil
}

func (c *called) arrived() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
}

func (c *called) arrivals() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// countingListener counts connections: what comes over TLS is not understood.
type countingListener struct {
	net.Listener
	arrived func()
}

// Accept implements net.Listener.
func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.arrived()
	}
	return conn, err
}

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
}

// tryCalls carries the profile out three times: with services of this machine that
// see who comes, and on a registration with a forward proxy with names that only
// the proxy knows, and with the services again, which NO_PROXY names.
func (i *Installed) tryCalls(ctx context.Context, binary string, limit time.Duration) (trial callsTrial, err error) {
	origins := i.subject.Profile.originURLs()
	if len(origins) == 0 {
		return callsTrial{reason: "the profile has no URL that the plugin could call"}, nil
	}
	services, addresses := make(map[string]*called), make(map[string]string)
	for _, origin := range origins {
		service, err := startCalled(origin)
		if err != nil {
			return trial, err
		}
		defer service.server.Close()
		services[origin.String()] = service
		addresses[origin.String()] = ReachableAddress(i.server, service.listener.Addr().String())
	}
	here := func(origin string) string { return addresses[origin] }
	if reason, err := i.mountAndCall(ctx, i.name(), limit, here); err != nil || reason != "" {
		return callsTrial{reason: reason}, err
	}
	for origin, service := range services {
		if service.arrivals() > 0 {
			trial.called = append(trial.called, origin)
		}
	}
	if len(trial.called) == 0 {
		return callsTrial{reason: "the plugin calls none of the URLs in its profile when that is carried out"}, nil
	}
	slices.Sort(trial.called)
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
	reason, err := i.mountAndCall(ctx, i.proxiedName(), limit, elsewhere, here)
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
// it can't, and an empty string if it can.
func (i *Installed) mountAndCall(ctx context.Context, name string, limit time.Duration, hosts ...func(string) string) (reason string, err error) {
	table, at := i.subject.MountPaths()
	body, err := i.subject.mountBody(name)
	if err != nil {
		return "", err
	}
	if mounted := i.post(ctx, limit, table+"/"+i.callsMount(), body); mounted.err != nil || mounted.refused() {
		return "the plugin can't be mounted another time, see " + anotherMount + " and " + anotherProcess, nil
	}
	for _, host := range hosts {
		if err := i.call(ctx, at+i.callsMount()+"/", host); err != nil {
			return "", err
		}
	}
	_ = i.try(ctx, limit, request{method: http.MethodDelete, path: table + "/" + i.callsMount()})
	return "", nil
}

// call carries the profile out. What the plugin answers does not matter here.
func (i *Installed) call(ctx context.Context, at string, host func(origin string) string) error {
	profile := &i.subject.Profile
	replace := func(u *url.URL) *url.URL {
		changed := *u
		changed.Host = host(u.Scheme + "://" + u.Host)
		return &changed
	}
	for _, write := range slices.Concat(profile.writes(), profile.Credentials) {
		r := request{method: write.method(), path: at + write.Path}
		if write.Data != nil {
			body, err := json.Marshal(replaceURLs(write.Data, replace))
			if err != nil {
				return err
			}
			r.body = string(body)
		}
		_ = i.ask(ctx, r)
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
