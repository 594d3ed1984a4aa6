// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// DockerInspect reads what `docker inspect CONTAINER` or `podman inspect`
// prints. It holds the image's variables as well.
func DockerInspect(source string, r io.Reader) (Environment, error) {
	// The fields of Docker's and Podman's output that matter here.
	type container struct {
		Name   string
		Config *struct{ Env []string }
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return Environment{}, fmt.Errorf("reading %s: %w", source, err)
	}
	var containers []container
	text := strings.TrimSpace(string(raw))
	// docker inspect --format '{{json .}}' prints the object without a list.
	if strings.HasPrefix(text, "{") {
		text = "[" + text + "]"
	}
	if err := json.Unmarshal([]byte(text), &containers); err != nil {
		return Environment{}, fmt.Errorf("%w: %s is not what docker inspect prints: %w", ErrInput, source, withoutContent(err))
	}
	if len(containers) != 1 {
		return Environment{}, fmt.Errorf("%w: %s holds %d containers; inspect the server's alone", ErrInput, source, len(containers))
	}
	c := containers[0]
	if c.Config == nil {
		return Environment{}, fmt.Errorf("%w: %s has no Config; inspect a container, not a network or a volume", ErrInput, source)
	}
	vars := make(set)
	for i, entry := range c.Config.Env {
		name, value, err := Split(entry)
		if err != nil {
			return Environment{}, fmt.Errorf("%s, Config.Env, entry %d: %w", source, i+1, err)
		}
		vars.known(name, value)
	}
	e := Environment{Source: source, Variables: vars.sorted()}
	if c.Name != "" {
		e.Source = "container " + strings.TrimPrefix(c.Name, "/")
	}
	return e, nil
}

// withoutContent says where JSON is wrong without its content and without the
// names of our types.
func withoutContent(err error) error {
	if mismatch := new(json.UnmarshalTypeError); errors.As(err, &mismatch) {
		if mismatch.Field == "" {
			return fmt.Errorf("byte %d: another kind of value is wanted here", mismatch.Offset)
		}
		return fmt.Errorf("byte %d: %s is of another kind", mismatch.Offset, mismatch.Field)
	}
	if syntax := new(json.SyntaxError); errors.As(err, &syntax) {
		return fmt.Errorf("byte %d: it is no JSON", syntax.Offset)
	}
	return errors.New("it is no JSON")
}
