// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/inspect"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// mountable is the requirement that a plugin can be mounted at all.
const mountable = "PLG-001"

// databaseMountable is the same of a plugin that is said to be a database plugin.
const databaseMountable = "PLG-900"

// install installs the plugin as a secrets engine or as an auth method, first as
// what its profile says it is, or as a database plugin if it says so or a server
// takes it for one. A server accepts it as one of them; the refusals are told if
// it accepts none.
func install(ctx context.Context, target steps.Target, path string, config CheckConfig) (*steps.Installed, error) {
	findings, err := inspected(target, path)
	if err != nil {
		return nil, err
	}
	if len(findings) > 0 {
		return nil, &NotAPluginError{path: path, finding: &findings[0]}
	}
	t := typeTrials{path: path, profile: config.Profile, types: typesFor(config.Profile)}
	for _, kind := range t.types {
		installed, err := steps.Install(ctx, steps.Installation{
			Target: target, Subject: &steps.Subject{Type: kind, Profile: config.Profile},
			Binary: path, StartTimeout: config.StartTimeout, RequestTimeout: config.RequestTimeout,
		})
		refused, wrong := new(steps.RefusedError), new(steps.ProfileError)
		switch {
		case errors.Is(err, steps.ErrNoAnswer):
			return nil, &NotAPluginError{path: path, hung: config.StartTimeout}
		case errors.As(err, &refused) && refused.Database && config.Profile.Type == "" && t.types[0] != "database":
			config.Profile.Type = "database"
			return install(ctx, target, path, config)
		case errors.As(err, &refused):
			if err := t.refuse(kind, refused); err != nil {
				return nil, err
			}
		case t.contradicts(kind) && (err == nil || errors.As(err, &wrong)):
			err := t.wrongType(kind)
			if installed != nil {
				err = errors.Join(err, closeWithin(ctx, installed))
			}
			return nil, err
		case errors.As(err, &wrong):
			return nil, usage.Wrap(err)
		default:
			return installed, err
		}
	}
	return nil, &NotAPluginError{path: path, refusals: t.refusals}
}

// typesFor returns the types that a plugin is tried as, in order.
func typesFor(profile steps.Profile) []string {
	switch {
	case profile.Type == "auth":
		return []string{"auth", "secret"}
	case profile.Type == "database", profile.Type == "" && profile.Database.Connection != nil:
		return []string{"database", "secret", "auth"}
	}
	return []string{"secret", "auth"}
}

// typeTrials is what was learned of a plugin by trying it as one type after the other.
type typeTrials struct {
	path    string
	profile steps.Profile
	types   []string
	// refusals are why the server did not take it as each of them.
	refusals []string
	// asDatabase is why it could not be started as the database plugin that it is said
	// to be; warnings are what it logged as what its profile says.
	asDatabase *steps.Crash
	warnings   []string
}

// refuse notes why the plugin is not of that type. An error ends the trials: another
// type would not help.
func (t *typeTrials) refuse(kind string, refused *steps.RefusedError) error {
	switch {
	case refused.Database && t.types[0] == "database": // it is one, and was refused as such
		return &NotAPluginError{path: t.path, crash: t.asDatabase, refusals: t.refusals}
	case refused.Database:
		return usage.Errorf("%s is a database plugin: leave out --type, or give --type database", t.path)
	}
	t.warnings = append(t.warnings, refused.Warnings...)
	switch {
	case kind == "database":
		t.asDatabase = refused.Crash
	case refused.Crash != nil: // what does not start does not start as another type
		return &NotAPluginError{path: t.path, crash: cmp.Or(t.asDatabase, refused.Crash)}
	}
	// Mostly all types are refused for one reason, which need not be said twice.
	first, _, _ := strings.Cut(refused.Reason, "\n")
	if len(t.refusals) == 0 || !strings.HasPrefix(t.refusals[0], "as "+t.types[0]+": "+first) {
		t.refusals = append(t.refusals, fmt.Sprintf("as %s: %s", kind, strings.TrimSpace(refused.Reason)))
	}
	return nil
}

// contradicts reports whether a plugin of that type is not what its profile says. A
// profile with logins says that it is an auth method, too: as a secrets engine it is
// checked, and fails the requirement about its type.
func (t *typeTrials) contradicts(kind string) bool {
	declared := t.profile.Type
	return declared != "" && kind != declared && (kind != "secret" || len(t.profile.Logins) == 0)
}

// wrongType returns the error of a plugin that its profile contradicts.
func (t *typeTrials) wrongType(kind string) error {
	return usage.Errorf("%s is %s: leave out --type, or give --type %s%s", t.path, typeName(kind), kind, complaints(t.profile.Type, t.warnings))
}

