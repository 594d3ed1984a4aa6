// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Profile is what only the author of a plugin knows about it. Every field may be
// empty; what needs an empty one is not checked. Paths are below the mount,
// without slashes at their ends. Package suites/profile reads it from YAML.
type Profile struct {
	// Type is secret, auth or database; empty if it is to be found out.
	Type string
	// Args and Env are registered with the plugin; Env as NAME=value.
	Args, Env []string
	// Options and Config are those of each mount.
	Options map[string]string
	Config  map[string]any
	// Setup are the writes that make a fresh mount usable, in order.
	Setup []Write
	// Samples are paths that store what is written to them.
	Samples []Sample
	// Credentials are requests whose answer has a lease.
	Credentials []Write
	// Logins are logins that succeed.
	Logins []Login
	// Pairs are paths of which one takes back what the other gave.
	Pairs []Pair
	// Rotations are requests that change a secret of the setup.
	Rotations []Rotation
	// Open are the paths that need no token; nil if nothing was said about it.
	Open []string
	// Secrets are names of fields whose values are never shown or logged.
	Secrets []string
	// UpgradeFrom is an older binary of the plugin, on this machine.
	UpgradeFrom string
	// Database is what a database plugin needs.
	Database DatabaseProfile
	// Probe is how far the operations of the plugin's OpenAPI document are tried.
	Probe ProbeLevel
}

// DatabaseProfile is the part of a profile about a database plugin.
type DatabaseProfile struct {
	// Connection are the settings of a configuration: what config/:name of the
	// database engine is written beside plugin_name.
	Connection map[string]any
	// CreationStatements and the others are those of a role or, for rotation, of a
	// static role; nil for the plugin's defaults.
	CreationStatements, RevocationStatements, RenewStatements, RollbackStatements, RotationStatements []string
	// NoLogin says that the users that the plugin creates can't connect with the
	// settings username and password in place of the configured ones.
	NoLogin bool
	// KeySetting is the setting in which users connect with a private key; empty if nothing
	// was said.
	KeySetting string
}

// secretSettings are the settings of a connection that are never shown.
func secretSettings() []string { return []string{"password", "private_key"} }

// Write is a request below a mount. Where it may be either, nil data is a read.
type Write struct {
	Path string
	Data map[string]any
	// Works reports whether credentials from this request work; nil if nothing was said.
	Works *Proof
}

// copied returns a copy of the data, to change it.
func (w Write) copied() map[string]any {
	if w.Data == nil {
		return map[string]any{}
	}
	return maps.Clone(w.Data)
}

// Sample is a path that stores what is written to it.
type Sample struct {
	Path string
	// Data is written first, Update later; Update may be nil.
	Data, Update map[string]any
}

// Login is a login that succeeds.
type Login struct {
	Path string
	// Data is accepted, Wrong is refused. Wrong may be nil.
	Data, Wrong map[string]any
	// Policies are those of the new token beside default; nil if nothing was said.
	Policies []string
	// Alias names who logs in: logins of different aliases are of different people.
	// Empty if nothing was said.
	Alias string
}

// ProbeLevel says how far the operations of a plugin are tried with input that
// its profile does not name.
type ProbeLevel string

// The levels. The zero value is ProbeGentle.
const (
	// ProbeOff sends nothing but what the profile names.
	ProbeOff ProbeLevel = "off"
	// ProbeGentle tries each operation with each kind of wrong input once.
	ProbeGentle ProbeLevel = "gentle"
	// ProbeThorough tries each field of each operation.
	ProbeThorough ProbeLevel = "thorough"
)

// ParseProbeLevel returns the level of that name.
func ParseProbeLevel(name string) (ProbeLevel, error) {
	switch level := ProbeLevel(name); level {
	case ProbeOff, ProbeGentle, ProbeThorough:
		return level, nil
	}
	return "", fmt.Errorf("%q is not a level of probing: there are off, gentle and thorough", name)
}

