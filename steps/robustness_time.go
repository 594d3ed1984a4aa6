// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// mostHangsTried bounds how many operations that gave no answer are looked into.
const mostHangsTried = 3

// answersInTime wants an answer to every attempt. A plugin that waits for a service which
// nothing here answers for, such as that of a cloud, waits as long as its server lets it.
func (w *world) answersInTime(ctx context.Context) error {
	probes, err := w.probed()
	if err != nil {
		return err
	}
	var waits []string
	tried := map[string]bool{}
	for _, p := range probes {
		name := p.operation.String()
		if !errors.Is(p.trial.err, ErrNoAnswer) || tried[name] || len(tried) == mostHangsTried {
			continue
		}
		tried[name] = true
		if w.waitsForService(ctx, p) {
			waits = append(waits, name)
		}
	}
	if len(waits) > 0 && len(waits) == len(tried) {
		return &NotCheckedError{Reason: "the plugin waits for an answer over the network at " + strings.Join(waits, ", ")}
	}
	return w.without(probes, "an answer to everything that the plugin documents", func(p probe) bool {
		return errors.Is(p.trial.err, ErrNoAnswer) && !slices.Contains(waits, p.operation.String())
	})
}

// waitsForService sends an attempt again, and reports whether the plugin then waits for an
// answer over the network. Where that can't be seen it does not.
func (w *world) waitsForService(ctx context.Context, p probe) bool {
	const mount = "hanging"
	installed := w.suite.config.Installed
	if w.subjectRegistered(ctx) != nil || w.mountSubject(ctx, mount) != nil {
		return false
	}
	if p.kind != unconfigured && w.sendSetup(ctx, mount) != nil {
		return false
	}
	at, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return false
	}
	r, err := p.operation.requestFor(at, p.attempt)
	if err != nil {
		return false
	}
	hanging, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		installed.try(hanging, installed.timeout, r)
	}()
	timer := time.NewTimer(hangingLimit)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
		return false
	}
	found, err := w.quitSubject(ctx)
	cancel()
	<-done
	return err == nil && found.calling > 0
}

// requestFor returns the request of an attempt.
func (o Operation) requestFor(at string, a attempt) (request, error) {
	r := request{method: o.Method, path: at + o.Fill(a.values, probedName)}
	if !o.writes() {
		return r, nil
	}
	if r.body = "{}"; a.data == nil {
		return r, nil
	}
	body, err := json.Marshal(a.data)
	r.body = string(body)
	return r, err
}

// callsNetwork reports whether a goroutine waits for an answer over the network, other than
// the server's to a callback.
func callsNetwork(block []string) bool {
	has := func(texts ...string) bool {
		return slices.ContainsFunc(block, func(line string) bool {
			return slices.ContainsFunc(texts, func(text string) bool { return strings.HasPrefix(line, text) })
		})
	}
	return has("net/http.(*persistConn).roundTrip", "net/http.(*Transport).roundTrip", "net/http.(*Transport).getConn",
		"net.(*Resolver).", "net.(*Dialer).", "net.(*conn).Read", "crypto/tls.(*Conn).", "github.com/googleapis/gax-go/") ||
		has("google.golang.org/grpc.") && has("google.golang.org/grpc.(*ClientConn)", "google.golang.org/grpc.(*clientStream)") &&
			!has("github.com/hashicorp/vault/sdk/plugin/", "github.com/openbao/openbao/sdk/")
}