// complaints returns what a plugin logged that was to be of a type; empty for nothing.
func complaints(kind string, warnings []string) string {
	if len(warnings) == 0 {
		return ""
	}
	return fmt.Sprintf("\nregistered as %s it logged: %s", kind, strings.Join(warnings, "\n  "))
}

// NotAPluginError is a plugin that no server can mount: it does not conform.
type NotAPluginError struct {
	path     string
	refusals []string
	// hung is how long it was waited for, if it did not come to serve.
	hung time.Duration
	// crash is why it could not be started, finding what is wrong with its file; nil
	// where that is not known.
	crash   *steps.Crash
	finding *inspect.Finding
}

func (e *NotAPluginError) Error() string { return e.problem() + "\n" + e.remedy() }

func (e *NotAPluginError) problem() string {
	switch {
	case e.finding != nil:
		return e.finding.Cause
	case e.crash != nil:
		return e.crash.String()
	case e.hung > 0:
		return fmt.Sprintf("%s hangs at its start: it did not serve within %s", e.path, e.hung)
	}
	return fmt.Sprintf("%s can't be mounted as a secrets engine, an auth method or a database plugin.\n%s", e.path, strings.Join(e.refusals, "\n"))
}

func (e *NotAPluginError) remedy() string {
	switch {
	case e.finding != nil:
		return e.finding.Remedy
	case e.crash != nil:
		return e.crash.Remedy
	case e.hung > 0:
		return "Call plugin.ServeMultiplex of vault/sdk before anything that waits, be it for the network, a file or stdin, and give what it needs to start with --env. If it is only slow, give it longer with --plugin-start-timeout."
	}
	return "Serve the backend with plugin.ServeMultiplex of vault/sdk, or a database with dbplugin.ServeMultiplex, wait for nothing and print nothing to stdout before, build it for this system, and give what it needs to start with --env."
}

// result is that of a check: the plugin fails by the requirement that it can be
// mounted, and the others that were chosen were not checked.
func (e *NotAPluginError) result(config CheckConfig, plan plan, about steps.Config) report.Run {
	result := report.Run{
		Plugin: config.title(e.path, ""), Target: about.Target.Name(), Server: about.Identity.String(),
		Choice: plan.choice, Concurrency: config.Concurrency, Started: time.Now(),
	}
	starting := mountable
	if config.Profile.Type == "database" || config.Profile.Database.Connection != nil {
		starting = databaseMountable
	}
	config.Observer.Begin(len(plan.chosen.ids))
	for _, requirement := range plan.all {
		if requirement.ID != starting && !slices.Contains(plan.chosen.ids, requirement.ID) {
			continue
		}
		outcome := steps.Outcome{
			Requirement: requirement, Case: requirement.Title, Started: result.Started,
			Status: steps.Unsupported, Reason: "the plugin can't be mounted, see " + starting, Follows: starting,
		}
		if requirement.ID == starting {
			outcome.Status, outcome.Follows = steps.Fail, ""
			outcome.Failure = &steps.Failure{Wanted: "a plugin that can be registered and mounted", Got: e.problem(), Remedy: e.remedy()}
			outcome.Reason = outcome.Failure.Error()
		}
		result.Outcomes = append(result.Outcomes, outcome)
		config.Observer.Ended(outcome)
	}
	return result
}

// inspected returns what keeps the target's servers from running the file.
func inspected(target steps.Target, path string) ([]inspect.Finding, error) {
	goos, goarch, err := steps.Platform(target)
	if err != nil {
		return nil, err
	}
	findings := inspect.Inspect(path, cmp.Or(goos, runtime.GOOS), cmp.Or(goarch, runtime.GOARCH))
	return slices.DeleteFunc(findings, func(f inspect.Finding) bool { return !f.Fatal }), nil
}

// Document returns the type of a plugin and what it documents of its paths. A
// plugin that can't be mounted, or has no document, is a *NotAPluginError.
func Document(ctx context.Context, config CheckConfig) (kind string, _ *steps.Document, err error) {
	if err := config.complete(); err != nil {
		return "", nil, usage.Wrap(err)
	}
	path, err := executable(config.Plugin)
	if err != nil {
		return "", nil, err
	}
	target, err := targets.Parse(config.Target, targets.Options{})
	if err != nil {
		return "", nil, err
	}
	defer func() { err = errors.Join(err, closeWithin(ctx, target)) }()
	installed, err := install(ctx, target, path, config)
	if err != nil {
		return "", nil, err
	}
	document, err := installed.Document()
	if err != nil {
		err = &NotAPluginError{path: path, refusals: []string{err.Error()}}
	}
	return installed.Type(), document, errors.Join(err, closeWithin(ctx, installed))
}
