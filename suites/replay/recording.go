// SPDX-License-Identifier: MPL-2.0

// Package replay sends the requests of a recording to a server and says where
// its answers differ from the recorded ones. It also makes such recordings.
//
// The format is that of the recordings below recordings/, whose rules are in the
// README there: every case has a fresh server, what changes from run to
// run is masked.
package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/deviations"
	"github.com/plugproof/plugproof/suites/internal/jsontext"
)

// Recording is what one server answered to a set of cases.
type Recording struct {
	// Server names the recorded server and its version, for people.
	Server string `json:"server"`
	// Version is what the server itself calls its version. Empty in recordings
	// that were not made by this package.
	Version string `json:"version,omitempty"`
	// Target is how the server was named, as container:hashicorp/vault:1.20; Product
	// is vault or openbao. Both are empty in recordings of older programs.
	Target  string        `json:"target,omitempty"`
	Product steps.Product `json:"product,omitempty"`
	// Recorded is when the recording was made.
	Recorded *time.Time `json:"recorded,omitempty"`
	// Digest is the sha256 of the cases without their answers (see Digest), by
	// which one sees that two recordings answer the same requests.
	Digest string `json:"digest,omitempty"`
	// Cases by their identifiers.
	Cases map[string]*Case `json:"cases"`
}

// Case is a sequence of steps on a server of its own.
type Case struct {
	// Area groups cases in reports: env, registration, mounting …
	Area string `json:"area"`
	// Requirements are the identifiers of what the case shows (ENV-001).
	Requirements []string `json:"requirements,omitempty"`
	// What says in a line what the case is about; may be empty.
	What string `json:"what"`
	// Server is how the case's server is started.
	Server ServerSpec `json:"server"`
	// Steps in their order.
	Steps []Exchange `json:"steps"`
	// Log holds what the server logged about conflicts of plugin environments.
	// nil means that the log was not looked at.
	Log *[]string `json:"log,omitempty"`
}

// ServerSpec is how a case's server is started.
type ServerSpec struct {
	// Env is added to the server's environment, which otherwise has PATH and
	// HOME only.
	Env map[string]string `json:"env,omitempty"`
	// APIAddr is the server's api_addr: nil for its own address, empty for none.
	APIAddr *string `json:"api_addr,omitempty"`
	// PluginDir, if empty rather than nil, leaves the server without a plugin
	// directory. Other values have no meaning.
	PluginDir *string `json:"plugin_dir,omitempty"`
	// Dev, if false rather than nil, asks for a server that was initialised and
	// unsealed as in production instead of one in development mode.
	Dev *bool `json:"dev,omitempty"`
}

// Exchange is a step and what came of it.
type Exchange struct {
	Step Step   `json:"step"`
	Got  Answer `json:"got"`
}

// Step is one thing done to the server. Exactly one of HTTP, CLI, Shell and
// Sleep is set.
type Step struct {
	// HTTP is a method and a path below /v1/; a path that begins with a slash
	// is whole. It is sent as written: dots, slashes and escapes are kept.
	HTTP string `json:"http,omitempty"`
	// Body is sent as JSON; strings in it may hold {sha_NAME} and $saved values.
	Body json.RawMessage `json:"body,omitempty"`
	// RawBody is sent as it is.
	RawBody *string `json:"rawbody,omitempty"`
	// Token is a literal, $name for a saved value, "none" for no token; empty
	// stands for root.
	Token string `json:"token,omitempty"`
	// Headers are set besides the token's.
	Headers map[string]string `json:"headers,omitempty"`
	// Wrap asks for a wrapped answer with this TTL.
	Wrap string `json:"wrap,omitempty"`
	// Keep names the parts of the body (dotted) that are kept; all if empty.
	Keep []string `json:"keep,omitempty"`
	// Save keeps parts of the body (dotted) under names for later steps.
	Save map[string]string `json:"save,omitempty"`

	// CLI is a command line of vault without the program's name.
	CLI []string `json:"cli,omitempty"`
	// Env is added to the command line's environment.
	Env map[string]string `json:"env,omitempty"`

	// Shell is run by sh on the machine with the plugin directory.
	Shell string `json:"shell,omitempty"`
	// Sleep is how many seconds the recorder waited, for what can't be seen
	// from outside (a crashed process being noticed).
	Sleep float64 `json:"sleep,omitempty"`
}