// missing returns why the profile does not have what a capability stands for, and
// an empty string if it does.
func (p *Profile) missing(capability Capability) string {
	switch {
	case capability == Samples && len(p.Samples) == 0:
		return "the profile names no samples: paths that store what is written to them (--path)"
	case capability == SampleUpdates && !p.hasUpdate():
		return "the profile has no sample with an update"
	case capability == Credentials && len(p.Credentials) == 0:
		return "the profile names no credentials: paths that give a lease (--credentials)"
	case capability == WorkingCredentials && !slices.ContainsFunc(p.Credentials, func(w Write) bool { return w.Works != nil }):
		return "the profile does not say how to tell whether credentials work (works, under credentials)"
	case capability == Logins && len(p.Logins) == 0:
		return "the profile names no logins (--login)"
	case capability == CredentialsOrLogins && len(p.Credentials)+len(p.Logins) == 0:
		return "the profile names no credentials and no logins"
	case capability == Requests && len(p.Samples)+len(p.Setup)+len(p.Credentials)+len(p.Logins) == 0:
		return "the profile names no requests: it has no samples, setup, credentials and logins"
	case capability == Services && len(p.httpOrigins()) == 0:
		return "the profile has no http URL that the plugin could call"
	case capability == WrongLogins && !p.hasWrongLogin():
		return "the profile has no login with data that must be refused (wrong)"
	case capability == Pairs && len(p.Pairs) == 0:
		return "the profile names no pairs: paths of which one takes back what the other gave"
	case capability == Rotations && len(p.Rotations) == 0:
		return "the profile names no rotations: requests that change a secret of the setup"
	case capability == OpenPaths && p.Open == nil:
		return "the profile does not say which paths need no token (open)"
	case capability == Secrets && len(p.Secrets) == 0:
		return "the profile names no secrets: fields that are never shown"
	case capability == Secrets:
		return p.sharedSecret()
	case capability == UpgradeFrom && p.UpgradeFrom == "":
		return "the profile names no older binary (--upgrade-from)"
	case capability == Setup && len(p.Setup) == 0:
		return "the profile has no setup (--setup)"
	case (capability == Connection || capability == DatabaseLogin) && p.Database.Connection == nil:
		return "the profile has no connection settings (database.connection)"
	case capability == DatabaseLogin && p.Database.NoLogin:
		return "the profile says that new users can't connect themselves (database.login)"
	case capability == Probe && p.Probe == ProbeOff:
		return "--probe is off"
	case capability == ThoroughProbe && p.Probe != ProbeThorough:
		return "--probe is not thorough"
	}
	return ""
}

func (p *Profile) hasUpdate() bool {
	for _, sample := range p.Samples {
		if sample.Update != nil {
			return true
		}
	}
	return false
}

func (p *Profile) hasWrongLogin() bool {
	for _, login := range p.Logins {
		if login.Wrong != nil {
			return true
		}
	}
	return false
}

// minSecret is the length from which a value of a secret field is masked: shorter
// ones are parts of ordinary words.
const minSecret = 4

// secretValues returns the values of the profile's secret fields, which reports do
// not show.
func (p *Profile) secretValues() []string {
	var found []string
	collect := func(value any) {
		eachText("", value, func(name, text string) {
			if slices.Contains(p.Secrets, name) && len(text) >= minSecret && !slices.Contains(found, text) {
				found = append(found, text)
			}
		})
	}
	for _, write := range slices.Concat(p.Setup, p.Credentials) {
		collect(write.Data)
	}
	for _, name := range secretSettings() {
		if value, ok := p.Database.Connection[name].(string); ok && len(value) >= minSecret {
			found = append(found, value)
		}
	}
	collect(p.Database.Connection)
	for _, sample := range p.Samples {
		collect(sample.Data)
		collect(sample.Update)
	}
	for _, login := range p.Logins {
		collect(login.Data)
		collect(login.Wrong)
	}
	slices.SortFunc(found, longerFirst)
	return found
}

// longerFirst is the order in which texts are replaced, as a shorter one may be a part of
// a longer one.
func longerFirst(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }

// eachText calls do for every text in a value as JSON has it, with the name of the field
// that it is in.
func eachText(name string, value any, do func(name, text string)) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			eachText(name, member, do)
		}
	case []any:
		for _, member := range value {
			eachText(name, member, do)
		}
	case string:
		do(name, value)
	}
}
