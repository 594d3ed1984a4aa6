// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// Options say where a unit's other files are.
type Options struct {
	// Root is the root directory of the system that has the unit. Empty is that in
	// whose folders the unit's file lies, and no system when it lies elsewhere.
	Root string
	// Given are local files that stand for an EnvironmentFile= which is not there,
	// by its path in the unit.
	Given map[string]string
	// Beside are such files by their base names; they count where the system has none.
	Beside map[string]string
}

// Unit reads the environment of a service. file is a unit file, or the name of a
// unit of the system, as vault.service or vault@eu.service. All of the system's
// unit and drop-in folders count (systemd.unit(5)); a unit file that lies in none
// of them has only the drop-ins beside it.
func Unit(file string, o Options) (hostenv.Environment, error) {
	l := loader{options: o, display: func(system root, name string) string { return filepath.Join(string(system), name) }}
	if !strings.Contains(file, "/") && !isFile(file) {
		system, folders := root("/"), systemFolders()
		if o.Root != "" {
			system = root(o.Root)
		}
		return l.byName(system, folders, withSuffix(file))
	}
	if !isFile(file) && o.Root != "" {
		return l.byName(root(o.Root), systemFolders(), withSuffix(path.Base(file)))
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return hostenv.Environment{}, err
	}
	// What is named relative to the working directory stays so.
	if !filepath.IsAbs(file) {
		if here, err := os.Getwd(); err == nil {
			l.display = func(system root, name string) string {
				return relative(here, filepath.Join(string(system), name))
			}
		}
	}
	// A drop-in stands for its unit.
	if directory, ok := strings.CutSuffix(filepath.Dir(absolute), ".d"); ok && strings.HasSuffix(directory, ".service") && filepath.Ext(absolute) == ".conf" {
		if _, _, known := locate(directory); known || isFile(directory) {
			absolute = directory
			file = relativeLike(file, directory)
		}
	}
	system, folders, known := locate(absolute)
	if known && (o.Root == "" || sameDirectory(string(system), o.Root)) {
		return l.byName(system, folders, path.Base(absolute))
	}
	return l.byFile(file)
}

func isFile(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && !info.IsDir()
}

func sameDirectory(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

func withSuffix(name string) string {
	if strings.HasSuffix(name, ".service") {
		return name
	}
	return name + ".service"
}

func relative(here, name string) string {
	if short, err := filepath.Rel(here, name); err == nil && !strings.HasPrefix(short, "..") {
		return short
	}
	return name
}

// relativeLike returns an absolute name as file was written.
func relativeLike(file, absolute string) string {
	if here, err := os.Getwd(); err == nil && !filepath.IsAbs(file) {
		return relative(here, absolute)
	}
	return absolute
}

// loader reads the files of a unit.
type loader struct {
	options Options
	display func(system root, name string) string
	// known: the system is there, so a file that is not in it does not exist.
	known  bool
	system root
	c      *collected
	result hostenv.Environment
	// user: the unit is one of a user's manager.
	user bool
}

// byName reads the unit that systemd finds under the name.
func (l *loader) byName(system root, folders []string, name string) (hostenv.Environment, error) {
	l.system, l.known = system, true
	l.user = folders[0] == userFolders()[0]
	u, err := find(system, folders, name)
	if err != nil {
		return hostenv.Environment{}, err
	}
	switch {
	case u.masked:
		return hostenv.Environment{}, fmt.Errorf("%w: %s is masked by %s, so systemd does not start it", hostenv.ErrInput, name, l.display(system, u.fragment))
	case u.fragment == "":
		return hostenv.Environment{}, fmt.Errorf("there is no unit file of %s below %s: %w", name, system, fs.ErrNotExist)
	}
	for _, weaker := range u.hidden {
		l.result.Notes = append(l.result.Notes, fmt.Sprintf("%s is not used: %s is stronger.", l.display(system, weaker), l.display(system, u.fragment)))
	}
	l.c = collect(u.names[0])
	if strings.HasSuffix(name, "@.service") {
		l.c.remark(hostenv.Remark{
			Kind: hostenv.Unseen, Rule: "systemd-template", Place: hostenv.Place{File: l.display(system, u.fragment)},
			Message: "The unit is a template: drop-ins and files of its instances are unknown.",
			Remedy:  "Name an instance, as " + strings.Replace(name, "@.", "@eu.", 1) + ", with --root.",
		})
	}
	text, err := system.read(u.fragment)
	if err != nil {
		return hostenv.Environment{}, fmt.Errorf("reading %s: %w", l.display(system, u.fragment), err)
	}
	if err := l.fragment(l.display(system, u.fragment), text); err != nil {
		return hostenv.Environment{}, err
	}
	if err := l.dropIns(u.dropIns); err != nil {
		return hostenv.Environment{}, err
	}
	return l.finish(l.display(system, u.fragment))
}

// byFile reads a unit file outside of systemd's folders, with the drop-ins beside
// it, and those of the system that Options names.
func (l *loader) byFile(file string) (hostenv.Environment, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return hostenv.Environment{}, err
	}
	name := path.Base(file)
	l.c = collect(name)
	l.system = "/"
	if err := l.fragment(file, string(raw)); err != nil {
		return hostenv.Environment{}, err
	}
	directory, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return hostenv.Environment{}, err
	}
	beside := loader{options: l.options, display: func(_ root, name string) string { return filepath.Join(filepath.Dir(file), name) }, c: l.c, system: root(directory)}
	files, err := dropInsOf(root(directory), []string{"/"}, []string{name})
	if err == nil {
		err = beside.dropIns(files)
	}
	if err != nil {
		return hostenv.Environment{}, err
	}
	l.result.Read = append(l.result.Read, beside.result.Read...)
	if l.options.Root == "" {
		l.result.Notes = append(l.result.Notes, "The unit file lies in none of systemd's folders: only drop-ins beside it were looked for. --root names the system's root directory, where all of systemd's folders are looked at.")
		return l.finish(file)
	}
	l.system, l.known = root(l.options.Root), true
	if files, err = dropInsOf(l.system, systemFolders(), []string{name}); err == nil {
		err = l.dropIns(files)
	}
	if err != nil {
		return hostenv.Environment{}, err
	}
	return l.finish(file)
}

