// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// Text reads a unit from its text: that of one unit file, or what `systemctl cat`
// prints, which has the unit file and all its drop-ins, each below a comment with
// its path. With Options.Root files are looked for there, and else below /.
func Text(source, text string, o Options) (hostenv.Environment, error) {
	l := loader{options: o, system: "/", display: func(_ root, name string) string { return name }}
	if o.Root != "" {
		l.system, l.known = root(o.Root), true
		l.display = func(system root, name string) string { return path.Join(string(system), name) }
	}
	if masked.MatchString(text) {
		return hostenv.Environment{}, fmt.Errorf("%w: %s: the unit is masked, so systemd does not start it", hostenv.ErrInput, source)
	}
	parts := splitCat(text)
	name := ""
	if len(parts) > 0 {
		name = path.Base(parts[0].path)
	}
	l.c = collect(name)
	if len(parts) == 0 {
		parts = []catPart{{path: source, text: text}}
		l.result.Notes = append(l.result.Notes, "Only the unit file was read. `systemctl cat UNIT` prints its drop-ins too.")
	}
	for i, part := range parts {
		f := parseUnit(part.path, part.text)
		if f.broken != nil && i == 0 {
			return hostenv.Environment{}, f.broken
		}
		l.take(part.path, f)
	}
	return l.finish(source)
}

type catPart struct{ path, text string }

var (
	// catHeader is the comment that systemctl prints above each file.
	catHeader = regexp.MustCompile(`^# (/\S.*\.(?:service|conf))$`)
	masked    = regexp.MustCompile(`(?m)\A(?:# Unit \S+ is masked\.|# /dev/null$)`)
)

// splitCat takes the files in the output of `systemctl cat` apart; text of another
// form has none.
func splitCat(text string) []catPart {
	var parts []catPart
	for line := range strings.Lines(text) {
		m := catHeader.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		switch {
		case m != nil && (len(parts) > 0 || strings.HasSuffix(m[1], ".service")):
			parts = append(parts, catPart{path: m[1]})
		case len(parts) > 0:
			parts[len(parts)-1].text += line
		case strings.TrimSpace(line) != "":
			return nil
		}
	}
	return parts
}
