// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/plugproof/plugproof/suites/internal/jsontext"
)

//go:embed cases/*.json
var caseFiles embed.FS

// caseFile is a case as it stands in a file: a recorded one without answers.
type caseFile struct {
	Area         string     `json:"area"`
	Requirements []string   `json:"requirements"`
	What         string     `json:"what"`
	Server       ServerSpec `json:"server"`
	Log          bool       `json:"log"`
	Steps        []Step     `json:"steps"`
}

// Cases are the project's own: those of the recordings and what newer servers
// have besides.
func Cases() (map[string]*Case, error) {
	fsys, err := fs.Sub(caseFiles, "cases")
	if err != nil {
		return nil, fmt.Errorf("cases: %w", err)
	}
	return LoadCases(fsys)
}

// LoadCases reads all case files (*.json) at the top of fsys: objects of cases
// by identifier. Unknown members are errors, and so is an identifier that is
// used twice.
func LoadCases(fsys fs.FS) (map[string]*Case, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil || len(names) == 0 {
		return nil, errors.Join(errors.New("cases: there are no *.json files"), err)
	}
	all := map[string]*Case{}
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("cases: %w", err)
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		var file map[string]caseFile
		if err := d.Decode(&file); err != nil {
			return nil, fmt.Errorf("cases: %s: %w", name, jsontext.Error(data, err))
		}
		for id, c := range file {
			if all[id] != nil {
				return nil, fmt.Errorf("cases: %s: there is another case %q", name, id)
			}
			if all[id], err = c.open(); err != nil {
				return nil, fmt.Errorf("cases: %s: %s: %w", name, id, err)
			}
		}
	}
	return all, nil
}

func (f caseFile) open() (*Case, error) {
	if f.Area == "" || len(f.Steps) == 0 {
		return nil, errors.New("a case needs an area and steps")
	}
	c := &Case{Area: f.Area, Requirements: f.Requirements, What: f.What, Server: f.Server}
	if f.Log {
		c.Log = &[]string{}
	}
	for i, s := range f.Steps {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("step %d: %w", i+1, err)
		}
		c.Steps = append(c.Steps, Exchange{Step: s})
	}
	return c, nil
}

// check finds steps that say nothing or two things.
func (s Step) check() error {
	kinds := 0
	for _, is := range []bool{s.HTTP != "", s.CLI != nil, s.Shell != "", s.Sleep != 0} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		return errors.New("a step has one of http, cli, shell and sleep")
	}
	return nil
}
