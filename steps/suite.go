// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/cucumber/godog"
	"github.com/hashicorp/go-version"
)

// Config is what a Suite is made from.
type Config struct {
	// Features holds the *.feature files at its top.
	Features fs.FS
	// Target gives the servers.
	Target Target
	// Plugins maps a binary's name (probe, passthrough, jwt, probe-v4) to the
	// file on this machine.
	Plugins map[string]string
	// CommandLine carries out the documentation's commands.
	CommandLine CommandLine
	// Subject is the plugin that is checked; nil if the server is.
	Subject *Subject
	// Identity is the product and version that choose which requirements apply:
	// what Ask found, or what the user said.
	Identity Identity
	// Observe is called once for every scenario, by several goroutines.
	Observe func(Outcome)
}

// Suite is what the scenarios of one run share. Its methods may be called by
// several goroutines.
type Suite struct {
	config       Config
	requirements map[string]Requirement
}

// NewSuite reads the requirements. Nothing is started yet.
func NewSuite(config Config) (*Suite, error) {
	all, err := Requirements(config.Features)
	if err != nil {
		return nil, err
	}
	suite := &Suite{config: config, requirements: make(map[string]Requirement, len(all))}
	for _, requirement := range all {
		suite.requirements[requirement.ID] = requirement
	}
	return suite, nil
}

// lacks tells why a capability is missing, from whoever has to have it.
func (s *Suite) lacks(ctx context.Context, capability Capability) string {
	switch capability {
	case CLIEnvironment:
		return s.config.CommandLine.LacksEnv(ctx)
	case SamplePath:
		if s.config.Subject == nil || s.config.Subject.SamplePath == "" {
			return "no path that stores what is written to it was named"
		}
		return ""
	}
	return s.config.Target.Lacks(capability)
}

// InitializeScenario makes a World for one scenario and binds the sentences to
// it. It is godog's ScenarioInitializer.
func (s *Suite) InitializeScenario(sc *godog.ScenarioContext) {
	world := newWorld(s)
	sc.Before(world.begin)
	sc.StepContext().Before(world.beginStep)
	sc.After(world.end)
	for _, binding := range world.bindings() {
		sc.Step(binding.expression, binding.step)
	}
}

// Ask finds out which server the target gives. Both products put themselves
// into the version of the sys mount: v1.16.3+builtin.vault, v2.0.0+builtin.bao.
// The plain version does not tell them apart, since both count from 2.0.0.
func Ask(ctx context.Context, target Target) (_ Identity, err error) {
	server, err := target.Server(ctx, Spec{})
	if err != nil {
		return Identity{}, fmt.Errorf("start the server to ask what it is: %w", err)
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
		return Identity{}, fmt.Errorf("the server does not say what it is: the sys mount's running_plugin_version is %q; name it with --expect-dialect", text)
	}
	parsed, err := version.NewVersion(text)
	if err != nil {
		return Identity{}, fmt.Errorf("the server's version %q: %w", text, err)
	}
	return Identity{Product: product, Version: parsed.Core()}, nil
}
