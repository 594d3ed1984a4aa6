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

// The requirements about requests of the profile that get no answer.
const (
	inTime         = "PLG-314"
	samplesInOrder = "PLG-022"
	acceptsUpdates = "PLG-313"
)

// unmounting is the operation that removes a mount of the checked plugin, helping asks a
// mount what it is for, revoking and renewing are those that the server carries out through it.
const (
	unmounting   = "DELETE the mount"
	helping      = "GET ?help=1"
	revoking     = "POST sys/leases/revoke"
	renewing     = "POST sys/leases/renew"
	renewingSelf = "POST auth/token/renew-self"
)

// patience is how long the checked plugin is waited for, and which of its operations
// gave no answer: they are not asked again, as each would take the whole limit.
type patience struct {
	limit time.Duration

	mu         sync.Mutex
	unanswered map[string]string // the requirements about them, by operation
}

// shortPatience is how long a plugin is waited for at least that did not answer once.
const shortPatience = 5 * time.Second

// wait returns how long an answer may take. Where one lock blocks everything, one wait
// of full length is enough.
func (p *patience) wait() time.Duration {
	if p.short() {
		return min(p.limit, shortPatience)
	}
	return p.limit
}

// short reports whether something gave no answer.
func (p *patience) short() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.unanswered) > 0
}

// note keeps that an operation gave no answer, which a requirement is about.
func (p *patience) note(operation, requirement string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unanswered == nil {
		p.unanswered = make(map[string]string)
	}
	if p.unanswered[operation] == "" {
		p.unanswered[operation] = requirement
	}
}

// hangs returns the requirement about an operation that gives no answer, and whether
// it is one.
func (p *patience) hangs(operation string) (requirement string, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	requirement, known = p.unanswered[operation]
	return requirement, known
}

// documented returns the operations of a document that give no answer.
func (p *patience) documented(document *Document) map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := make(map[string]bool)
	for asked := range p.unanswered {
		method, path, _ := strings.Cut(asked, " ")
		if operation, ok := document.Find(method, path); ok {
			found[operation.String()] = true
		}
	}
	return found
}

// operationOf names what a request asks the checked plugin for, whatever the mount;
// empty if it asks the server for something.
func (s *Subject) operationOf(r request) string {
	method := r.method
	if method == http.MethodPut {
		method = http.MethodPost
	}
	path := strings.TrimPrefix(r.path, "/")
	table, at := s.MountPaths()
	switch operation := method + " " + path; {
	case operation == revoking, operation == renewing, operation == renewingSelf:
		return operation
	case method == http.MethodDelete && strings.HasPrefix(path, table+"/") && !strings.HasSuffix(path, "/tune"):
		return unmounting
	case strings.HasPrefix(path, "sys/"), strings.HasPrefix(path, "auth/token/"), !strings.HasPrefix(path, at):
		return ""
	}
	_, below, ok := strings.Cut(strings.TrimPrefix(path, at), "/")
	if !ok {
		return ""
	}
	return method + " " + below
}

// silent returns which operation gives no answer if one is carried out, and the
// requirement about it; empty for none. What is leased and can't be revoked keeps its
// mount.
func (i *Installed) silent(operation string) (silent, requirement string) {
	if id, hangs := i.patience.hangs(operation); hangs {
		return operation, id
	}
	leases := slices.ContainsFunc(i.subject.Profile.Credentials, func(write Write) bool {
		return operation == write.method()+" "+write.Path
	})
	if id, hangs := i.patience.hangs(revoking); leases && hangs {
		return revoking, id
	}
	return "", ""
}

// method returns the method of a request that may be a write or a read.
func (w Write) method() string {
	if w.Data == nil {
		return http.MethodGet
	}
	return http.MethodPost
}

