// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// probedName stands for parameters in paths of which the profile says nothing.
const probedName = "plugproof"

// probe is one attempt and what came of it.
type probe struct {
	attempt
	operation Operation
	trial     *trial
	// crash is why the process died of it; nil if it lives or that is not known.
	crash *Crash
	// unwatched reports whether the server does not know of crashes.
	unwatched bool
	// repeats reports whether another kind of input shows the same failure, and names its
	// cause better.
	repeats bool
}

// died reports whether the plugin's process died of the request.
func (p probe) died() bool {
	return p.crash != nil || p.unwatched && p.trial.err == nil && gone(p.trial.answer)
}

// gone reports whether an answer may say that the process was not there any more.
// A plugin may say the same of another connection: of the server's callback, or of
// a service that it uses.
func gone(a *answer) bool {
	if !a.failed() {
		return false
	}
	reasons, _ := a.lookup("errors")
	return slices.ContainsFunc(asTexts(reasons), func(reason string) bool {
		return slices.ContainsFunc([]string{"code = Unavailable", "EOF", "connection refused", "transport is closing", "plugin is shut down"},
			func(sign string) bool { return strings.Contains(reason, sign) })
	})
}

// hidden reports whether the server does not pass on what failed, as when the plugin
// dies in an existence check (Vault's logical.ErrInternalError).
func hidden(a *answer) bool {
	reasons, _ := a.lookup("errors")
	return a.failed() &&
		slices.ContainsFunc(asTexts(reasons), func(reason string) bool { return strings.Contains(reason, "internal error") })
}

// got says what came of it, for a failure.
func (p probe) got() string {
	if p.crash != nil {
		return p.crash.String()
	}
	return p.trial.got()
}

func (p probe) String() string { return p.describe(p.operation) }

// prober tries the operations of the checked plugin on two mounts of its second
// registration, whose process no other scenario uses: one that is set up and one
// that is not.
type prober struct {
	*Installed
	since  time.Time
	probes []probe
	// hanging are the operations that once gave no answer: they are not asked
	// again, as each would take the whole limit.
	hanging map[string]bool
}

