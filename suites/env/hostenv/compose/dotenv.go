// SPDX-License-Identifier: MPL-2.0

// Package compose reads Compose files and the .env files that they use, with the
// library that Docker Compose itself reads them with.
package compose

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/docker"
)

// unset stands for a variable that is not among the files: the shell of whoever
// runs docker compose may have it. No file can hold these characters by chance.
const unset = "\ue000not among the files\ue001"

// whoever says where such a variable comes from.
const whoever = "the environment of whoever runs docker compose, if it is set there"

// Dotenv reads a file as Compose reads one of env_file (Compose's documentation,
// "Syntax for environment files in Docker Compose"): quotes, comments, export and
// $NAME as there.
func Dotenv(source, text string) (hostenv.Environment, error) {
	vars := make(hostenv.Set)
	remarks, err := addFile(vars, source, text, "", nil)
	if err != nil {
		return hostenv.Environment{}, err
	}
	return hostenv.Environment{Source: source, Variables: vars.Sorted(), Remarks: remarks, Read: []string{source}}, nil
}

// addFile adds the variables of a file of env_file. lookup resolves references to
// what the file does not set itself.
func addFile(vars hostenv.Set, source, text, format string, lookup types.Mapping) ([]hostenv.Remark, error) {
	if format == "raw" {
		return addRaw(vars, source, text)
	}
	// What the file sets itself is not looked for elsewhere.
	read := func(own map[string]string, fill bool) (map[string]string, error) {
		values := make(map[string]string)
		err := dotenv.ParseWithFormat(bytes.NewReader([]byte(text)), source, values, func(name string) (string, bool) {
			if value, ok := lookup[name]; ok {
				return value, true
			}
			_, ok := own[name]
			return unset, fill && !ok
		}, format)
		return values, err
	}
	values, err := read(nil, false)
	if err != nil {
		return nil, fmt.Errorf("%w: Compose refuses %s%s", hostenv.ErrInput, source, lineIn(err))
	}
	// A second reading shows which values depend on what is not here. A name alone is
	// set only if somebody else sets it.
	other, err := read(values, true)
	if err != nil {
		other = values
	}
	var remarks []hostenv.Remark
	for _, name := range slices.Sorted(maps.Keys(other)) {
		at := hostenv.Place{File: source, Line: lineOf(text, name, false)}
		_, certain := values[name]
		switch {
		case hostenv.CheckWritten(name) != nil:
			remarks = append(remarks, hostenv.Remark{
				Kind: hostenv.Ignored, Rule: "compose-name", Place: hostenv.Place{File: source},
				Message: "A line of the file has a name that no variable should have.", Remedy: "Write NAME=value.",
			})
		case !certain && !hostenv.TakenForName(name):
			remarks = append(remarks, hostenv.NameAlone("compose-name-alone", "Compose", at))
		case !certain || strings.Contains(other[name], unset):
			vars.Unknown(name, whoever, at)
		default:
			vars.Known(name, values[name], at)
		}
	}
	return remarks, nil
}

// addRaw adds a file whose format is raw: it is one of docker run --env-file.
func addRaw(vars hostenv.Set, source, text string) ([]hostenv.Remark, error) {
	e, err := docker.EnvFile(source, strings.NewReader(text))
	for _, v := range e.Variables {
		vars[v.Name] = v
	}
	return e.Remarks, err
}

var lineNumber = regexp.MustCompile(`line (\d+)`)

// lineIn returns the line that an error names, and nothing else of it: it quotes
// the file.
func lineIn(err error) string {
	var text string
	if err != nil {
		text = err.Error()
	}
	if m := lineNumber.FindStringSubmatch(text); m != nil {
		return ", line " + m[1]
	}
	switch {
	case strings.Contains(text, "unterminated quoted value"):
		return ": a quote is not closed"
	case strings.Contains(text, "unexpected character"):
		return ": a name has a character that Compose does not allow"
	case strings.Contains(text, "key cannot contain a space"):
		return ": a name has a blank in it"
	}
	return ""
}

// lineOf returns the last line that sets the name, or 0. In YAML it may stand within
// a line too: {A: 1, B: 2}.
func lineOf(text, name string, yaml bool) int {
	before := `^`
	if yaml {
		before = `(?:^|[{\[,])`
	}
	pattern, err := regexp.Compile(`(?m)` + before + `[ \t\x{feff}-]*(?:export[ \t]+)?["']?` + regexp.QuoteMeta(name) + `["']?[ \t]*(?:[=:]|$)`)
	if err != nil {
		return 0
	}
	all := pattern.FindAllStringIndex(text, -1)
	if len(all) == 0 {
		return 0
	}
	return strings.Count(text[:all[len(all)-1][0]], "\n") + 1
}

// errNoService reports a file without services.
var errNoService = errors.New("it has no service")