// Kind is http, cli, shell or sleep.
func (s Step) Kind() string {
	switch {
	case s.CLI != nil:
		return "cli"
	case s.Shell != "":
		return "shell"
	case s.Sleep != 0:
		return "sleep"
	}
	return "http"
}

// Compared reports whether the step has an answer at all.
func (s Step) Compared() bool {
	k := s.Kind()
	return k == "http" || k == "cli"
}

// Load reads a recording from fsys.
func Load(fsys fs.FS, name string) (*Recording, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return parse(name, data)
}

// LoadFile reads the recording in a file. A file that is not there can be one of
// the project's recordings.
func LoadFile(name string) (*Recording, error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return loadBundled(name)
	}
	if err != nil {
		return nil, fmt.Errorf("recording: %w", err)
	}
	return parse(name, data)
}

func parse(name string, data []byte) (*Recording, error) {
	var r Recording
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s is not a recording: %w", name, jsontext.Error(data, err))
	}
	if len(r.Cases) == 0 {
		return nil, fmt.Errorf("%s is not a recording: it has no cases", name)
	}
	for id, c := range r.Cases {
		if c == nil {
			return nil, fmt.Errorf("%s is not a recording: there is nothing at cases.%s", name, id)
		}
	}
	r.withoutLogs()
	return &r, nil
}

// Servers returns what entries of a list of deviations may be about: the recorded
// server, by the recording's name and by that of its target.
func (r *Recording) Servers(name string) []deviations.Server {
	servers := []deviations.Server{{Target: name, Identity: r.identity()}}
	if r.Target != "" {
		servers = append(servers, deviations.Server{Target: r.Target, Identity: r.identity()})
	}
	return servers
}

// recordedServer are the names of servers in recordings that were made elsewhere.
var recordedServer = regexp.MustCompile(`^(HashiCorp Vault|OpenBao) ([0-9]+\.[0-9]+\.[0-9]+)`)

// identity returns what the recorded server is, as far as the recording says it.
func (r *Recording) identity() steps.Identity {
	product, number := r.Product, r.Version
	if named := recordedServer.FindStringSubmatch(r.Server); named != nil && product == "" {
		product, number = map[string]steps.Product{"HashiCorp Vault": steps.Vault, "OpenBao": steps.OpenBao}[named[1]], named[2]
	}
	parsed, err := version.NewVersion(number)
	if err != nil || product == "" {
		return steps.Identity{}
	}
	return steps.Identity{Product: product, Version: parsed.Core()}
}

// IDs returns the cases' identifiers, sorted.
func (r *Recording) IDs() []string {
	ids := make([]string, 0, len(r.Cases))
	for id := range r.Cases {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

// Digest is the sha256 (hex) of the cases without their answers. Recordings of
// the same cases have the same digest whatever the servers answered.
func Digest(cases map[string]*Case) (string, error) {
	type bare struct {
		Server ServerSpec
		Steps  []Step
	}
	all := make(map[string]bare, len(cases))
	for id, c := range cases {
		b := bare{Server: c.Server}
		for _, e := range c.Steps {
			b.Steps = append(b.Steps, e.Step)
		}
		all[id] = b
	}
	// encoding/json writes the keys of maps in order, so this is canonical.
	data, err := json.Marshal(all)
	if err != nil {
		return "", fmt.Errorf("digest of cases: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Areas returns the areas of the recording's cases, sorted.
func (r *Recording) Areas() []string {
	var areas []string
	for _, c := range r.Cases {
		if !slices.Contains(areas, c.Area) {
			areas = append(areas, c.Area)
		}
	}
	sort.Strings(areas)
	return areas
}

// withoutLogs takes the logs out of recordings of code that is not a server and
// logs nothing of its own.
func (r *Recording) withoutLogs() {
	if !strings.HasPrefix(r.Server, "vault/sdk") {
		return
	}
	for _, c := range r.Cases {
		c.Log = nil
	}
}

// Answered reports whether any step of the case has an answer.
func (c *Case) Answered() bool {
	return slices.ContainsFunc(c.Steps, func(e Exchange) bool { return !e.Got.Empty() })
}
