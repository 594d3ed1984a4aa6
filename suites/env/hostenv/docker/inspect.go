// SPDX-License-Identifier: MPL-2.0

package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/internal/jsontext"
)

// object is as much of a container or an image as matters here; Docker and Podman
// print the same fields.
type object struct {
	Name     string
	RepoTags []string
	Config   *struct {
		Env    []string
		Image  string
		Labels map[string]string
		Tty    bool
	}
	// Containers have these, images do not.
	State, HostConfig json.RawMessage
}

func (o object) container() bool { return o.State != nil || o.HostConfig != nil || o.Name != "" }

func (o object) title() string {
	switch {
	case o.Name != "":
		return "container " + strings.TrimPrefix(o.Name, "/")
	case len(o.RepoTags) > 0:
		return "image " + o.RepoTags[0]
	}
	return ""
}

// Inspected is what `docker inspect` printed: the environment of an image, or of a
// container, which has that of its image.
type Inspected struct {
	hostenv.Environment
	// Container: it is a container's, so it is complete.
	Container bool
}

// Inspect reads what `docker inspect` or `podman inspect` prints of a container or
// an image. name chooses among several; empty takes the only one, several equal
// ones, or the one that is called vault or openbao.
func Inspect(source string, r io.Reader, name string) (Inspected, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return Inspected{}, fmt.Errorf("reading %s: %w", source, err)
	}
	text := strings.TrimSpace(strings.TrimPrefix(string(raw), "\ufeff"))
	// docker inspect --format '{{json .}}' prints the object without a list, one a
	// line.
	var objects []object
	if strings.HasPrefix(text, "{") {
		decoder := json.NewDecoder(strings.NewReader(text))
		for err == nil {
			var o object
			if err = decoder.Decode(&o); err == nil {
				objects = append(objects, o)
			}
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
	} else {
		err = json.Unmarshal([]byte(text), &objects)
	}
	if err != nil {
		return Inspected{}, fmt.Errorf("%w: %s is not what docker inspect prints: %w", hostenv.ErrInput, source, jsontext.Error([]byte(text), err))
	}
	o, err := choose(source, objects, name)
	if err != nil {
		return Inspected{}, err
	}
	return inspected(source, text, o), nil
}

// choose finds the server's among several.
func choose(source string, objects []object, name string) (object, error) {
	var names []string
	var all []object
	for _, o := range objects {
		if o.Config != nil {
			all = append(all, o)
			names = append(names, strings.TrimPrefix(o.Name, "/"))
		}
	}
	if len(all) == 0 {
		return object{}, fmt.Errorf("%w: %s has no Config; inspect a container or an image, not a network or a volume", hostenv.ErrInput, source)
	}
	matches := all
	if name != "" {
		matches = slices.DeleteFunc(slices.Clone(all), func(o object) bool {
			return strings.TrimPrefix(o.Name, "/") != name && o.Config.Labels["com.docker.compose.service"] != name
		})
	} else if len(all) > 1 && !equal(all) {
		matches = slices.DeleteFunc(slices.Clone(all), func(o object) bool {
			text := strings.ToLower(o.Name + " " + o.Config.Image + " " + strings.Join(o.RepoTags, " "))
			return !strings.Contains(text, "vault") && !strings.Contains(text, "bao")
		})
	}
	if len(matches) == 0 || !equal(matches) {
		return object{}, fmt.Errorf("%w: %s holds %d containers (%s): %w",
			hostenv.ErrInput, source, len(all), strings.Join(names, ", "), hostenv.ErrSeveral)
	}
	return matches[0], nil
}

// equal reports whether all have the same environment, as replicas do.
func equal(objects []object) bool {
	return !slices.ContainsFunc(objects, func(o object) bool { return !reflect.DeepEqual(o.Config.Env, objects[0].Config.Env) })
}

// inspected takes the entries of Config.Env. One without = removes a variable that
// the image or the engine would set (moby, daemon/container ReplaceOrAppendEnvVars).
func inspected(source, text string, o object) Inspected {
	vars := make(hostenv.Set)
	if o.container() {
		engine := []string{"PATH", "HOSTNAME", "HOME"}
		if o.Config.Tty {
			engine = append(engine, "TERM")
		}
		for _, name := range engine {
			vars.Unknown(name, "the container engine", hostenv.Place{File: source})
		}
	}
	e := Inspected{Container: o.container()}
	for i, entry := range o.Config.Env {
		at := hostenv.Place{File: source, Line: lineOf(text, entry)}
		name, value, found := strings.Cut(entry, "=")
		switch {
		case !found:
			delete(vars, name)
			e.Remarks = append(e.Remarks, hostenv.Remark{
				Kind: hostenv.Ignored, Rule: "docker-no-assignment", Place: at,
				Message: fmt.Sprintf("Entry %d of Config.Env has no =: it sets nothing, and takes away what the engine would set under that name.", i+1),
				Remedy:  "Write NAME=value, or take it out.",
			})
		case name == "" || strings.Contains(entry, "\x00"):
			e.Remarks = append(e.Remarks, hostenv.Remark{
				Kind: hostenv.Ignored, Rule: "docker-no-name", Place: at,
				Message: fmt.Sprintf("Entry %d of Config.Env is not one that a process can have.", i+1),
				Remedy:  "Take it out.",
			})
		default:
			vars.Known(name, value, at)
		}
	}
	e.Source, e.Variables, e.Read = source, vars.Sorted(), []string{source}
	if title := o.title(); title != "" {
		e.Source = title
	}
	return e
}

// lineOf returns the line of a JSON text that has the string, or 0.
func lineOf(text, value string) int {
	quoted, err := json.Marshal(value)
	if err != nil {
		return 0
	}
	before, _, found := strings.Cut(text, string(quoted))
	if !found {
		return 0
	}
	return strings.Count(before, "\n") + 1
}
