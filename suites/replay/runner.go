// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/plugproof/plugproof/steps"
)

// Runner performs cases on servers of a target.
type Runner struct {
	// Target starts each case's server.
	Target steps.Target
	// Shared lets all cases use one server. Only then can a server be used that
	// somebody else started, for a case or two.
	Shared bool
	// Binaries are the files of the plugin directory, by name.
	Binaries map[string]string
	// CommandLine runs cli steps; nil leaves them out.
	CommandLine CommandLine
	// Settles waits after each step for the end of work that goes on behind its answer:
	// the move of a mount, the deletion of a namespace.
	Settles bool
	// StepTimeout ends a step that does not end; a minute if zero.
	StepTimeout time.Duration
}

// Answers is what came of a case's steps.
type Answers struct {
	// Got has an answer for each step; those that were not performed are empty.
	Got []Answer
	// Version is what the server calls its version; empty if it does not say.
	Version string
	// Log are the server's lines about conflicts, if the case looks at them.
	Log *[]string
}

// Run performs the steps of c on a fresh server. The error is steps.ErrUnsupported
// if the target can't give such a server, and otherwise a failure of the harness or
// of the server as a whole: answers of any status are not errors.
func (r *Runner) Run(ctx context.Context, c *Case) (_ Answers, err error) {
	if err := r.supports(c); err != nil {
		return Answers{}, err
	}
	server, err := r.Target.Server(ctx, c.Server.spec(r.Shared))
	if err != nil {
		return Answers{}, fmt.Errorf("starting %s: %w", r.Target.Name(), err)
	}
	defer func() {
		// The server has to go even when the case's time is over.
		err = errors.Join(err, server.Close(context.WithoutCancel(ctx)))
	}()
	s, err := r.session(ctx, server)
	if err != nil {
		return Answers{}, err
	}
	if r.borrowed() {
		if err := s.ownToken(ctx); err != nil {
			return Answers{}, err
		}
		defer func() { err = errors.Join(err, s.revokeToken(context.WithoutCancel(ctx))) }()
	}
	out := Answers{Version: s.version(ctx)}
	for i, e := range c.Steps {
		got, err := r.step(ctx, s, e.Step)
		if err != nil {
			return out, fmt.Errorf("step %d: %w", i+1, err)
		}
		out.Got = append(out.Got, got)
	}
	if c.Log != nil {
		log, err := steps.ServerLog(ctx, server)
		if err != nil {
			return out, fmt.Errorf("reading the server's log: %w", err)
		}
		lines := conflictLines(log)
		for i := range lines {
			lines[i] = s.masks.text(lines[i])
		}
		out.Log = &lines
	}
	return out, nil
}

// supports returns steps.ErrUnsupported for a case that would log out the other users
// of a server, or that the target lacks something for: shell steps change files of the plugin directory, which is not on this
// machine if the server is in a container.
func (r *Runner) supports(c *Case) error {
	if r.borrowed() {
		if err := c.spares(); err != nil {
			return err
		}
	}
	for _, e := range c.Steps {
		if e.Step.Kind() != "shell" {
			continue
		}
		if reason := r.Target.Unsupported(steps.PluginFiles); reason != "" {
			return fmt.Errorf("%w: %s", steps.ErrUnsupported, reason)
		}
		goos, _, err := steps.Platform(r.Target)
		if err != nil {
			return err
		}
		if goos != "" {
			return fmt.Errorf("%w: shell steps need the plugin directory on this machine", steps.ErrUnsupported)
		}
	}
	return nil
}

// session places the binaries and knows what is to be masked.
func (r *Runner) session(ctx context.Context, server steps.Server) (*session, error) {
	s := &session{
		server: server, token: server.Token(), client: newClient(server), masks: newMasks(), saved: map[string]string{},
		shas: map[string]string{"zero": strings.Repeat("0", 64)},
	}
	s.masks.literally(server.Address(), "<addr>")
	// Recorded servers had this token.
	s.masks.literally(server.Token(), "root")
	if dir := server.PluginDir(); dir != "" {
		s.masks.literally(dir, "<plugin_dir>")
		for name, path := range r.Binaries {
			sum, err := steps.PlacePlugin(ctx, server, name, path)
			if err != nil {
				return nil, fmt.Errorf("placing %s: %w", name, err)
			}
			s.addSum(name, sum)
		}
		return s, nil
	}
	// Without a plugin directory a request still names the sum of the file.
	for name, path := range r.Binaries {
		sum, err := fileSum(path)
		if err != nil {
			return nil, err
		}
		s.addSum(name, sum)
	}
	return s, nil
}

// version asks the server without a token. Not knowing it is not a failure: it
// matters only where a recording shows the version.
func (s *session) version(ctx context.Context) string {
	got, err := s.request(ctx, Step{HTTP: "GET sys/seal-status", Token: "none"})
	if err != nil {
		return ""
	}
	version, _ := part(got.Body, "version").(string)
	return version
}

func (s *session) addSum(name, sum string) {
	name = strings.ReplaceAll(name, "-", "_")
	s.shas[name] = sum
	s.masks.literally(sum, "<sha_"+name+">")
}

// step performs one step and masks its answer.
func (r *Runner) step(ctx context.Context, s *session, step Step) (Answer, error) {
	timeout := r.StepTimeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	switch step.Kind() {
	case "cli":
		if r.CommandLine == nil {
			return Answer{}, nil
		}
		got, err := s.command(ctx, r.CommandLine, step)
		return s.masks.got(got), err
	case "shell":
		return Answer{}, s.shell(ctx, step)
	case "sleep":
		// What the recorder waited for has no event outside the server.
		select {
		case <-time.After(time.Duration(step.Sleep * float64(time.Second))):
		case <-ctx.Done():
		}
		return Answer{}, nil
	}
	got, err := s.request(ctx, step)
	if err != nil {
		return Answer{}, err
	}
	s.save(step, got.Body)
	if r.Settles {
		if err := s.awaitEnd(ctx, step, got); err != nil {
			return Answer{}, err
		}
	}
	masked := s.masks.got(got)
	masked.Body = keep(step, masked.Body)
	return masked, nil
}

// logShape takes the time off a line of a log; what is not of this shape is not
// a message but the server's greeting.
var logShape = regexp.MustCompile(`^\S+ (\[[A-Z]+\] .*)$`)

// conflictShape finds what servers log about environments when the old layering
// is asked for: Vault's texts have "conflicting" or name the opt-out.
var conflictShape = regexp.MustCompile(`(?i)conflict|LEGACY_ENV_LAYERING`)

// conflictLines takes the lines about conflicts out of a log.
func conflictLines(log string) []string {
	lines := []string{}
	for line := range strings.SplitSeq(log, "\n") {
		if m := logShape.FindStringSubmatch(line); m != nil && conflictShape.MatchString(m[1]) {
			lines = append(lines, m[1])
		}
	}
	return lines
}
