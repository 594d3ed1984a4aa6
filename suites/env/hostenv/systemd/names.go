// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"strings"
	"unicode/utf8"
)

// validName reports whether systemd takes a variable of this name: ASCII letters,
// digits and _, no digit at the beginning (systemd.exec(5), Environment=).
func validName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// validAssignment reports whether systemd takes NAME=value; the value is UTF-8.
func validAssignment(text string) (name, value string, ok bool) {
	name, value, found := strings.Cut(text, "=")
	return name, value, found && validName(name) && utf8.ValidString(value)
}

// showable returns a name for messages, and nothing if it may hold a secret: a
// line that is written wrongly may be one as a whole.
func showable(name string) string {
	if validName(name) {
		return name
	}
	return ""
}
