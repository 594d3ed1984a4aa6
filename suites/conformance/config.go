// SPDX-License-Identifier: MPL-2.0

package conformance

import "github.com/plugproof/plugproof/steps"

// Config is what a run may be told. The zero value checks
// everything, one scenario at a time.
type Config struct {
	// Target names what is checked: mock, binary:PATH, container:IMAGE, addr:URL.
	Target string
	// CLI is a real vault or bao that carries out the documentation's commands;
	// empty is our own command line.
	CLI string
	// Features are directories with features of the user's own, which are run beside
	// ours.
	Features []string
	// Only are identifiers of requirements; empty is all.
	Only []string
	// Area are areas, the names of the feature files; empty is all.
	Area []string
	// Level are must, should, may; empty is all.
	Level []string
	// Tags is a tag expression of godog's: @a && ~@b, @c.
	Tags string
	// Concurrency is how many scenarios run side by side; 0 is one.
	Concurrency int
	// Seed orders the scenarios; 0 draws one.
	Seed int64
	// ExpectDialect overrides what the server says it is: vault-1.16.
	ExpectDialect string
	// PluginDir is where plugins of a server at an address can be placed.
	PluginDir string
	// YesThisServer allows a server that is not a dev server on loopback.
	YesThisServer bool
	// Plugins is a directory with the sample plugins; empty builds them.
	Plugins string
	// Execution is how they are run.
	Execution
	// Observer is told how the run goes; nil is nobody.
	Observer Observer
}

// Observer is told how a run goes. Ended is called by several goroutines.
type Observer interface {
	// Stage says what is going on before the scenarios.
	Stage(text string)
	// Begin says how many scenarios will run.
	Begin(scenarios int)
	// Ended says how one of them ended.
	Ended(outcome steps.Outcome)
}

// silent is the Observer of runs that have none.
type silent struct{}

func (silent) Stage(string)        {}
func (silent) Begin(int)           {}
func (silent) Ended(steps.Outcome) {}

func orSilent(observer Observer) Observer {
	if observer == nil {
		return silent{}
	}
	return observer
}
