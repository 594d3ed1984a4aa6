// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInput marks everything that the user has to write differently: an entry,
// a name, a file's contents. A file that can't be read has the system's error.
// No error quotes an entry or a name that is none: a line that is written
// wrongly may be a secret as a whole.
var ErrInput = errors.New("bad input")

// ErrSeveral marks sources with several containers, of which none is the server's
// for certain. Options choose one by its name.
var ErrSeveral = errors.New("the server's container has to be chosen")

// CheckName reports why no variable can have this name.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: a variable's name is empty", ErrInput)
	case strings.Contains(name, "="):
		return fmt.Errorf("%w: the name contains =; give the name alone", ErrInput)
	case strings.Contains(name, "\x00"):
		return fmt.Errorf("%w: the name contains a NUL byte", ErrInput)
	}
	return nil
}

// Split takes NAME=value apart.
func Split(entry string) (name, value string, err error) {
	name, value, found := strings.Cut(entry, "=")
	if !found {
		return "", "", fmt.Errorf("%w: it is not NAME=value", ErrInput)
	}
	if err := CheckName(name); err != nil {
		return "", "", err
	}
	if strings.Contains(value, "\x00") {
		return "", "", fmt.Errorf("%w: the value of %s contains a NUL byte, with which no process can be started", ErrInput, name)
	}
	return name, value, nil
}

// SplitWritten is Split for what people write by hand. "PASSWORD: 8Vw=" has an
// equals sign too, and taken for an entry the secret would be its name, which
// findings show.
func SplitWritten(entry string) (name, value string, err error) {
	if name, value, err = Split(entry); err != nil {
		return "", "", err
	}
	if err := CheckWritten(name); err != nil {
		return "", "", err
	}
	return name, value, nil
}

// CheckWritten is CheckName for names that people write by hand: no blank and
// no colon.
func CheckWritten(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if strings.ContainsAny(name, " \t\r\n:") {
		return fmt.Errorf("%w: it is not NAME=value: a blank or a colon stands in the name", ErrInput)
	}
	return nil
}

// TakenForName reports whether a line without = is likely meant as a name: in
// capitals, or of a proxy. Others may be secrets that were written wrongly, so they
// are not to be shown as names.
func TakenForName(line string) bool {
	if strings.HasSuffix(line, "_proxy") {
		return CheckWritten(line) == nil
	}
	for i, c := range []byte(line) {
		if c != '_' && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return line != ""
}

// NameAlone remarks a line without = that a program takes for a name, where that is
// not likely what was meant.
func NameAlone(rule, program string, at Place) Remark {
	return Remark{
		Kind: Unseen, Rule: rule, Place: at,
		Message: fmt.Sprintf("The line has no =: %s takes it for a name, and sets it if the environment of whoever runs it has such a variable.", program),
		Remedy:  "Write NAME=value, or take the line out.",
	}
}
