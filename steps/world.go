// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cucumber/godog"
)

// cleanupTimeout bounds removing what a scenario made, also after a Ctrl-C.
const cleanupTimeout = 30 * time.Second

// world is everything that one scenario knows. godog runs a scenario's steps
// one after the other, so it needs no lock.
type world struct {
	suite       *Suite
	requirement Requirement
	name        string
	started     time.Time

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
	// accessors belong to tokens that the scenario made and that are revoked.
	accessors []string
	// closers end what the scenario itself started: proxies, identity providers.
	closers   []func() error
	proxies   map[string]*forwardProxy
	providers map[string]*identityProvider
	hosts     hosts

	// unanswered was sent and may make something after the scenario.
	unanswered []open

	answer    *answer
	command   *commandResult
	exchanges []string
	step      string

	// refused is set when the scenario is not carried out at all.
	refused *Outcome
	// interrupted is set at the end if the run was ended meanwhile.
	interrupted bool
}

func newWorld(suite *Suite) *world {
	saved := make(map[string]string)
	if suite.config.Subject != nil {
		saved = suite.config.Subject.saved()
	}
	return &world{
		suite: suite, saved: saved,
		proxies: make(map[string]*forwardProxy), providers: make(map[string]*identityProvider),
	}
}

// begin decides whether the scenario applies and can be carried out.
func (w *world) begin(ctx context.Context, scenario *godog.Scenario) (context.Context, error) {
	w.started, w.name = time.Now(), scenario.Name
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
		return ctx, w.refuse(Skip, "the run was interrupted before it")
	}
	if identity := w.suite.config.Identity; !read.applies.To(identity) {
		return ctx, w.refuse(Skip, fmt.Sprintf("is about %s; the server is %s", read.applies, identity))
	}
	for _, capability := range read.needs {
		if reason := w.suite.lacks(ctx, capability); reason != "" {
			return ctx, w.refuse(Unsupported, fmt.Sprintf("needs %s: %s", capability, reason))
		}
	}
	if target.Lacks(OwnServer) != "" {
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
	return ctx, nil
}

func (w *world) refuse(status Status, reason string) error {
	w.refused = &Outcome{Status: status, Reason: reason}
	return godog.ErrSkip
}

// newSuffix makes a suffix that no other scenario has and that is a valid part
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

// running gives the scenario's server and starts it when it is first needed.
func (w *world) running(ctx context.Context) (Server, error) {
	if w.server != nil {
		return w.server, nil
	}
	server, err := w.suite.config.Target.Server(ctx, w.spec)
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	w.server, w.client = server, newClient(server)
	w.secrets = append(w.secrets, server.Token())
	return server, nil
}

// changing gives the spec to a Given sentence. Asked too late, the sentence
// would silently do nothing, so that is an error.
func (w *world) changing() (*Spec, error) {
	if w.server != nil {
		return nil, errors.New("the server runs already: sentences about how it is started come first")
	}
	return &w.spec, nil
}

// end removes what the scenario made and reports what it came to.
func (w *world) end(ctx context.Context, _ *godog.Scenario, stepErr error) (context.Context, error) {
	w.interrupted = ctx.Err() != nil
	cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	cleanErr := w.clean(cleaning)
	w.suite.config.Observe(w.outcome(stepErr, cleanErr))
	return ctx, nil
}

// outcome is what the scenario came to. An interrupted one proves nothing: a
// command or a request was cut off, and so may be what failed or was to fail.
func (w *world) outcome(stepErr, cleanErr error) Outcome {
	outcome := Outcome{Status: Pass}
	var failure *Failure
	switch {
	case w.refused != nil:
		outcome = *w.refused
	case w.interrupted:
		outcome.Status, outcome.Reason = Skip, "the run was interrupted during it"
	case errors.As(stepErr, &failure):
		outcome.Status = Fail
		complete := *failure
		complete.Step, complete.Remedy = w.step, w.requirement.Remedy
		if complete.Remedy == "" {
			complete.Remedy = "Compare the exchange with the requirement's source: " + strings.Join(w.requirement.Sources, ", ") + "."
		}
		if len(w.exchanges) > 0 {
			complete.Exchange = w.exchanges[len(w.exchanges)-1]
		}
		complete.Wanted, complete.Got = w.mask(complete.Wanted), w.mask(complete.Got)
		outcome.Failure, outcome.Reason = &complete, complete.Error()
	case stepErr != nil:
		outcome.Status = Errored
		outcome.Reason = w.mask(fmt.Sprintf("step %q: %v", w.step, stepErr))
	}
	if cleanErr != nil {
		outcome = w.withRemains(outcome, cleanErr)
	}
	outcome.Requirement, outcome.Case = w.requirement, w.name
	outcome.Exchanges = w.exchanges
	outcome.Started, outcome.Duration = w.started, time.Since(w.started)
	return outcome
}

// withRemains adds what could not be removed. Only a failure outweighs it.
func (w *world) withRemains(outcome Outcome, cleanErr error) Outcome {
	remains := w.mask(fmt.Sprintf("could not remove what the scenario made: %v", cleanErr))
	if outcome.Reason != "" {
		remains = outcome.Reason + "\n" + remains
	}
	outcome.Reason = remains
	if outcome.Status != Fail {
		outcome.Status = Errored
	}
	return outcome
}

// poll tries until check holds or the deadline has passed, and then answers the
// last mismatch. Errors other than mismatches are tried again too: a server
// that restarts refuses connections for a while.
func (w *world) poll(ctx context.Context, within time.Duration, check func(context.Context) error) error {
	deadline, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	last := check(deadline)
	for last != nil {
		select {
		case <-ticker.C:
			if err := check(deadline); deadline.Err() == nil || err == nil {
				last = err
			}
		case <-deadline.Done():
			return fmt.Errorf("still so after %s: %w", within, last)
		}
	}
	return nil
}
