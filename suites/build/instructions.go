// SPDX-License-Identifier: MPL-2.0

package build

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Instructions tell which plugins a directory has to hold to be used instead of
// building what o says, and how a checkout builds them into it. The directory is
// an absolute path, or begins with $PWD.
func (o Options) Instructions(dir string) string {
	// Names that are not known are refused where the plugins are built.
	wanted, _ := choose(o.Names)
	var names []string
	for _, s := range wanted {
		names = append(names, s.name)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "The directory has to hold %s. In a checkout of %s they are built with", strings.Join(names, ", "), modulePath)
	modules := byModule(wanted)
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

// buildEnv is what stands before the command, such as GOOS=linux.
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
