// SPDX-License-Identifier: MPL-2.0

package process

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"path/filepath"
	"sync"

	"github.com/hashicorp/vault/sdk/helper/consts"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// Versions are those that plugins reported at their registration. A registration that
// is equal in all that a plugin can see of it does not start the plugin again: the bytes
// of the program, its name, type, arguments and environment, and what the server tells.
// Failed starts are not kept, nor are scripts, which may run another program each time,
// nor plugins from images. The methods may be called concurrently.
//
// Servers start the plugin at each registration: this is for harnesses that register
// the same plugin hundreds of times, about other things.
type Versions struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]string
}

// NewVersions returns Versions that know no plugin yet.
func NewVersions() *Versions {
	return &Versions{known: make(map[[sha256.Size]byte]string)}
}

// registration is what a start at a registration depends on.
type registration struct {
	SHA256          []byte
	Program         string
	Type            consts.PluginType
	Args, Env, Host []string
	Rule            environ.Rule
	OwnVariables    []string
	Version         string
	Mlock           bool
}

// get returns the version that an equal registration had.
func (v *Versions) get(key [sha256.Size]byte) (version string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	version, ok = v.known[key]
	return version, ok
}

func (v *Versions) put(key [sha256.Size]byte, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known[key] = version
}

// registrationKey tells registrations apart whose versions are kept; ok is false for
// others, and for those whose program has not the registered digest.
func (p *Pool) registrationKey(e Entry) (key [sha256.Size]byte, ok bool) {
	if p.host.Versions == nil || e.Container != nil {
		return key, false
	}
	file, err := p.openBinary(e)
	if err != nil {
		return key, false
	}
	defer file.close()
	start := make([]byte, 2)
	if _, err := io.ReadFull(io.NewSectionReader(file.file, 0, 2), start); err != nil || bytes.Equal(start, []byte("#!")) {
		return key, false
	}
	text, err := json.Marshal(registration{
		SHA256: e.SHA256, Program: filepath.Base(e.Command), Type: e.Type, Args: e.Args, Env: e.Env, Host: p.host.Environ(),
		Rule: p.host.Rule, OwnVariables: p.host.OwnVariables, Version: p.host.Version, Mlock: p.host.Mlock,
	})
	return sha256.Sum256(text), err == nil
}