// probeAll tries every operation with every kind of input.
func (i *Installed) probeAll(ctx context.Context) ([]probe, error) {
	document, err := i.document()
	if err != nil {
		return nil, &NotCheckedError{Reason: "the plugin documents no operations, see PLG-102"}
	}
	if reason := i.notSetUp(); reason != "" {
		return nil, &NotCheckedError{Reason: reason}
	}
	release, err := i.aloneWithSecond(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := i.second(); err != nil {
		return nil, err
	}
	p := &prober{Installed: i, since: time.Now(), hanging: i.patience.documented(document)}
	for _, mount := range []struct {
		name string
		try  func(context.Context, string, *Document) error
	}{{"fresh" + i.suffix, p.tryFresh}, {"probed" + i.suffix, p.trySetUp}} {
		if err := p.onMount(ctx, mount.name, document, mount.try); err != nil {
			return nil, errors.Join(err, p.removeLeft(context.WithoutCancel(ctx), p.remove))
		}
	}
	if err := p.tryPartial(ctx, document); err != nil {
		return nil, errors.Join(err, p.removeLeft(context.WithoutCancel(ctx), p.remove))
	}
	setRepeats(p.probes)
	return p.probes, p.removeLeft(context.WithoutCancel(ctx), p.remove)
}

// onMount mounts the second registration for a series of attempts. Where mounts bear each
// other, the mount stays until the next one is there.
func (p *prober) onMount(ctx context.Context, name string, document *Document, try func(context.Context, string, *Document) error) error {
	table, at := p.subject.MountPaths()
	mounted, err := p.mountAt(ctx, p.timeout, p.secondName(), name)
	if err != nil {
		return err
	}
	if mounted.err != nil || mounted.refused() {
		return &NotCheckedError{Reason: "the plugin can't be mounted another time, see " + anotherMount}
	}
	removed := p.removeLeft(context.WithoutCancel(ctx), p.remove)
	p.left = append(p.left, table+"/"+name)
	err = errors.Join(try(ctx, at+name+"/", document), removed)
	if !p.mountsBeside {
		err = errors.Join(err, p.removeLeft(context.WithoutCancel(ctx), p.remove))
	}
	return err
}

// remove removes a mount, which would keep the process for the scenarios that come after.
// One that the server refuses to remove is left to the end.
func (p *prober) remove(ctx context.Context, entry string) error {
	removed := p.delete(ctx, p.timeout, entry)
	if removed.refused() {
		p.unremoved = append(p.unremoved, entry)
	}
	return removed.err
}

// tryFresh asks a mount that is not set up everything once.
func (p *prober) tryFresh(ctx context.Context, at string, document *Document) error {
	operations := document.Operations()
	// What a write creates is there for a patch.
	slices.SortStableFunc(operations, func(a, b Operation) int {
		return btoi(b.Method == http.MethodPatch) - btoi(a.Method == http.MethodPatch)
	})
	for _, operation := range operations {
		of := p.subject.Profile.knownOf(document, operation)
		if operation.Method == http.MethodPost && slices.ContainsFunc(p.subject.Profile.Setup, func(w Write) bool { return operation.Values(w.Path) != nil }) {
			continue // it is what configures
		}
		p.send(ctx, at, operation, attempt{kind: unconfigured, values: of.values, data: of.data})
	}
	return ctx.Err()
}

// trySetUp asks a mount that is set up with every kind of input, and sets it up
// anew where that may have changed it. What removes goes last.
func (p *prober) trySetUp(ctx context.Context, at string, document *Document) error {
	p.setUpAgain(ctx, at)
	operations := document.Operations()
	slices.SortStableFunc(operations, func(a, b Operation) int {
		return btoi(a.Method == http.MethodDelete) - btoi(b.Method == http.MethodDelete)
	})
	thorough := p.subject.Profile.Probe == ProbeThorough
	for _, operation := range operations {
		if operation.rotates() && !thorough {
			continue
		}
		for _, attempt := range operation.attempts(p.subject.Profile.knownOf(document, operation), thorough) {
			p.send(ctx, at, operation, attempt)
		}
		if operation.writes() || operation.Method == http.MethodDelete {
			p.setUpAgain(ctx, at)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// btoi returns 1 for true.
func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rotates reports whether an operation changes the password with which the plugin calls its
// service, as the names of such paths have it (config/rotate-root): the one in the profile,
// which other mounts use, is none any more then.
func (o Operation) rotates() bool { return o.writes() && strings.Contains(o.Path, "rotate") }

// setUpAgain sends the profile's setup. That it is accepted is another
// requirement's matter.
func (p *prober) setUpAgain(ctx context.Context, at string) {
	for _, write := range p.subject.Profile.Setup {
		p.write(ctx, at+write.Path, write)
	}
}

// send sends one attempt and keeps what came of it.
func (p *prober) send(ctx context.Context, at string, operation Operation, a attempt) {
	if p.hanging[operation.String()] || ctx.Err() != nil {
		return
	}
	r, err := operation.requestFor(at, a)
	if err != nil {
		return
	}
	if silent, _ := p.silent(p.subject.operationOf(r)); silent != "" {
		return // another requirement is about what the profile names
	}
	tried := p.try(ctx, p.patience.wait(), r)
	found := probe{attempt: a, operation: operation, trial: tried}
	if errors.Is(tried.err, ErrNoAnswer) {
		p.hanging[operation.String()] = true
	}
	if tried.err != nil || tried.answer.failed() {
		found.crash, found.unwatched = p.newCrash(ctx, tried)
	}
	p.probes = append(p.probes, found)
}

// newCrash returns the crash behind a spoilt answer, which is known soon after it,
// and whether the server does not know of crashes.
func (p *prober) newCrash(ctx context.Context, tried *trial) (_ *Crash, unwatched bool) {
	spoilt := tried.err == nil && (gone(tried.answer) || hidden(tried.answer))
	crashes, err := crashesBehind(ctx, spoilt, p.server, p.secondName(), p.since)
	if err != nil || len(crashes) == 0 {
		return nil, err != nil
	}
	crash := crashes[len(crashes)-1]
	p.since = crash.Time.Add(1)
	return &crash, false
}

// probed returns the probes of some kinds; all if none is named.
func (w *world) probed(kinds ...string) ([]probe, error) {
	installed, err := w.installed()
	if err != nil {
		return nil, err
	}
	all, err := installed.probes()
	if err != nil {
		return nil, err
	}
	of := slices.DeleteFunc(slices.Clone(all), func(p probe) bool {
		return len(kinds) > 0 && !slices.Contains(kinds, string(p.kind))
	})
	if len(of) == 0 {
		return nil, &NotCheckedError{Reason: "the plugin has no operation that takes " + strings.Join(kinds, ", ")}
	}
	return of, nil
}

// survives wants the plugin's process to live through a kind of input.
func (w *world) survives(_ context.Context, kind string) error {
	probes, err := w.probed(kind)
	if err != nil {
		return err
	}
	err = w.without(probes, "the plugin to live through "+kind, func(p probe) bool { return p.died() && !p.repeats })
	if failure := new(Failure); errors.As(err, &failure) {
		failure.Remedy = remedyOf(probes)
	}
	return err
}

// remedyOf returns the remedy for a cause that the first crash names, which need
// not be what the input is about; empty for any other.
func remedyOf(probes []probe) string {
	for _, p := range probes {
		if p.crash == nil || p.repeats {
			continue
		}
		if strings.Contains(p.crash.What, "nil pointer dereference") {
			return "Check for nil in the line that is named: what is read from storage is nil until it was written, and fields may be missing."
		}
		return ""
	}
	return ""
}

// blamesUser wants no server error for a kind of input. A process that dies is
// another requirement's matter.
func (w *world) blamesUser(_ context.Context, kind string) error {
	probes, err := w.probed(kind)
	if err != nil {
		return err
	}
	return w.without(probes, "a status below 500 for "+kind, func(p probe) bool {
		return !p.died() && !p.repeats && p.trial.err == nil && p.trial.answer.failed()
	})
}

// without wants no probe for which bad is true, and names the first of each
// operation otherwise.
func (w *world) without(probes []probe, wanted string, bad func(probe) bool) error {
	const most = 3
	seen := map[string]bool{}
	var texts []string
	for _, p := range probes {
		name := p.operation.String()
		if !bad(p) || seen[name] {
			continue
		}
		seen[name] = true
		if len(texts) < most {
			text := p.String() + ": " + p.got()
			if p.about != "" {
				text = fmt.Sprintf("%s (about %q): %s", p.String(), p.about, p.got())
			}
			texts = append(texts, text)
		}
	}
	if len(seen) == 0 {
		return nil
	}
	if more := len(seen) - len(texts); more > 0 {
		texts = append(texts, fmt.Sprintf("and so do %d more operations", more))
	}
	return mismatch(wanted, strings.Join(texts, "\n"))
}