// fragment reads the unit file.
func (l *loader) fragment(display, text string) error {
	f := parseUnit(display, text)
	if f.broken != nil {
		return f.broken
	}
	l.take(display, f)
	return nil
}

// dropIns reads drop-ins; of one that systemd stops reading, the beginning counts.
func (l *loader) dropIns(files []string) error {
	for _, file := range files {
		display := l.display(l.system, file)
		text, err := l.system.read(file)
		if err != nil {
			return fmt.Errorf("reading the drop-in %s: %w", display, err)
		}
		f := parseUnit(display, text)
		if f.broken != nil {
			f.remarks = append(f.remarks, hostenv.Remark{
				Kind: hostenv.Ignored, Rule: "systemd-broken-drop-in", Place: hostenv.Place{File: display},
				Message: fmt.Sprintf("systemd stops reading this drop-in: %s.", strings.TrimPrefix(f.broken.Error(), hostenv.ErrInput.Error()+": ")),
				Remedy:  "Correct it.",
			})
		}
		l.take(display, f)
	}
	return nil
}

func (l *loader) take(display string, f unitFile) {
	l.c.takeAll(f.settings)
	l.c.remarks = append(l.c.remarks, f.remarks...)
	l.result.Read = append(l.result.Read, display)
}

// finish applies the settings in systemd's order (systemd.exec(5), "Environment"):
// the manager's variables, those that systemd sets itself, PassEnvironment=,
// Environment=, the files, and at last UnsetEnvironment=.
func (l *loader) finish(source string) (hostenv.Environment, error) {
	// A unit without it is probably the wrong file, and an empty environment would
	// look like a clean one.
	if !l.c.hasService {
		return hostenv.Environment{}, fmt.Errorf("%w: %s has no [Service] section", hostenv.ErrInput, source)
	}
	vars := make(hostenv.Set)
	if l.known {
		if err := l.manager(vars); err != nil {
			return hostenv.Environment{}, err
		}
	} else {
		l.result.Notes = append(l.result.Notes, "DefaultEnvironment= of systemd's own configuration (system.conf) and the system's locale (LANG) were not seen; --root names the system that has it.")
	}
	l.c.own(vars, hostenv.Place{File: source})
	for name, at := range l.c.pass {
		vars.Unknown(name, "systemd's own environment (PassEnvironment=)", at)
	}
	for name, v := range l.c.environment {
		vars[name] = v
	}
	for _, s := range l.c.files {
		l.environmentFiles(s, vars)
	}
	l.unset(vars)
	l.c.command(vars)
	l.c.unread(source)
	l.result.Source = source
	l.result.Variables = vars.Sorted()
	l.result.Remarks = append(l.result.Remarks, l.c.remarks...)
	l.result.Notes = append(l.result.Notes, "What `systemctl set-environment` adds to systemd's own environment is in no file.")
	return l.result, nil
}

