// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// input is a kind of input that a plugin's author may not have thought of.
type input string

// The kinds, as sentences name them; asNamed is that of requests that the profile names,
// with which the others are compared.
const (
	asNamed       input = "what the profile names"
	emptyBody     input = "an empty body"
	unknownFields input = "unknown fields"
	nullFields    input = "null in a field"
	wrongTypes    input = "a field of a wrong type"
	longValues    input = "a very long value"
	oddNames      input = "an odd name in its path"
	oddValues     input = "an odd value in a field"
	unconfigured  input = "requests before it is configured"
)

// oddNumbers are below and above what a number stands for.
func oddNumbers() []any { return []any{-1, int64(1) << 62} }

// oddText is what no reader of structured texts takes: of base64, JSON, URLs, regular
// expressions, templates, PEM and times.
const oddText = "%zz({['\"\\{{ \n"

// longLength is the length of a very long value: well below what servers take as a
// request, well above what anybody writes.
const longLength = 100_000

// attempt is a request of one kind of input.
type attempt struct {
	kind   input
	values map[string]string
	data   map[string]any
	// about says which field or name it is about.
	about string
}

func (o Operation) writes() bool { return o.Method == http.MethodPost || o.Method == http.MethodPatch }

// attempts returns the requests with which an operation of a mount that is set up
// is tried. Thorough probing tries each field with several wrong values.
func (o Operation) attempts(of known, thorough bool) []attempt {
	var all []attempt
	if of.named {
		all = append(all, attempt{kind: asNamed, values: of.values, data: of.data})
	}
	all = append(all, attempt{kind: emptyBody, values: of.values})
	for _, name := range oddNamesOf(o) {
		all = append(all, attempt{kind: oddNames, values: name.values, data: of.data, about: name.about})
	}
	if !o.writes() {
		return all
	}
	with := func(kind input, field string, value any) {
		data := maps.Clone(of.data)
		if data == nil {
			data = map[string]any{}
		}
		data[field] = value
		all = append(all, attempt{kind: kind, values: of.values, data: data, about: field})
	}
	with(unknownFields, "plugproof_unknown", map[string]any{"nested": []any{1, "x"}})
	for _, field := range o.Body {
		with(nullFields, field.Name, nil)
		for i, value := range field.wrongValues() {
			if i == 0 || thorough {
				with(wrongTypes, field.Name, value)
			}
		}
		if field.Type == "string" || field.Type == "array" {
			with(oddValues, field.Name, oddText)
			with(longValues, field.Name, strings.Repeat("x", longLength))
		}
		if field.Type == "integer" || field.Type == "number" {
			for _, value := range oddNumbers() {
				with(oddValues, field.Name, value)
			}
		}
	}
	return all
}

// wrongValues returns values that are not of the field's type, the most different
// one first.
func (f Field) wrongValues() []any {
	object, list := map[string]any{"plugproof": []any{1}}, []any{map[string]any{"plugproof": 1}, nil}
	switch f.Type {
	case "object":
		return []any{"plugproof", 1, list, true}
	case "array":
		return []any{object, list, 1.5, true}
	case "boolean":
		return []any{"plugproof", object, list, 17}
	case "integer", "number":
		return []any{"plugproof", object, list, -1, 1e300, true}
	}
	return []any{object, list, 1.5, true}
}

// oddName is a value for one of the parameters in a path.
type oddName struct {
	values map[string]string
	about  string
}

// oddNamesOf returns odd values for each parameter in an operation's path.
func oddNamesOf(o Operation) []oddName {
	var all []oddName
	for _, field := range o.PathFields {
		for _, name := range []string{"with blank", "ünïcödé", "a.b", "-", "'\"", "%", "1", strings.Repeat("n", 500)} {
			all = append(all, oddName{map[string]string{field.Name: name}, field.Name})
		}
	}
	return all
}

// describe says for people what was sent.
func (a attempt) describe(o Operation) string {
	text := o.Method + " " + o.Fill(a.values, probedName)
	if !o.writes() {
		return shorten(text)
	}
	body, err := json.Marshal(a.data)
	if err != nil || a.data == nil {
		body = []byte("{}")
	}
	return fmt.Sprintf("%s %s", shorten(text), shorten(string(body)))
}
