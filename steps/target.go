// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"net/http"
)

// Capability names something that a target lets a scenario do besides talking
// HTTP to it. Scenarios ask for capabilities with tags (`@needs-restart`); what
// a target lacks makes a scenario UNSUPPORTED with the target's reason.
type Capability string

// The capabilities. Each constant's text is also the tag's ending and the word
// in reports.
const (
	// HostEnvironment: the environment of the server process can be chosen.
	HostEnvironment Capability = "host-environment"
	// PluginDirectory: files can be placed in the server's plugin directory.
	PluginDirectory Capability = "plugin-directory"
	// PluginFiles: the plugin directory is a folder of this machine (PluginDir is
	// its path here too), so that links, folders and changed files can be made.
	PluginFiles Capability = "plugin-files"
	// Settings: the server can be started without api_addr or plugin directory.
	Settings Capability = "settings"
	// ServerLogs: what the server logged can be read.
	ServerLogs Capability = "server-logs"
	// ProcessControl: plugin processes can be seen and killed from outside,
	// because they run in this machine's process table.
	ProcessControl Capability = "process-control"
	// Restart: the server can be stopped and started again with its state.
	Restart Capability = "restart"
	// Loopback: plugins of the server reach listeners that the scenario opens.
	Loopback Capability = "loopback"
	// OwnServer: every scenario that asks for one (Spec.Fresh) gets a server that
	// no other scenario and nobody else uses, so that names stand as written.
	OwnServer Capability = "own-server"
	// SamplePath: the plugin that is checked has a path that stores what is
	// written to it. It is asked from the user, not from the target.
	SamplePath Capability = "sample-path"
	// CLIEnvironment: the command line can register a plugin with -env. It is
	// asked from the command line, not from the target.
	CLIEnvironment Capability = "cli-env"
)

// Capabilities lists them all, in the order of documentation.
func Capabilities() []Capability {
	return []Capability{
		HostEnvironment, PluginDirectory, PluginFiles, Settings, ServerLogs,
		ProcessControl, Restart, Loopback, OwnServer, SamplePath, CLIEnvironment,
	}
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

// Server is a running server, as a scenario sees it. All methods may be called
// by several goroutines.
type Server interface {
	// Address is the server's base URL as the scenario reaches it, without a
	// trailing slash: http://127.0.0.1:8200.
	Address() string
	// Token may do everything on this server.
	Token() string
	// PluginDir is the plugin directory's path as the server sees it; empty
	// when it has none.
	PluginDir() string
	// Place brings the executable file at path into the plugin directory under
	// name and returns its sha256 in hex. The file may be running already: where
	// one server serves many scenarios, they place the same file under the same
	// name over and over, which must be cheap and must not disturb it.
	Place(ctx context.Context, name, path string) (string, error)
	// Reach turns the address (host:port) of a listener that the scenario
	// opened on this machine into one that the server's plugins can dial.
	Reach(address string) string
	// Logs returns what the server logged so far.
	Logs(ctx context.Context) (string, error)
	// Restart stops the server and starts it again with the same state. With
	// kill it is killed rather than stopped. Address may change.
	Restart(ctx context.Context, kill bool) error
	// Close ends this scenario's use of the server and, if nobody else uses it,
	// the server and everything it started.
	Close(ctx context.Context) error
}

// HTTPServer is a Server that is reached in a way of its own: with a TLS
// configuration, a namespace or a proxy. Scenarios use its client, and the
// environment it gives, instead of a plain one.
type HTTPServer interface {
	Server
	// HTTPClient sends the scenario's requests.
	HTTPClient() *http.Client
	// CommandLineEnv is added to the environment of the vault command line:
	// VAULT_CACERT, VAULT_NAMESPACE and so on.
	CommandLineEnv() map[string]string
}

// Target is a kind of server that scenarios can be run against. Implementations
// are in suites/targets.
type Target interface {
	// Name is how the user named it: mock:vault-1.16, binary:/usr/bin/bao.
	Name() string
	// Lacks tells why the target can't do what the capability names, and an
	// empty string when it can.
	Lacks(Capability) string
	// Server gives a server for one scenario.
	Server(ctx context.Context, spec Spec) (Server, error)
	// Close ends every server that is still running.
	Close(ctx context.Context) error
}
