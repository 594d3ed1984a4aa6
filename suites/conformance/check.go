// SPDX-License-Identifier: MPL-2.0

package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
	"github.com/plugproof/plugproof/suites/vaultcli"
)

// CheckConfig is what the check of a plugin may be told.
type CheckConfig struct {
	// Plugin is the path of the plugin's binary.
	Plugin string
	// Target is the server to check it on, as for Run; empty is mock.
	Target string
	// PluginDir is where plugins of a server at an address can be placed;
	// YesThisServer allows one that is not a dev server on loopback.
	PluginDir     string
	YesThisServer bool
	// Profile is what the plugin's author says of it; package suites/profile reads
	// it from a file. What it lacks is not checked.
	Profile steps.Profile
	// Features are directories with features of the user's own, which are checked
	// beside ours.
	Features []string
	// Only are identifiers of requirements, Area the names of their files, Level
	// their levels; empty is all.
	Only, Area, Level []string
	// Concurrency is how many scenarios run side by side; 0 is one.
	Concurrency int
	// StartTimeout bounds each start of the plugin before the scenarios; 0 is 10
	// seconds.
	StartTimeout time.Duration
	// RequestTimeout bounds each request that the profile names; 0 is
	// steps.DefaultRequestTimeout.
	RequestTimeout time.Duration
	// Execution is how they are run.
	Execution
	// Log receives what the plugin logs; nil is nobody.
	Log io.Writer
	// Observer is told how the check goes; nil is nobody.
	Observer Observer
}

// defaultStartTimeout is that of a CheckConfig without one.
const defaultStartTimeout = 10 * time.Second

// Check carries out the features about plugins for one binary. Its errors are as
// those of Run. What is wrong with the plugin is not an error but in the result,
// also if no server can mount it.
func Check(ctx context.Context, config CheckConfig) (_ report.Run, err error) {
	if err := config.complete(); err != nil {
		return report.Run{}, usage.Wrap(err)
	}
	path, err := executable(config.Plugin)
	if err != nil {
		return report.Run{}, err
	}
	target, err := targets.Parse(config.Target, targets.Options{PluginDir: config.PluginDir, ThisServer: config.YesThisServer, Trace: sinkOf(config.Trace), SecretFields: config.Profile.Secrets})
	if err != nil {
		return report.Run{}, err
	}
	defer func() { err = errors.Join(err, closeWithin(ctx, target)) }()
	return CheckOn(ctx, config, target, path)
}

// CheckOn is Check on a target that the caller closes, for the binary at path;
// config.Plugin and config.Target are not looked at.
func CheckOn(ctx context.Context, config CheckConfig, target steps.Target, path string) (result report.Run, err error) {
	if err := config.complete(); err != nil {
		return report.Run{}, usage.Wrap(err)
	}
	if config.Log != nil {
		if reason := target.Unsupported(steps.PluginLogs); reason != "" {
			return report.Run{}, usage.Errorf("%s: what a plugin logs is not known: %s", target.Name(), reason)
		}
	}
	plan, err := config.plan()
	if err != nil {
		return report.Run{}, err
	}
	known, err := ownDeviations(config.Deviations, plan.all)
	if err != nil {
		return report.Run{}, err
	}
	identity, err := steps.Identify(ctx, target)
	if err != nil {
		return report.Run{}, err
	}
	config.Observer.Stage("finding out what " + filepath.Base(path) + " is")
	stepsConfig := steps.Config{
		Features: plan.features, Requirements: plan.all, Target: target, Plugins: map[string]string{steps.SubjectName: path},
		CommandLine: vaultcli.CommandLine{}, Identity: identity, PluginLog: config.Log,
	}
	stepsConfig.Installed, err = install(ctx, target, path, config)
	if unmountable := new(NotAPluginError); errors.As(err, &unmountable) {
		return unmountable.result(config, plan, stepsConfig), nil
	}
	if err != nil {
		return report.Run{}, err
	}
	defer func() {
		err = errors.Join(err, config.writeLog(ctx, stepsConfig.Installed), closeWithin(ctx, stepsConfig.Installed))
	}()
	known = known.Of(deviations.Server{Target: target.Name(), Identity: identity})
	result, err = execute(ctx, Config{Concurrency: config.Concurrency, Execution: config.Execution, Observer: config.Observer}, plan, known, stepsConfig)
	result.Plugin = config.title(path, stepsConfig.Installed.Type())
	return result, err
}

// writeLog writes what the plugin logged, for those who want it.
func (c CheckConfig) writeLog(ctx context.Context, installed *steps.Installed) error {
	if c.Log == nil {
		return nil
	}
	lines, err := installed.Log(context.WithoutCancel(ctx))
	for _, line := range lines {
		_, _ = fmt.Fprintln(c.Log, line)
	}
	return err
}

// typeName returns what people call a plugin of a type; empty for an unknown type.
func typeName(kind string) string {
	switch kind {
	case "secret":
		return "a secrets engine"
	case "auth":
		return "an auth method"
	case "database":
		return "a database plugin"
	}
	return ""
}

// plan returns what the configuration chooses of the requirements of plugins.
func (c CheckConfig) plan() (plan, error) {
	if c.Set != "" && !slices.ContainsFunc(Sets("check"), func(set [2]string) bool { return set[0] == c.Set }) {
		return plan{}, unknownSet("check", c.Set)
	}
	asked := report.Choice{Only: c.Only, Area: c.Area, Level: c.Level}
	planned, err := planned("check", c.Features, asked, c.Execution)
	// Those that start processes of the plugin take longest, and many wait for each other.
	planned.chosen.startWith("process", "time", "start")
	return planned, err
}

// Chosen returns the requirements that a check would check, without starting anything.
// Which of them apply to the plugin, and to its type, is not known yet.
func (c CheckConfig) Chosen() ([]steps.Requirement, error) {
	planned, err := c.plan()
	if err != nil {
		return nil, err
	}
	return planned.requirements(), nil
}

// title names the plugin for people.
func (c CheckConfig) title(path, kind string) string {
	title := cmp.Or(c.Plugin, path)
	if name := typeName(kind); name != "" {
		title += ", " + name
	}
	return title
}

// complete fills in the defaults and reports what is wrong with the rest.
func (c *CheckConfig) complete() error {
	c.Observer = orSilent(c.Observer)
	c.Concurrency = max(1, c.Concurrency)
	c.StartTimeout = cmp.Or(c.StartTimeout, defaultStartTimeout)
	c.Target = cmp.Or(c.Target, "mock")
	if !slices.Contains([]string{"", "secret", "auth", "database"}, c.Profile.Type) {
		return fmt.Errorf("type %q: there are secret, auth and database", c.Profile.Type)
	}
	if older := c.Profile.UpgradeFrom; older != "" {
		if _, err := executable(older); err != nil {
			return fmt.Errorf("upgrade_from: %w", err)
		}
	}
	return nil
}

// executable finds the binary and says what is wrong with it before a server
// would say it in other words.
func executable(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	info, err := os.Stat(absolute)
	switch {
	case err != nil:
		return "", usage.Errorf("%w; build the plugin first: go build -o %s ./cmd/…", err, path)
	case !info.Mode().IsRegular():
		return "", usage.Errorf("%s is not a file; name the plugin's binary", path)
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0: // Windows has no such mode
		return "", usage.Errorf("%s is not executable: chmod +x %s", path, path)
	}
	return absolute, nil
}
