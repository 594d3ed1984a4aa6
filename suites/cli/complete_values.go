// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/tracefile"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/report"
	"github.com/plugproof/plugproof/suites/targets"
)

// valueSource are the values that a flag or an argument may have.
type valueSource struct {
	// values lists them. They need not begin with word; it is for those that only
	// a begin leads to, such as paths.
	values func(command *cobra.Command, word string) ([]cobra.Completion, error)
	// files: it may be a file as well.
	files bool
	// filesAfter is what a file follows.
	filesAfter string
}

func fixed(values ...string) valueSource {
	return valueSource{values: func(*cobra.Command, string) ([]cobra.Completion, error) { return values, nil }}
}

// valueSources has the sources of flags, which have one meaning in all commands.
func valueSources() map[string]valueSource {
	return map[string]valueSource{
		"target":         {values: targetNames},
		"dialect":        fixed(dialect.Names()...),
		"expect-dialect": fixed(dialect.Names()...),
		"for":            fixed(conformance.Commands()...),
		"only":           {values: requirementNames},
		"area":           {values: areaNames},
		"level":          fixed(string(steps.Must), string(steps.Should), string(steps.May)),
		"set":            {values: setNames},
		"case":           {values: caseNames},
		"file":           {values: recordingNames, files: true},
		"report":         {values: reportForms, filesAfter: "="},
		"trace":          {values: traceForms, files: true, filesAfter: "="},
		"type":           fixed("secret", "auth", "database"),
		"probe":          fixed("off", "gentle", "thorough"),
		"log-level":      fixed("trace", "debug", "info", "warn", "error", "off"),
		"log-format":     fixed("standard", "json"),
		"cli":            {values: noNames, files: true},
		"tls-cert":       {values: noNames, files: true},
		"tls-key":        {values: noNames, files: true},
	}
}

// argumentSources has the sources of arguments, by the word of the usage line and
// the command.
func argumentSources() map[string]valueSource {
	side := valueSource{values: sideNames, files: true}
	return map[string]valueSource{
		"A of plugproof diff":        side,
		"B of plugproof diff":        side,
		"NAME of plugproof dialects": fixed(dialect.Names()...),
	}
}

func noNames(*cobra.Command, string) ([]cobra.Completion, error) { return nil, nil }

// targetNames lists the forms of targets. After binary: the file is completed.
func targetNames(_ *cobra.Command, word string) ([]cobra.Completion, error) {
	if path, ok := strings.CutPrefix(word, "binary:"); ok {
		return filesBelow("binary:", path)
	}
	names := []cobra.Completion{"mock", "mock-process", "binary:", "addr:http://", "addr:https://"}
	for _, name := range dialect.Names() {
		names = append(names, "mock:"+name, "mock-process:"+name)
		names = append(names, "container:"+targets.ReleasedImage(name))
	}
	return names, nil
}

// filesBelow lists what a path may go on with, behind a prefix: shells complete
// only whole words as files.
func filesBelow(prefix, path string) ([]cobra.Completion, error) {
	directory, _ := filepath.Split(path)
	look := directory
	if look == "" {
		look = "."
	}
	entries, err := os.ReadDir(look)
	if err != nil {
		return nil, nil //nolint:nilerr // there is nothing to offer
	}
	var names []cobra.Completion
	for _, entry := range entries {
		name := prefix + directory + entry.Name()
		if info, err := os.Stat(filepath.Join(look, entry.Name())); err == nil && info.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	return names, nil
}

// requirementsOf returns the requirements that a command chooses from: those of
// plugins for check, those of servers for run, all otherwise.
func requirementsOf(command *cobra.Command) ([]conformance.Listed, error) {
	var of conformance.Listing
	if slices.Contains(conformance.Commands(), command.Name()) {
		of.For = command.Name()
	}
	return conformance.Requirements(of)
}

func requirementNames(command *cobra.Command, _ string) ([]cobra.Completion, error) {
	all, err := requirementsOf(command)
	names := make([]cobra.Completion, 0, len(all))
	for _, requirement := range all {
		names = append(names, completion(requirement.ID, requirement.Title))
	}
	return names, err
}

// areaNames lists the areas of requirements, or of cases for a command that has
// cases.
func areaNames(command *cobra.Command, _ string) ([]cobra.Completion, error) {
	areas := map[string]bool{}
	if command.Flags().Lookup("case") != nil {
		all, err := replay.Cases()
		for _, one := range all {
			areas[one.Area] = true
		}
		return slices.Sorted(maps.Keys(areas)), err
	}
	all, err := requirementsOf(command)
	for _, requirement := range all {
		areas[requirement.Area] = true
	}
	return slices.Sorted(maps.Keys(areas)), err
}

func setNames(command *cobra.Command, _ string) ([]cobra.Completion, error) {
	var names []cobra.Completion
	for _, set := range conformance.Sets(command.Name()) {
		names = append(names, completion(set[0], set[1]))
	}
	return names, nil
}

func caseNames(*cobra.Command, string) ([]cobra.Completion, error) {
	all, err := replay.Cases()
	var names []cobra.Completion
	for _, id := range slices.Sorted(maps.Keys(all)) {
		names = append(names, completion(id, all[id].What))
	}
	return names, err
}

func recordingNames(*cobra.Command, string) ([]cobra.Completion, error) {
	var names []cobra.Completion
	for _, bundled := range replay.BundledRecordings() {
		names = append(names, completion(bundled.Name+".json", "in the program itself"))
	}
	return names, nil
}

// sideNames lists what diff compares.
func sideNames(command *cobra.Command, word string) ([]cobra.Completion, error) {
	names, err := targetNames(command, word)
	if err != nil {
		return nil, err
	}
	recordings, err := recordingNames(command, word)
	return append(names, recordings...), err
}

func reportForms(command *cobra.Command, _ string) ([]cobra.Completion, error) {
	var names []cobra.Completion
	for _, form := range report.FormsOf(report.Kind(command.Name())) {
		names = append(names, completion(form.Name+"=", form.Use))
	}
	return names, nil
}

func traceForms(*cobra.Command, string) ([]cobra.Completion, error) {
	var names []cobra.Completion
	for _, form := range tracefile.Forms() {
		names = append(names, form+"=")
	}
	return names, nil
}