// ask sends a request of the scenario. What the checked plugin does not answer fails the
// scenario once, and is not asked again.
func (w *world) ask(ctx context.Context, r request) (*answer, error) {
	installed := w.suite.config.Installed
	if installed == nil {
		return w.client.do(ctx, r)
	}
	operation := installed.subject.operationOf(r)
	if operation == "" {
		return w.client.do(ctx, r)
	}
	if silent, id := installed.silent(operation); silent != "" && id != w.requirement.ID {
		return nil, &NotCheckedError{Reason: "the plugin does not answer " + silent + ", see " + id}
	}
	if operation != helping {
		w.used.Store(true)
	}
	limit := installed.patience.wait()
	bounded, cancel := context.WithTimeoutCause(ctx, limit, ErrNoAnswer)
	defer cancel()
	got, err := w.client.do(bounded, r)
	if err != nil && errors.Is(context.Cause(bounded), ErrNoAnswer) {
		installed.patience.note(operation, w.requirement.ID)
		return nil, mismatch("an answer to "+operation, "no answer within "+limit.String())
	}
	return got, err
}

// unmountSurvived wants no crash when a mount was removed beside another.
func (w *world) unmountSurvived() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	switch installed.faultAt {
	case unmounts:
		return mismatch("the plugin to live when one of its mounts is removed", installed.fault.err.Error())
	case "":
		return nil
	}
	return &NotCheckedError{Reason: installed.notSetUp()}
}

// ask sends a request that is not known to give no answer.
func (i *Installed) ask(ctx context.Context, r request) *trial {
	if silent, id := i.silent(i.subject.operationOf(r)); silent != "" {
		return &trial{path: r.path, err: fmt.Errorf("%w, see %s", ErrNoAnswer, id)}
	}
	return i.try(ctx, i.patience.wait(), r)
}

// answered sends a request as ask does, and notes it if it gives no answer.
func (i *Installed) answered(ctx context.Context, r request) *trial {
	operation := i.subject.operationOf(r)
	silent, _ := i.silent(operation)
	tried := i.ask(ctx, r)
	if silent == "" && errors.Is(tried.err, ErrNoAnswer) {
		i.patience.note(operation, inTime)
		i.hung = append(i.hung, hang{operation: operation, trial: tried})
	}
	return tried
}

// hang is an operation that the plugin did not answer.
type hang struct {
	operation string
	trial     *trial
}

// profileAnswered wants an answer to everything that the profile names.
func (w *world) profileAnswered(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	if reason := installed.notSetUp(); reason != "" {
		return &NotCheckedError{Reason: reason}
	}
	if len(installed.hung) == 0 {
		return nil
	}
	var lines []string
	for _, hung := range installed.hung {
		lines = append(lines, hung.operation+": "+hung.trial.got())
	}
	if place := w.hangingPlace(ctx, installed); place != "" {
		lines = append(lines, "the plugin then waits at "+place)
	}
	return mismatch("an answer to "+installed.hung[0].operation, strings.Join(lines, "\n"))
}

// hangingLimit is how long a request hangs before the process is asked where.
const hangingLimit = 2 * time.Second

// hangingPlace lets the plugin hang once more, in a process of the scenario's own, and
// returns the line of its code that waits; empty where that can't be found out.
func (w *world) hangingPlace(ctx context.Context, installed *Installed) string {
	const mount = "p"
	if _, hangs := installed.patience.hangs(revoking); hangs {
		return "" // a lease would keep the mount
	}
	if w.subjectRegistered(ctx) != nil || w.mountSubject(ctx, mount) != nil {
		return ""
	}
	at, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return ""
	}
	hanging, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = installed.tryAnswersAt(hanging, at, func(ctx context.Context, r request) *trial {
			tried := installed.try(ctx, installed.timeout, r)
			if tried.err != nil {
				cancel()
			}
			return tried
		})
	}()
	timer := time.NewTimer(hangingLimit)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
		return ""
	}
	found, err := w.quitSubject(ctx)
	cancel()
	<-done
	if err != nil {
		return ""
	}
	place, _ := most(found.handling)
	return place
}
