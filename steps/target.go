// SPDX-License-Identifier: MPL-2.0

package steps

import "context"

// Capability is something that a target can do besides answering HTTP requests.
// Scenarios ask for capabilities with tags (`@needs-restart`). On a target that
// lacks one the scenario is UNSUPPORTED, with the target's reason.
type Capability string

// The capabilities. Each constant's text is also the tag's ending and the word
// in reports.
const (
	// HostEnvironment: the environment of the server process can be chosen.
	HostEnvironment Capability = "host-environment"
	// PluginDirectory: files can be placed in the server's plugin directory.
	PluginDirectory Capability = "plugin-directory"
	// PluginFiles: symlinks, subdirectories and changed files can be created in the
	// plugin directory, which is on the server's Host.
	PluginFiles Capability = "plugin-files"
	// Settings: the server can be started without api_addr or plugin directory.
	Settings Capability = "settings"
	// ServerLogs: what the server logged can be read.
	ServerLogs Capability = "server-logs"
	// ProcessControl: plugin processes can be seen and killed from outside, in the
	// process table of the server's Host.
	ProcessControl Capability = "process-control"
	// Restart: the server can be stopped and started again with its state.
	Restart Capability = "restart"
	// Loopback: plugins of the server reach listeners that the scenario opens.
	Loopback Capability = "loopback"
	// OwnServer: every scenario that asks for one (Spec.Fresh) gets a server that
	// no other scenario and no other client uses, so that names stay as written.
	OwnServer Capability = "own-server"
	// Samples and those below are of the profile of the plugin that is checked.
	// The user has them, not the target.
	Samples Capability = "samples"
	// SampleUpdates: a sample has an update.
	SampleUpdates Capability = "sample-updates"
	// Credentials: paths that give a lease are named.
	Credentials Capability = "credentials"
	// WorkingCredentials: it can be told whether they work.
	WorkingCredentials Capability = "working-credentials"
	// Logins: logins that succeed are named.
	Logins Capability = "logins"
	// CredentialsOrLogins: one of them is named.
	CredentialsOrLogins Capability = "credentials-or-logins"
	// Requests: anything is named that a mount can be asked for.
	Requests Capability = "requests"
	// Services: http URLs of services are named that the plugin may call.
	Services Capability = "services"
	// WrongLogins: a login has data that must be refused.
	WrongLogins Capability = "wrong-logins"
	// Pairs: paths are named of which one takes back what the other gave.
	Pairs Capability = "pairs"
	// Rotations: requests that change a secret of the setup are named.
	Rotations Capability = "rotations"
	// OpenPaths: the paths that need no token are named.
	OpenPaths Capability = "open"
	// Secrets: fields that are never shown are named.
	Secrets Capability = "secrets"
	// UpgradeFrom: an older binary of the plugin is named.
	UpgradeFrom Capability = "upgrade-from"
	// Setup: writes that make a fresh mount usable are named.
	Setup Capability = "setup"
	// Connection: the settings with which a database plugin connects are named.
	Connection Capability = "connection"
	// DatabaseLogin: the users that it creates can connect themselves.
	DatabaseLogin Capability = "database-login"
	// Probe: operations may be tried with input that the profile does not name.
	Probe Capability = "probe"
	// ThoroughProbe: they may be tried at length.
	ThoroughProbe Capability = "thorough-probe"
	// RaceBuild: the plugin is built with the race detector, which reports data races in
	// its log.
	RaceBuild Capability = "race-build"
	// Crashes: why plugin processes could not be started, or died, is known.
	Crashes Capability = "crashes"
	// Clock: the server's time can be moved forward.
	Clock Capability = "clock"
	// PluginLogs: what one plugin logged can be read.
	PluginLogs Capability = "plugin-logs"
	// SpecialPaths: the special paths of a mounted plugin are known.
	SpecialPaths Capability = "special-paths"
	// Faults: the server can be made to fail as servers do in production: its storage
	// or that of a plugin fails, requests are over a limit, and the success of a
	// revocation gets lost.
	Faults Capability = "faults"
	// Sealing: the server can be sealed and unsealed.
	Sealing Capability = "sealing"
	// ContainerPlugins: the server can run plugins from images of the container engine of
	// this machine.
	ContainerPlugins Capability = "container-plugins"
	// CLIEnvironment: the command line can register a plugin with -env. The
	// command line has it, not the target.
	CLIEnvironment Capability = "cli-env"
)

// Capabilities lists them all, in the order of documentation.
func Capabilities() []Capability {
	return []Capability{
		HostEnvironment, PluginDirectory, PluginFiles, Settings, ServerLogs,
		ProcessControl, Restart, Loopback, OwnServer, Crashes, Clock, PluginLogs, SpecialPaths, Faults, Sealing, ContainerPlugins, CLIEnvironment,
		Samples, SampleUpdates, Credentials, WorkingCredentials, Logins, WrongLogins, CredentialsOrLogins, Requests, Services, Pairs, Rotations, OpenPaths,
		Secrets, UpgradeFrom, Setup, Connection, DatabaseLogin, Probe, ThoroughProbe, RaceBuild,
	}
}

// ofProfile reports whether the profile of the checked plugin has the capability,
// rather than the target.
func (c Capability) ofProfile() bool {
	switch c {
	case Samples, SampleUpdates, Credentials, WorkingCredentials, Logins, WrongLogins, CredentialsOrLogins, Requests, Services, Pairs, Rotations, OpenPaths,
		Secrets, UpgradeFrom, Setup, Connection, DatabaseLogin, Probe, ThoroughProbe, RaceBuild:
		return true
	}
	return false
}

// Spec is what one scenario asks of its server. The zero Spec is a development
// server with an empty plugin directory, api_addr set to its own address and
// nothing in its environment but PATH and HOME; a target may serve many
// scenarios that ask for the zero Spec with one server.
type Spec struct {
	// Env is added to the environment of the server process, as NAME=value.
	Env []string
	// NoAPIAddr leaves the server's api_addr unset.
	NoAPIAddr bool
	// APIAddr is the server's api_addr instead of its own address; of no
	// meaning with NoAPIAddr.
	APIAddr string
	// NoPluginDir leaves the server without a plugin directory.
	NoPluginDir bool
	// State asks for a server whose state survives Restart.
	State bool
	// Fresh asks for a server that no other scenario uses.
	Fresh bool
}

// Server is a running server, as a scenario sees it. What only some servers can
// do is in abilities.go. All methods may be called by several goroutines.
type Server interface {
	// Address is the server's base URL as the scenario reaches it, without a
	// trailing slash: http://127.0.0.1:8200.
	Address() string
	// Token may do everything on this server.
	Token() string
	// PluginDir is the plugin directory's path as the server sees it; empty
	// when it has none.
	PluginDir() string
	// Close ends this scenario's use of the server and, if no other scenario uses it,
	// the server and everything it started.
	Close(ctx context.Context) error
}

// Target is a kind of server that scenarios can be run against. Implementations
// are in suites/targets; what only some of them can do is in abilities.go.
type Target interface {
	// Name is how the user named it: mock:vault-1.16, binary:/usr/bin/bao.
	Name() string
	// Unsupported returns why the target can't do what the capability names, and an
	// empty string if it can.
	Unsupported(Capability) (reason string)
	// Server returns a server for one scenario.
	Server(ctx context.Context, spec Spec) (Server, error)
	// Close ends every server that is still running.
	Close(ctx context.Context) error
}
