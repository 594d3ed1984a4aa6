// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/cucumber/godog"
	"github.com/hashicorp/go-version"
)

// Config is what a Suite is made from.
type Config struct {
	// Features holds the *.feature files at its top.
	Features fs.FS
	// Requirements are those of Features; NewSuite reads them if there are none.
	Requirements []Requirement
	// Target starts the servers.
	Target Target
	// Plugins maps a binary's name (probe, passthrough, jwt, probe-v4) to the
	// file on this machine.
	Plugins map[string]string
	// CommandLine runs the documentation's commands.
	CommandLine CommandLine
	// Installed is the plugin that is checked; nil if the server is.
	Installed *Installed
	// Identity is the product and version that choose which requirements apply:
	// what Identify found, or what the user said.
	Identity Identity
	// PluginLog receives what the checked plugin logs, where the target knows it; nil
	// is nobody.
	PluginLog io.Writer
	// Tracer knows what goes between servers and plugins; nil for nobody.
	Tracer Tracer
	// Concurrency is how many scenarios run at a time; 0 is as many as are begun. One that
	// had to wait for another does not count when it goes on.
	Concurrency int
	// OnReplaced is called when a binary was replaced since it was placed first, by several
	// goroutines; nil is nobody.
	OnReplaced func(error)
	// OnOutcome is called once for every scenario, by several goroutines.
	OnOutcome func(Outcome)
}

// Suite is what the scenarios of one run share. Its methods may be called by
// several goroutines.
type Suite struct {
	config       Config
	requirements map[string]Requirement
	steps        []boundStep
	// logging is held while what a plugin logged is written.
	logging sync.Mutex
	// placed is the sha256 of each binary, by path, that was placed first.
	placed sync.Map
	// running has an element for each scenario that runs and counts; nil without a limit.
	running chan struct{}
}

// NewSuite makes a suite. Nothing is started yet.
func NewSuite(config Config) (*Suite, error) {
	all := config.Requirements
	if len(all) == 0 {
		var err error
		if all, err = Requirements(config.Features); err != nil {
			return nil, err
		}
	}
	suite := &Suite{config: config, steps: boundSteps(), requirements: make(map[string]Requirement, len(all))}
	for _, requirement := range all {
		suite.requirements[requirement.ID] = requirement
	}
	if config.Installed != nil {
		suite.placed.Store(config.Plugins[SubjectName], config.Installed.sha256)
	}
	if config.Concurrency > 0 {
		suite.running = make(chan struct{}, config.Concurrency)
	}
	return suite, nil
}

// unsupported returns why a capability is missing, and an empty string if it is
// not. Most are the target's, one is the command line's, one the user's.
func (s *Suite) unsupported(ctx context.Context, capability Capability) string {
	switch {
	case capability == CLIEnvironment:
		return s.config.CommandLine.Unsupported(ctx, capability)
	case capability.ofProfile() && s.config.Installed == nil:
		return "this run checks a server, not a plugin"
	case capability.ofProfile():
		return s.config.Installed.unsupported(capability)
	}
	return s.config.Target.Unsupported(capability)
}

// blocked returns why a requirement of plugins can't be checked, as the plugin
// answers nothing at all, and an empty string if it can.
func (s *Suite) blocked(id string) string {
	if i := s.config.Installed; i != nil && i.faultAt == answers && id != answers {
		return i.notSetUp()
	}
	if i := s.config.Installed; i != nil {
		// It may be the periodic function that hangs: servers call it once more then.
		if about, hangs := i.patience.hangs(unmounting); hangs && id != about && !slices.Contains(s.requirements[id].Needs, Clock) {
			return "the plugin does not let its mounts go, see " + about
		}
	}
	return ""
}

// InitializeScenario creates the world of one scenario and registers all
// sentences. It is a godog ScenarioInitializer.
func (s *Suite) InitializeScenario(sc *godog.ScenarioContext) {
	world := newWorld(s)
	sc.Before(world.begin)
	sc.StepContext().Before(world.beginStep)
	sc.After(world.end)
	for _, step := range s.steps {
		sc.Step(step.expression, step.on(world))
	}
}

// ErrUnknownServer reports a server that does not say what it is.
var ErrUnknownServer = errors.New("product and version are unknown")

// Identify returns the product and version of the target's servers. Both products
// name themselves in the version of the sys mount: v1.16.3+builtin.vault,
// v2.0.0+builtin.bao. The version alone is not enough: both have a 2.0.0.
func Identify(ctx context.Context, target Target) (_ Identity, err error) {
	server, err := target.Server(ctx, Spec{})
	if err != nil {
		return Identity{}, err // it names the target
	}
	defer func() {
		if closing := server.Close(context.WithoutCancel(ctx)); err == nil && closing != nil {
			err = closing
		}
	}()
	client := newClient(server)
	got, err := client.do(ctx, request{method: "GET", path: "sys/mounts/sys", token: server.Token()})
	if err != nil {
		return Identity{}, fmt.Errorf("ask the server what it is: %w", err)
	}
	running, _ := got.lookup("data.running_plugin_version")
	text, _ := running.(string)
	product := Vault
	switch {
	case strings.Contains(text, "builtin.bao"):
		product = OpenBao
	case !strings.Contains(text, "builtin.vault"):
		return Identity{}, fmt.Errorf("%w: the sys mount's running_plugin_version is %q", ErrUnknownServer, text)
	}
	parsed, err := version.NewVersion(text)
	if err != nil {
		return Identity{}, fmt.Errorf("the server's version %q: %w", text, err)
	}
	return Identity{Product: product, Version: parsed.Core()}, nil
}
