// SPDX-License-Identifier: MPL-2.0

package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Instructions returns a text that says which plugins a directory must contain
// to be used instead of a build with o, and the commands that build them there in
// a checkout. The directory is an absolute path or begins with $PWD.
func (o Options) Instructions(dir string) string {
	// Unknown names are an error of Plugins.
	selected, _ := selectSources(o.Names)
	var names []string
	for _, s := range selected {
		names = append(names, s.name)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "The directory must contain %s. To build them, run in a checkout of %s", strings.Join(names, ", "), modulePath)
	modules := byModule(selected)
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		in := ""
		if module != "." {
			in = "-C " + module + " "
		}
		fmt.Fprintf(&text, "\n  %sgo build %s-o %s/", o.buildEnv(), in, dir)
		for _, s := range modules[module] {
			text.WriteString(" " + s.pkg)
		}
	}
	return text.String()
}

// buildEnv returns the variables that precede the command, such as GOOS=linux.
func (o Options) buildEnv() string {
	env := "CGO_ENABLED=0 "
	if o.GOOS != "" {
		env += "GOOS=" + o.GOOS + " "
	}
	if o.GOARCH != "" {
		env += "GOARCH=" + o.GOARCH + " "
	}
	return env
}
