// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cucumber/godog"
)

// cleanupTimeout limits removing what a scenario created, also after a Ctrl-C.
const cleanupTimeout = 30 * time.Second

// world is everything that one scenario knows. godog runs a scenario's steps
// one after the other, so it needs no lock.
type world struct {
	suite       *Suite
	requirement Requirement
	name        string
	machine     machine // at the start
	// since is from when on crashes and logs of the checked plugin are the
	// scenario's.
	since time.Time

	// spec grows with the Given sentences until the first sentence that needs
	// the server; then server is set and the spec is settled.
	spec   Spec
	server Server
	client *client

	names names
	// saved are values by the name that the scenario gave them: sha256 of probe,
	// a token, a process identifier.
	saved map[string]string
	// secrets are texts that never appear in a report.
	secrets []string
	// accessors are those of the scenario's tokens, which are revoked at the end.
	accessors []string
	// files remove files of the server's host.
	files []func(context.Context) error
	// closers end what the scenario itself started: proxies, identity providers.
	closers   []func() error
	proxies   map[string]*forwardProxy
	providers map[string]*identityProvider
	hosts     hosts
	// services stand in for those that the checked plugin calls.
	services services
	// between stands between a checked database plugin and its database; nil for nothing.
	between *relay

	// subject is the name of the registration of the checked plugin.
	subject string
	// release ends the scenario's use of the plugin's second registration; nil if it
	// does not use it.
	release func()
	// counts is set while the scenario is one of those that run at a time.
	counts bool
	// mounts are those of the second registration that the scenario made; used is set
	// when their process was asked for anything but help after its start.
	mounts []string
	used   atomic.Bool
	// scratch is the directory for temporary files of the checked plugin.
	scratch string
	// members are the processes that were kept under a name: one, or those of the
	// checked plugin, a script's children included.
	members map[string][]keptProcess
	// timed is the checked plugin on the server whose time can be moved, which the
	// scenario then uses; nil for none.
	timed *timedPlugin
	// leases and logins are what the checked plugin gave.
	leases   []issuedLease
	loggedIn []loggedIn
	// gave is what the first paths of pairs gave.
	gave []gave
	// token is the one that the scenario's requests to the checked plugin had; nil for
	// that of the server.
	token *ownToken
	// users are those that a database plugin created, and oldUsers the same with the
	// passwords from before they were changed.
	users, oldUsers []databaseUser
	// refused is how many writes of the plugin were made to fail.
	refused int64
	// revocationIsTheMatter is set where the scenario itself is about why a
	// revocation may fail.
	revocationIsTheMatter bool

	// kept are the fields of the samples that have to be read back, by path.
	kept map[string]map[string]string
	// keptSetup are those of the setup, twins those of what is beside the samples.
	keptSetup, twins map[string]map[string]string

	// unanswered are requests that may take effect after the scenario.
	unanswered []unansweredRequest

	answer    *answer
	command   *commandResult
	exchanges []string
	step      string
	// parent is the header traceparent of the scenario's requests; empty for none.
	parent string

	// notRun is set when the scenario is not carried out at all.
	notRun *Outcome
	// interrupted is set at the end if the run was ended meanwhile.
	interrupted bool
}

func newWorld(suite *Suite) *world {
	saved := make(map[string]string)
	shared := ""
	if installed := suite.config.Installed; installed != nil {
		saved["table"], saved["at"] = installed.subject.MountPaths()
		shared = installed.suffix
	}
	return &world{
		suite: suite, saved: saved, names: names{shared: shared}, members: make(map[string][]keptProcess),
		proxies: make(map[string]*forwardProxy), providers: make(map[string]*identityProvider),
	}
}

