// SPDX-License-Identifier: MPL-2.0

package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/plugproof/plugproof/steps"
)

// Flags are the quick way to say what a profile says. What they say is added to
// the profile, or goes before it where there can be only one.
type Flags struct {
	// Type, UpgradeFrom and Probe are those of the profile; empty says nothing.
	Type, UpgradeFrom, Probe string
	// Env are variables, as NAME=value.
	Env []string
	// Path is a sample's and Body its data, a JSON object.
	Path, Body string
	// Setup, Credentials and Logins are requests, as PATH or PATH=JSON.
	Setup, Credentials, Logins []string
}

// Apply returns the profile with what the flags say.
func (f Flags) Apply(to steps.Profile) (steps.Profile, error) {
	var failed []error
	fail := func(flag string, err error) {
		if err != nil {
			failed = append(failed, fmt.Errorf("--%s: %w", flag, err))
		}
	}
	if f.Type != "" {
		to.Type = f.Type
		fail("type", checkType(f.Type))
	}
	for _, variable := range f.Env {
		fail("env", checkVariable(variable))
		to.Env = append(to.Env, variable)
	}
	if f.Probe != "" {
		level, err := steps.ParseProbeLevel(f.Probe)
		fail("probe", err)
		to.Probe = level
	}
	if f.UpgradeFrom != "" {
		path, err := filepath.Abs(f.UpgradeFrom)
		fail("upgrade-from", err)
		to.UpgradeFrom = path
	}
	if f.Path != "" {
		path := strings.Trim(f.Path, "/")
		fail("path", checkPath(path))
		data, err := object(f.Body)
		fail("body", err)
		to.Samples = append(to.Samples, steps.Sample{Path: path, Data: data})
	}
	for _, text := range f.Setup {
		write, err := request(text)
		fail("setup", err)
		to.Setup = append(to.Setup, write)
	}
	for _, text := range f.Credentials {
		write, err := request(text)
		fail("credentials", err)
		to.Credentials = append(to.Credentials, write)
	}
	for _, text := range f.Logins {
		write, err := withData(text)
		fail("login", err)
		to.Logins = append(to.Logins, steps.Login{Path: write.Path, Data: write.Data})
	}
	return to, errors.Join(failed...)
}

// withData reads PATH=JSON.
func withData(text string) (steps.Write, error) {
	write, err := request(text)
	if err == nil && write.Data == nil {
		err = fmt.Errorf("%s: give what is written there, as %s={\"name\": \"a\"}", write.Path, write.Path)
	}
	return write, err
}

// request reads PATH or PATH=JSON.
func request(text string) (steps.Write, error) {
	path, body, given := strings.Cut(text, "=")
	write := steps.Write{Path: strings.Trim(path, "/")}
	if err := checkPath(write.Path); err != nil {
		return steps.Write{}, err
	}
	if !given {
		return write, nil
	}
	data, err := object(body)
	write.Data = data
	return write, err
}

func object(text string) (map[string]any, error) {
	var data map[string]any
	if err := json.Unmarshal([]byte(text), &data); err != nil || data == nil {
		return nil, errors.New("it is not a JSON object")
	}
	return data, nil
}
