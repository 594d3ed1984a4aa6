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
	kinds := []string{"secret", "auth"}
	switch {
	case config.Profile.Type == "auth":
		slices.Reverse(kinds)
	case config.Profile.Type == "database", config.Profile.Type == "" && config.Profile.Database.Connection != nil:
		kinds = slices.Insert(kinds, 0, "database")
	}
	var refusals []string
	// asDatabase is why it could not be started as the database plugin that it is said
	// to be; warnings are what it logged as what its profile says.
	var asDatabase *steps.Crash
	var warnings []string
	for _, kind := range kinds {
		installed, err := steps.Install(ctx, steps.Installation{
			Target: target, Subject: &steps.Subject{Type: kind, Profile: config.Profile},
			Binary: path, StartTimeout: config.StartTimeout, RequestTimeout: config.RequestTimeout,
		})
		refused, wrong := new(steps.RefusedError), new(steps.ProfileError)
		switch {
		case errors.Is(err, steps.ErrNoAnswer):
			return nil, &NotAPluginError{path: path, hung: config.StartTimeout}
		case errors.As(err, &refused):
			if refused.Database && kinds[0] == "database" {
				// It is one, and was refused as such.
				return nil, &NotAPluginError{path: path, crash: asDatabase, refusals: refusals}
			}
			if refused.Database {
				if given := config.Profile.Type; given != "" && given != "database" {
					return nil, usage.Errorf("%s is a database plugin: leave out --type, or give --type database", path)
				}
				if config.Profile.Type == "" {
					config.Profile.Type = "database"
					return install(ctx, target, path, config)
				}
			}
			warnings = append(warnings, refused.Warnings...)
			switch {
			case kind == "database":
				asDatabase = refused.Crash
			case asDatabase != nil && refused.Crash != nil:
				return nil, &NotAPluginError{path: path, crash: asDatabase}
			case refused.Crash != nil:
				// Another type would not start either.
				return nil, &NotAPluginError{path: path, crash: refused.Crash}
			}
			// Mostly it does not start at all, which need not be said twice.
			first, _, _ := strings.Cut(refused.Reason, "\n")
			if len(refusals) == 0 || !strings.HasPrefix(refusals[0], "as "+kinds[0]+": "+first) {
				refusals = append(refusals, fmt.Sprintf("as %s: %s", kind, strings.TrimSpace(refused.Reason)))
			}
			continue
		case config.Profile.Type != "" && kind != config.Profile.Type && (kind != "secret" || len(config.Profile.Logins) == 0) && (err == nil || errors.As(err, &wrong)):
			names := map[string]string{"secret": "a secrets engine", "auth": "an auth method", "database": "a database plugin"}
			mistake := usage.Errorf("%s is %s: leave out --type, or give --type %s%s", path, names[kind], kind, complaints(config.Profile.Type, warnings))
			if installed != nil {
				mistake = errors.Join(mistake, closeWithin(ctx, installed))
			}
			return nil, mistake
		case errors.As(err, &wrong):
			return nil, usage.Wrap(err)
		}
		return installed, err
	}
	return nil, &NotAPluginError{path: path, refusals: refusals}
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
func (e *NotAPluginError) result(config CheckConfig, all []steps.Requirement, chosen selection, about steps.Config) report.Run {
	result := report.Run{
		Plugin: config.title(e.path, ""), Target: about.Target.Name(), Server: about.Identity.String(),
		Concurrency: config.Concurrency, Started: time.Now(),
	}
	starting := mountable
	if config.Profile.Type == "database" || config.Profile.Database.Connection != nil {
		starting = databaseMountable
	}
	config.Observer.Begin(len(chosen.ids))
	for _, requirement := range all {
		if requirement.ID != starting && !slices.Contains(chosen.ids, requirement.ID) {
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