// begin decides whether the scenario applies and can be carried out.
func (w *world) begin(ctx context.Context, scenario *godog.Scenario) (context.Context, error) {
	w.count(ctx)
	w.machine, w.name = newMachine(), scenario.Name
	w.since = w.machine.started
	var names []string
	for _, tag := range scenario.Tags {
		names = append(names, strings.TrimPrefix(tag.Name, "@"))
	}
	read, err := readTags(names)
	if err != nil {
		return ctx, fmt.Errorf("the tags of %q: %w", scenario.Name, err)
	}
	w.requirement = w.suite.requirements[read.id]
	w.spec.Fresh = read.ownServer
	target := w.suite.config.Target
	if ctx.Err() != nil {
		// The run as a whole says that it was interrupted and proves nothing.
		return ctx, w.skip(Skip, notRun+"before it")
	}
	if identity := w.suite.config.Identity; !read.applies.To(identity) {
		return ctx, w.skip(Skip, fmt.Sprintf("it is about %s, and the server is %s", read.applies, identity))
	}
	if installed := w.suite.config.Installed; installed != nil && read.types != nil && !slices.Contains(read.types, installed.subject.Type) {
		return ctx, w.skip(Skip, fmt.Sprintf("it is about plugins of type %s, and this one is of type %s", strings.Join(read.types, ", "), installed.subject.Type))
	}
	if reason := w.suite.blocked(read.id); reason != "" {
		return ctx, w.skip(Unsupported, reason)
	}
	for _, capability := range read.needs {
		if reason := w.suite.unsupported(ctx, capability); reason != "" {
			if !capability.ofProfile() {
				reason = fmt.Sprintf("needs %s: %s", capability, reason)
			}
			return ctx, w.skip(Unsupported, reason)
		}
	}
	if target.Unsupported(OwnServer) != "" {
		w.spec.Fresh = false
	}
	// Where scenarios share a server, each has names of its own.
	if !w.spec.Fresh {
		suffix, err := newSuffix()
		if err != nil {
			return ctx, err
		}
		w.names.suffix = suffix
	}
	w.beginTrace()
	return ctx, nil
}

func (w *world) skip(status Status, reason string) error {
	w.notRun = &Outcome{Status: status, Reason: reason}
	return godog.ErrSkip
}

// newSuffix returns a suffix that no other scenario has and that is a valid part
// of a plugin's, a path's, a policy's and a file's name.
func newSuffix() (string, error) {
	random := make([]byte, 4)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("draw a name: %w", err)
	}
	return "-pp" + hex.EncodeToString(random), nil
}

// beginStep remembers the sentence, for the explanation of a failure.
func (w *world) beginStep(ctx context.Context, step *godog.Step) (context.Context, error) {
	w.step = step.Text
	return ctx, nil
}

// ensureServer returns the scenario's server and starts it when it is first needed.
func (w *world) ensureServer(ctx context.Context) (Server, error) {
	if w.server != nil {
		return w.server, nil
	}
	server, err := w.suite.config.Target.Server(ctx, w.spec)
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	w.server, w.client = server, newClient(server)
	w.client.parent = w.parent
	w.secrets = append(w.secrets, server.Token())
	return server, nil
}

// pendingSpec returns the spec to a Given sentence. Asked too late, the sentence
// would silently do nothing, so that is an error.
func (w *world) pendingSpec() (*Spec, error) {
	if w.server != nil {
		return nil, errors.New("the server is already running: put sentences about how it is started first")
	}
	return &w.spec, nil
}

// end removes what the scenario created and reports its outcome.
func (w *world) end(ctx context.Context, _ *godog.Scenario, stepErr error) (context.Context, error) {
	w.interrupted = ctx.Err() != nil
	cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	if own := w.suite.config.Installed; own != nil && w.subject != own.name() && w.subject != own.secondName() {
		w.suite.writeLog(cleaning, w.server, w.subject)
	}
	failure := new(Failure)
	if errors.As(stepErr, &failure) {
		failure.Log, failure.Trace = strings.Join(w.logTail(cleaning), "\n"), w.trace()
	}
	left := w.leaves(stepErr)
	cleanErr := w.clean(cleaning, left)
	if left != "" {
		w.suite.config.Installed.left = append(w.suite.config.Installed.left, left)
	}
	if w.release != nil {
		w.release()
	}
	outcome := w.outcome(stepErr, cleanErr)
	if outcome.Status == Fail || outcome.Status == Errored {
		outcome.Crash = w.crash(cleaning)
	}
	w.endTrace(outcome)
	w.discount()
	w.suite.config.OnOutcome(outcome)
	return ctx, nil
}

