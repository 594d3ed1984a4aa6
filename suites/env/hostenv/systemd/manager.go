// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// manager adds what the manager gives all its services: DefaultEnvironment=
// (systemd-system.conf(5)), the system's locale (locale.conf(5)), and for the
// services of users environment.d(5).
func (l *loader) manager(vars hostenv.Set) error {
	conf := "system.conf"
	if l.user {
		conf = "user.conf"
	}
	if err := l.locale(vars); err != nil {
		return err
	}
	if l.user {
		e, err := EnvironmentD(string(l.system))
		if err != nil {
			return err
		}
		for _, v := range e.Variables {
			vars[v.Name] = v
		}
		l.result.Read = append(l.result.Read, e.Read...)
		l.result.Remarks = append(l.result.Remarks, e.Remarks...)
	}
	bases := []string{"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd"}
	var files, directories []string
	for _, base := range bases {
		if file := path.Join(base, conf); len(files) == 0 && l.system.exists(file) {
			files = append(files, file)
		}
		directories = append(directories, path.Join(base, conf+".d"))
	}
	more, err := confFiles(l.system, directories)
	if err != nil {
		return err
	}
	defaults := collect("")
	set := make(hostenv.Set)
	for _, file := range append(files, more...) {
		display := l.display(l.system, file)
		text, err := l.system.read(file)
		if err != nil {
			return fmt.Errorf("reading %s: %w", display, err)
		}
		for _, s := range parseUnit(display, text).settings {
			switch {
			case s.section != "Manager" || s.name != "DefaultEnvironment":
			case s.value == "":
				clear(set)
			default:
				defaults.assign(s, set)
				l.result.Read = append(l.result.Read, display)
			}
		}
	}
	for name, v := range set {
		vars[name] = v
	}
	l.c.remarks = append(l.c.remarks, defaults.remarks...)
	return nil
}

// locale adds the variables of the system's locale.
func (l *loader) locale(vars hostenv.Set) error {
	const file = "/etc/locale.conf"
	text, err := l.system.read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	display := l.display(l.system, file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", display, err)
	}
	for _, a := range parseEnvironmentFile(display, text).assignments {
		if a.name == "LANG" || a.name == "LANGUAGE" || strings.HasPrefix(a.name, "LC_") {
			vars.Known(a.name, a.value, a.place)
		}
	}
	l.result.Read = append(l.result.Read, display)
	return nil
}
