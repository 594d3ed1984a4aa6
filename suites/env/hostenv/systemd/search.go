// SPDX-License-Identifier: MPL-2.0

package systemd

import (
	"path"
	"slices"
	"strings"
)

// systemFolders are where systemd looks for the system's units, the first the
// strongest (systemd.unit(5), Table 1).
func systemFolders() []string {
	return []string{
		"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
		"/run/systemd/generator.early", "/etc/systemd/system", "/etc/systemd/system.attached",
		"/run/systemd/system", "/run/systemd/system.attached", "/run/systemd/generator",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
		"/run/systemd/generator.late",
	}
}

// userFolders are those for units of users, without the ones in a user's home
// (systemd.unit(5), Table 2).
func userFolders() []string {
	return []string{
		"/etc/systemd/user", "/run/systemd/user", "/run/systemd/generator",
		"/usr/local/share/systemd/user", "/usr/share/systemd/user",
		"/usr/local/lib/systemd/user", "/usr/lib/systemd/user", "/lib/systemd/user",
	}
}

// locate splits the path of a unit file into the system's root and the folder of
// systemd's that it lies in; ok is false for a file elsewhere.
func locate(file string) (system root, folders []string, ok bool) {
	directory := path.Dir(file)
	for _, all := range [][]string{systemFolders(), userFolders()} {
		// /usr/lib before /lib, which ends it.
		for _, folder := range all {
			if prefix, found := strings.CutSuffix(directory, folder); found {
				if folder == "/lib/systemd/system" || folder == "/lib/systemd/user" {
					prefix = strings.TrimSuffix(strings.TrimSuffix(prefix, "/usr/local"), "/usr")
				}
				if prefix == "" {
					prefix = "/"
				}
				return root(prefix), all, true
			}
		}
	}
	return "/", nil, false
}

// unit is a unit's files as systemd finds them.
type unit struct {
	// name is what was asked for, names are all that the unit has: its aliases too.
	name  string
	names []string
	// fragment is the unit file, "" without one; masked: it is masked.
	fragment string
	masked   bool
	// hidden are weaker files of the same name.
	hidden  []string
	dropIns []string
}

// find finds a unit's files in folders (systemd.unit(5)).
func find(system root, folders []string, name string) (unit, error) {
	u := unit{name: name, names: []string{name}}
	id := name
	for range 8 { // aliases of aliases end somewhere
		fragment, hidden := fragmentOf(system, folders, id)
		u.fragment, u.hidden = fragment, hidden
		if fragment == "" {
			break
		}
		if system.masked(fragment) {
			u.masked = true
			return u, nil
		}
		target := aliasTarget(system, folders, fragment, id)
		if target == "" || slices.Contains(u.names, target) {
			break
		}
		id = target
		u.names = append(u.names, id)
	}
	aliases, err := aliasesOf(system, folders, u.names)
	if err != nil {
		return unit{}, err
	}
	u.names = append(u.names, aliases...)
	u.dropIns, err = dropInsOf(system, folders, u.names)
	return u, err
}

// fragmentOf returns the unit file: of the unit itself before that of its
// template, each in the strongest folder that has one.
func fragmentOf(system root, folders []string, name string) (fragment string, hidden []string) {
	for _, candidate := range withTemplate(name) {
		for _, folder := range folders {
			file := path.Join(folder, candidate)
			if !system.exists(file) && !system.masked(file) {
				continue
			}
			switch {
			case fragment == "":
				fragment = file
			case !sameFile(system, fragment, file) && candidate == path.Base(fragment):
				hidden = append(hidden, file)
			}
		}
		if fragment != "" {
			return fragment, hidden
		}
	}
	return "", nil
}

// sameFile reports whether two names are one file, as below /lib and /usr/lib.
func sameFile(system root, a, b string) bool {
	x, errX := system.real(a)
	y, errY := system.real(b)
	return errX == nil && errY == nil && x == y
}

// withTemplate returns the name, and for an instance its template: vault@eu.service
// and vault@.service.
func withTemplate(name string) []string {
	prefix, rest, found := strings.Cut(name, "@")
	if !found {
		return []string{name}
	}
	instance := strings.TrimSuffix(rest, ".service")
	if instance == "" {
		return []string{name}
	}
	return []string{name, prefix + "@.service"}
}

// aliasTarget returns the unit of which the file is an alias: it is a link to a
// unit file of another name in systemd's folders.
func aliasTarget(system root, folders []string, file, name string) string {
	target := system.link(file)
	if target == "" || !slices.Contains(folders, path.Dir(target)) {
		return ""
	}
	base := path.Base(target)
	if base == path.Base(file) || !strings.HasSuffix(base, ".service") {
		return ""
	}
	// An alias of a template has the instance of who asks for it.
	if prefix, rest, found := strings.Cut(base, "@"); found && rest == ".service" {
		if _, instance, of := strings.Cut(name, "@"); of {
			return prefix + "@" + instance
		}
	}
	return base
}

// aliasesOf returns the further names of the unit that has names: its drop-ins may
// be under each of them.
func aliasesOf(system root, folders, names []string) ([]string, error) {
	var aliases []string
	for _, folder := range folders {
		entries, err := system.list(folder)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if !strings.HasSuffix(entry, ".service") || slices.Contains(names, entry) || slices.Contains(aliases, entry) {
				continue
			}
			fragment, _ := fragmentOf(system, folders, entry)
			if fragment == path.Join(folder, entry) && slices.Contains(names, aliasTarget(system, folders, fragment, entry)) {
				aliases = append(aliases, entry)
			}
		}
	}
	return aliases, nil
}

// dropInsOf returns the drop-ins in the order in which they apply: that of their
// file names, whatever their folders. Of one file name the strongest counts: those
// of the unit's names before those of its template, of its prefixes (foo-.service.d
// for foo-bar.service) and of all services (service.d).
func dropInsOf(system root, folders, names []string) ([]string, error) {
	var directories []string
	for _, name := range names {
		for _, folder := range folders {
			for _, of := range dropInNames(name) {
				directories = append(directories, path.Join(folder, of+".d"))
			}
		}
	}
	for _, folder := range folders {
		directories = append(directories, path.Join(folder, "service.d"))
	}
	return confFiles(system, directories)
}

// dropInNames returns the names whose .d directories have a unit's drop-ins, the
// most specific first.
func dropInNames(name string) []string {
	all := withTemplate(name)
	stem := strings.TrimSuffix(name, ".service")
	prefix, instance, templated := strings.Cut(stem, "@")
	dashed := strings.TrimSuffix(prefix, "-")
	for {
		i := strings.LastIndexByte(dashed, '-')
		if i <= 0 {
			return all
		}
		dashed = dashed[:i]
		shorter := dashed + "-.service"
		if templated {
			shorter = dashed + "-@" + instance + ".service"
		}
		all = append(all, withTemplate(shorter)...)
	}
}

// confFiles returns the *.conf in directories, sorted by file name; of equal names
// the first counts, and one that is masked hides the others.
func confFiles(system root, directories []string) ([]string, error) {
	strongest := make(map[string]string)
	for _, directory := range directories {
		names, err := system.list(directory)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			file := path.Join(directory, name)
			if _, taken := strongest[name]; taken || path.Ext(name) != ".conf" {
				continue
			}
			if system.exists(file) || system.masked(file) {
				strongest[name] = file
			}
		}
	}
	var files []string
	for _, file := range strongest {
		if !system.masked(file) {
			files = append(files, file)
		}
	}
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	return files, nil
}