// unset applies UnsetEnvironment=; NAME=value removes only that value. Whether a
// variable is unset by a word that is not known is not known either.
func (l *loader) unset(vars hostenv.Set) {
	for _, word := range l.c.mayUnset {
		for name := range vars {
			if name == word.name || !word.whole && strings.HasPrefix(name, word.name) {
				vars.Unknown(name, specifierFrom(word.specifier)+" in UnsetEnvironment=", word.place)
			}
		}
	}
	for _, word := range l.c.unset {
		name, value, hasValue := strings.Cut(word, "=")
		if !hasValue || vars[name].Known && vars[name].Value == value {
			delete(vars, name)
		}
	}
}

// environmentFiles reads the files of one EnvironmentFile=: a leading - allows
// them to be missing, and the path may be a pattern.
func (l *loader) environmentFiles(s setting, vars hostenv.Set) {
	name, optional := strings.CutPrefix(s.value, "-")
	if local, ok := l.options.Given[name]; ok {
		raw, err := os.ReadFile(local)
		l.environmentFile(s, local, string(raw), err, false, vars)
		return
	}
	files := []string{name}
	if strings.ContainsAny(name, "*?[{") {
		matches, err := l.system.glob(name)
		if err == nil && len(matches) == 0 {
			err = fs.ErrNotExist
		}
		if err != nil {
			l.missing(s, name, optional, err)
			return
		}
		files = matches
	}
	for _, file := range files {
		text, err := l.system.read(file)
		l.environmentFile(s, l.display(l.system, file), text, err, optional, vars)
	}
}

// environmentFile takes what one file has.
func (l *loader) environmentFile(s setting, display, text string, err error, optional bool, vars hostenv.Set) {
	if local, ok := l.options.Beside[filepath.Base(display)]; ok && errors.Is(err, fs.ErrNotExist) {
		raw, errLocal := os.ReadFile(local)
		display, text, err = local, string(raw), errLocal
	}
	if err != nil {
		l.missing(s, display, optional, err)
		return
	}
	f := parseEnvironmentFile(display, text)
	l.result.Read = append(l.result.Read, display)
	l.c.remarks = append(l.c.remarks, f.remarks...)
	if f.broken != "" {
		r := hostenv.Remark{Kind: hostenv.Refused, Rule: "systemd-environment-file-broken", Place: hostenv.Place{File: display},
			Message: fmt.Sprintf("The file can't be used: %s. systemd does not start the service.", f.broken), Remedy: "Correct the file."}
		if optional {
			r.Kind = hostenv.Ignored
			r.Message = fmt.Sprintf("systemd ignores the whole file: %s.", f.broken)
		}
		l.c.remark(r)
		return
	}
	for _, a := range f.assignments {
		vars.Known(a.name, a.value, a.place)
	}
}

// missing says that an EnvironmentFile= could not be read.
func (l *loader) missing(s setting, display string, optional bool, err error) {
	if optional && l.known && errors.Is(err, fs.ErrNotExist) {
		l.result.Notes = append(l.result.Notes, fmt.Sprintf("EnvironmentFile=-%s does not exist, so it sets nothing.", strings.TrimPrefix(display, "-")))
		return
	}
	r := hostenv.Remark{
		Kind: hostenv.Unseen, Rule: "systemd-environment-file-unseen", Place: s.place,
		Message: fmt.Sprintf("%s of EnvironmentFile= can't be read here (%s): the variables in it are unknown.", display, reason(err)),
		Remedy:  fmt.Sprintf("Give the file: --given %s=FILE.", strings.TrimPrefix(s.value, "-")),
	}
	if l.known && !optional {
		r.Message += " systemd does not start the service without it."
	}
	l.c.remark(r)
}

// reason is an error's without the path, which is said already.
func reason(err error) string {
	if in := new(fs.PathError); errors.As(err, &in) {
		return in.Err.Error()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "no such file"
	}
	return err.Error()
}