// outcome returns the result of the scenario. That of an interrupted one is Skip:
// an interrupted request or command may be why a check failed.
func (w *world) outcome(stepErr, cleanErr error) Outcome {
	outcome := Outcome{Status: Pass}
	var failure *Failure
	var unchecked *NotCheckedError
	switch {
	case w.notRun != nil:
		outcome = *w.notRun
	case w.interrupted:
		outcome.Status, outcome.Reason = Skip, notRun+"during it"
	case errors.As(stepErr, &unchecked):
		outcome.Status, outcome.Reason = Unsupported, w.mask(unchecked.Reason)
	case errors.As(stepErr, &failure):
		outcome.Status = Fail
		complete := *failure
		complete.Step = w.step
		if complete.Remedy == "" { // the cause has none of its own
			complete.Remedy = w.requirement.Remedy
		}
		if complete.Remedy == "" {
			complete.Remedy = "Compare the exchange with the requirement's source: " + strings.Join(w.requirement.Sources, ", ") + "."
		}
		if len(w.exchanges) > 0 {
			complete.Exchange = w.exchanges[len(w.exchanges)-1]
		}
		complete.Wanted, complete.Got = w.mask(complete.Wanted), w.mask(complete.Got)
		outcome.Failure, outcome.Reason = &complete, complete.Error()
		if why := w.machine.blame(complete.Got); why != "" {
			outcome.Status, outcome.Failure = Errored, nil
			outcome.Reason = why + "\n" + complete.Error()
		}
	case stepErr != nil:
		outcome.Status = Errored
		outcome.Reason = w.mask(fmt.Sprintf("step %q: %v", w.step, stepErr))
	}
	if cleanErr != nil {
		outcome = w.withLeftovers(outcome, cleanErr)
	}
	outcome.Requirement, outcome.Case = w.requirement, w.name
	outcome.Exchanges = w.exchanges
	outcome.Started, outcome.Duration = w.machine.started, time.Since(w.machine.started)
	return outcome
}

// withLeftovers adds what could not be removed, which is an error unless the
// scenario failed.
func (w *world) withLeftovers(outcome Outcome, cleanErr error) Outcome {
	leftovers := w.mask(fmt.Sprintf("could not remove what the scenario created: %v", cleanErr))
	if outcome.Reason != "" {
		leftovers = outcome.Reason + "\n" + leftovers
	}
	outcome.Reason = leftovers
	if outcome.Status != Fail {
		outcome.Status = Errored
	}
	return outcome
}

// How long poll waits between tries: at first not for long, as most of what is waited for
// comes at once, and then twice as long each time.
const (
	shortestWait = 5 * time.Millisecond
	longestWait  = 50 * time.Millisecond
)

// poll tries until check holds or the deadline has passed, and then answers the
// last mismatch. Errors other than mismatches are tried again too: a server
// that restarts refuses connections for a while.
func poll(ctx context.Context, within time.Duration, check func(context.Context) error) error {
	deadline, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	last := check(deadline)
	for wait := shortestWait; last != nil; wait = min(2*wait, longestWait) {
		select {
		case <-time.After(wait):
			if err := check(deadline); deadline.Err() == nil || err == nil {
				last = err
			}
		case <-deadline.Done():
			return fmt.Errorf("still so after %s: %w", within, last)
		}
	}
	return nil
}
