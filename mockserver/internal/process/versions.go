// SPDX-License-Identifier: MPL-2.0

package process

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"sync"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// Versions are those that plugins reported at their registration. A registration that
// is equal in all that a plugin can see of it does not start the plugin again: the bytes
// of the program, its name, type, arguments and environment, and what the server tells it.
// Failed starts are not kept, nor are scripts, which may run another program each time,
// nor plugins from images. The methods may be called concurrently.
//
// Servers start the plugin at each registration: this is for harnesses that register
// the same plugin hundreds of times, about other things.
type Versions struct {
	mu    sync.Mutex
	known map[string]string
}

// NewVersions returns Versions that know no plugin yet.
func NewVersions() *Versions {
	return &Versions{known: make(map[string]string)}
}

// registration is what a start at a registration depends on.
type registration struct {
	Entry              string
	Host, OwnVariables []string
	Rule               environ.Rule
	Version            string
	Mlock              bool
}

// get returns the version that an equal registration had.
func (v *Versions) get(key string) (version string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	version, ok = v.known[key]
	return version, ok
}

func (v *Versions) put(key, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.known[key] = version
}

// registrationKey identifies a registration whose version is kept; ok is false for
// others, and for those whose program has not the registered digest.
func (p *Pool) registrationKey(e Entry) (key string, ok bool) {
	if p.host.Versions == nil || e.Container != nil {
		return "", false
	}
	file, err := p.openBinary(e)
	if err != nil {
		return "", false
	}
	defer file.close()
	start := make([]byte, 2)
	if _, err := io.ReadFull(io.NewSectionReader(file.file, 0, 2), start); err != nil || bytes.Equal(start, []byte("#!")) {
		return "", false
	}
	e.Name, e.Version, e.Command = "", "", filepath.Base(e.Command) // the plugin sees no more of them
	text, err := json.Marshal(registration{
		Entry: e.key(), Host: p.host.Environ(), OwnVariables: p.host.OwnVariables,
		Rule: p.host.Rule, Version: p.host.Version, Mlock: p.host.Mlock,
	})
	return string(text), err == nil
}
