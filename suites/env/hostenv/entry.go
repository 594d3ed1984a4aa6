// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInput marks everything that the user has to write differently: an entry,
// a name, a file's contents. A file that can't be read has the system's error.
var ErrInput = errors.New("bad input")

// CheckName reports why no variable can have this name.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: a variable's name is empty", ErrInput)
	case strings.Contains(name, "="):
		return fmt.Errorf("%w: the name %q contains =; give the name alone", ErrInput, name)
	case strings.Contains(name, "\x00"):
		return fmt.Errorf("%w: the name %q contains a NUL byte", ErrInput, name)
	}
	return nil
}

// Split takes NAME=value apart.
func Split(entry string) (name, value string, err error) {
	name, value, found := strings.Cut(entry, "=")
	if !found {
		return "", "", fmt.Errorf("%w: %q is not NAME=value", ErrInput, entry)
	}
	if err := CheckName(name); err != nil {
		return "", "", fmt.Errorf("%w (in %q)", err, entry)
	}
	if strings.Contains(value, "\x00") {
		return "", "", fmt.Errorf("%w: the value of %s contains a NUL byte, with which no process can be started", ErrInput, name)
	}
	return name, value, nil
}
