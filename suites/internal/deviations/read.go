// SPDX-License-Identifier: MPL-2.0

package deviations

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/yamlfile"
)

//go:embed deviations.yaml
var listed []byte

// listedName is where the project's own list lies.
const listedName = "suites/internal/deviations/deviations.yaml"

// Known returns the project's own list of real servers.
func Known() (List, error) { return Parse(listedName, listed) }

// Load reads a list from a file in YAML, of which JSON is a part.
func Load(file string) (List, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}

// Parse reads a list. The source is its file's name, for messages. Entries that
// say too little and keys that mean nothing are errors with file and line.
func Parse(source string, text []byte) (List, error) {
	document, err := yamlfile.OnlyDocument(yaml.NewDecoder(bytes.NewReader(text)))
	if errors.Is(err, io.EOF) {
		return nil, nil // an empty file lists nothing
	}
	if err != nil {
		return nil, yamlfile.In(source, err)
	}
	entries := yamlfile.Members(document, "")
	for _, entry := range entries {
		if err := yamlfile.Fields(entry, fields()...); err != nil {
			return nil, yamlfile.In(source, err)
		}
	}
	var list List
	if err := yamlfile.Into(document, &list); err != nil {
		return nil, yamlfile.In(source, err)
	}
	for i := range list {
		d := &list[i]
		d.source = fmt.Sprintf("%s:%d", source, entries[i].Line)
		err := d.check()
		if err == nil {
			err = d.prepare(time.Now())
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.source, err)
		}
	}
	return list, nil
}

// fields are the keys of an entry.
func fields() (names []string) {
	entry := reflect.TypeFor[Deviation]()
	for i := range entry.NumField() {
		if name := entry.Field(i).Tag.Get("yaml"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// check holds an entry to saying what it is about, and nothing that is without
// meaning there.
func (d *Deviation) check() error {
	kinds := map[string]string{"requirement": d.Requirement, "case": d.Case, "row": d.Row}
	kind := ""
	for name, value := range kinds {
		if strings.TrimSpace(value) == "" {
			continue
		}
		if kind != "" {
			return errors.New("an entry is about one of requirement, case and row, not about several")
		}
		kind = name
	}
	if kind == "" {
		return errors.New("requirement, case or row is missing: an identifier, or a pattern as PLG-4*")
	}
	for _, field := range []struct {
		name, of string
		set      bool
	}{
		{"step", "requirement", d.Step != ""}, {"sometimes", "requirement", d.Sometimes}, {"does", "requirement", d.Does != ""},
		{"recording", "case", d.Recording != ""}, {"steps", "case", d.Steps != nil}, {"at", "case", d.At != nil},
		{"command_line", "case", d.CommandLine}, {"winner", "row", d.Winner != ""},
	} {
		if field.set && field.of != kind {
			return fmt.Errorf("%s has no meaning beside %s, only beside %s", field.name, kind, field.of)
		}
	}
	if kind == "case" && len(d.At) == 0 {
		return errors.New("at is missing: where the answers differ, as body.data.value")
	}
	if strings.TrimSpace(d.Reason) == "" {
		return errors.New("reason is missing")
	}
	return nil
}

// prepare reads the fields that are more than text.
func (d *Deviation) prepare(now time.Time) error {
	links := slices.Clone(d.Related)
	if d.Issue != NoneFiled && d.Issue != "" {
		links = append(links, d.Issue)
	}
	for _, link := range links {
		if parsed, err := url.Parse(link); err != nil || parsed.Scheme != "https" || parsed.Host == "" {
			return fmt.Errorf("%q is not an https URL; an issue may also be %q", link, NoneFiled)
		}
	}
	for _, pattern := range []string{d.Name(), d.Target} {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q is a broken pattern", pattern)
		}
	}
	if d.Expires != "" {
		day, err := time.ParseInLocation(time.DateOnly, d.Expires, now.Location())
		if err != nil {
			return fmt.Errorf("expires: %q is not a day as 2026-12-31", d.Expires)
		}
		d.ended = !now.Before(day.AddDate(0, 0, 1))
	}
	var err error
	d.applies, err = steps.ParseApplies(d.Servers...)
	return err
}
