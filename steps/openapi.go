// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Document is what a plugin says about its paths, in the OpenAPI document that
// its framework makes.
type Document struct {
	// Paths are in alphabetical order.
	Paths []DocumentedPath
}

// DocumentedPath is a path of a plugin.
type DocumentedPath struct {
	// Path is below the mount, without a slash at its beginning: role/{name}.
	// A pattern that OpenAPI can't express stands there as it is, without operations.
	Path string
	// Description is the synopsis of its help.
	Description string
	// Open reports whether it needs no token, Sudo whether it needs sudo.
	Open, Sudo bool
	// Creates reports whether a write may create something, so that the plugin has
	// to have an existence check.
	Creates    bool
	Operations []Operation
}

// Operation is something that a plugin does at a path.
type Operation struct {
	// Path is that of its DocumentedPath, without a slash at its end.
	Path string
	// Method is GET, LIST, POST, PATCH or DELETE.
	Method string
	// Summary is its help.
	Summary string
	// Open, Sudo and Creates are those of its path.
	Open, Sudo, Creates bool
	// PathFields are the parameters in the path, Query those behind it, Body those
	// of the body; each in alphabetical order.
	PathFields, Query, Body []Field
	// Arbitrary reports whether the body may have any other fields.
	Arbitrary bool
}

// Field is a parameter of an operation.
type Field struct {
	Name, Description string
	// Type is string, integer, number, boolean, array or object; Items is the type
	// of an array's elements.
	Type, Items string
	// Format refines the type: int64, seconds, date-time, …
	Format    string
	Required  bool
	Sensitive bool
	// Deprecated reports whether the field is only there for what was written before.
	Deprecated bool
	Enum       []any
	Default    any
	// Sample is a value that people are shown.
	Sample any
}

// The parts of an OpenAPI document that are looked at.
type (
	oasDocument struct {
		Paths      map[string]oasPath `json:"paths"`
		Components struct {
			Schemas map[string]oasSchema `json:"schemas"`
		} `json:"components"`
	}
	oasPath struct {
		Description string         `json:"description"`
		Parameters  []oasParameter `json:"parameters"`
		Sudo        bool           `json:"x-vault-sudo"`
		Open        bool           `json:"x-vault-unauthenticated"`
		Creates     bool           `json:"x-vault-createSupported"`
		Get         *oasOperation  `json:"get"`
		Post        *oasOperation  `json:"post"`
		Patch       *oasOperation  `json:"patch"`
		Delete      *oasOperation  `json:"delete"`
	}
	oasOperation struct {
		Summary     string         `json:"summary"`
		Description string         `json:"description"`
		Parameters  []oasParameter `json:"parameters"`
		RequestBody struct {
			Content map[string]struct {
				Schema oasSchema `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
	}
	oasParameter struct {
		Name        string    `json:"name"`
		In          string    `json:"in"`
		Description string    `json:"description"`
		Required    bool      `json:"required"`
		Schema      oasSchema `json:"schema"`
	}
	oasSchema struct {
		Ref         string               `json:"$ref"`
		Type        string               `json:"type"`
		Format      string               `json:"format"`
		Description string               `json:"description"`
		Properties  map[string]oasSchema `json:"properties"`
		Additional  any                  `json:"additionalProperties"`
		Required    []string             `json:"required"`
		Items       *oasSchema           `json:"items"`
		Enum        []any                `json:"enum"`
		Default     any                  `json:"default"`
		Sensitive   bool                 `json:"x-vault-displaySensitive"`
		Deprecated  bool                 `json:"deprecated"`
		Display     struct {
			Sensitive bool `json:"sensitive"`
			Value     any  `json:"value"`
		} `json:"x-vault-displayAttrs"`
	}
)

// errNoDocument is matched by the error for a plugin that has no document.
var errNoDocument = errors.New("its help has no OpenAPI document")

// ReadDocument reads an OpenAPI document of a mount.
func ReadDocument(text []byte) (*Document, error) {
	var in oasDocument
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if in.Paths == nil {
		return nil, errNoDocument
	}
	document := &Document{}
	for name, path := range in.Paths {
		name = strings.TrimPrefix(name, "/")
		documented := DocumentedPath{Path: name, Description: path.Description, Open: path.Open, Sudo: path.Sudo, Creates: path.Creates}
		for _, known := range []struct {
			method    string
			operation *oasOperation
		}{
			{http.MethodGet, path.Get}, {http.MethodPost, path.Post},
			{http.MethodPatch, path.Patch}, {http.MethodDelete, path.Delete},
		} {
			if known.operation != nil {
				documented.Operations = append(documented.Operations, in.operations(documented, path.Parameters, known.method, *known.operation)...)
			}
		}
		document.Paths = append(document.Paths, documented)
	}
	slices.SortFunc(document.Paths, func(a, b DocumentedPath) int { return strings.Compare(a.Path, b.Path) })
	return document, nil
}

// operations returns the operation, or two where a GET may be a LIST too, which
// is a parameter in OpenAPI.
func (d oasDocument) operations(path DocumentedPath, shared []oasParameter, method string, in oasOperation) []Operation {
	operation := Operation{
		Path: strings.TrimSuffix(path.Path, "/"), Method: method, Summary: cmp.Or(in.Summary, in.Description),
		Open: path.Open, Sudo: path.Sudo, Creates: path.Creates,
	}
	lists, reads := false, true
	for _, parameter := range slices.Concat(shared, in.Parameters) {
		switch {
		case parameter.In == "path":
			operation.PathFields = append(operation.PathFields, parameter.field())
		case parameter.In != "query":
		case parameter.Name == "list" && method == http.MethodGet:
			lists, reads = true, !parameter.Required && !strings.HasSuffix(path.Path, "/")
		default:
			operation.Query = append(operation.Query, parameter.field())
		}
	}
	for _, content := range in.RequestBody.Content {
		schema := d.resolve(content.Schema)
		for name, property := range schema.Properties {
			operation.Body = append(operation.Body, d.resolve(property).field(name, slices.Contains(schema.Required, name)))
		}
		operation.Arbitrary = operation.Arbitrary || schema.Additional == true
	}
	for _, fields := range [][]Field{operation.PathFields, operation.Query, operation.Body} {
		slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	}
	var all []Operation
	if reads {
		all = append(all, operation)
	}
	if lists {
		operation.Method = "LIST"
		all = append(all, operation)
	}
	return all
}

// resolve follows a reference to the components.
func (d oasDocument) resolve(schema oasSchema) oasSchema {
	name, ok := strings.CutPrefix(schema.Ref, "#/components/schemas/")
	if !ok {
		return schema
	}
	return d.Components.Schemas[name]
}

func (p oasParameter) field() Field {
	field := p.Schema.field(p.Name, p.Required)
	field.Description = p.Description
	return field
}

func (s oasSchema) field(name string, required bool) Field {
	field := Field{
		Name: name, Description: s.Description, Type: s.Type, Format: s.Format, Required: required,
		Enum: s.Enum, Default: s.Default, Sensitive: s.Sensitive || s.Display.Sensitive, Deprecated: s.Deprecated, Sample: s.Display.Value,
	}
	if s.Items != nil {
		field.Items = s.Items.Type
	}
	return field
}

// Operations returns those of all paths, in the order of the paths.
func (d *Document) Operations() []Operation {
	var all []Operation
	for _, path := range d.Paths {
		all = append(all, path.Operations...)
	}
	return all
}

// Find returns the operation that a request with this method and path below the
// mount is, and whether there is one. A path whose parameters hold no slashes goes before
// one at whose end they do, and one without parameters before one that has some.
func (d *Document) Find(method, path string) (Operation, bool) {
	found, ok, least := Operation{}, false, 0
	for _, operation := range d.Operations() {
		values := operation.Values(path)
		if operation.Method != method || values == nil {
			continue
		}
		weight := len(values)
		for _, value := range values {
			weight += strings.Count(value, "/") * len(path)
		}
		if !ok || weight < least {
			found, ok, least = operation, true, weight
		}
	}
	return found, ok
}

// listOf returns the documented list that a path is in, and whether there is one.
func (d *Document) listOf(path string) (list string, ok bool) {
	list, _, _ = cutLast(path)
	_, ok = d.Find("LIST", list)
	return list, ok && list != ""
}

// pathField is a parameter in a path: {name}.
var pathField = regexp.MustCompile(`\{([^{}]+)\}`)

// Values returns the values of the parameters in a path that fits the operation's,
// and nil for one that does not fit. A parameter at the end may hold slashes.
func (o Operation) Values(path string) map[string]string {
	var pattern strings.Builder
	var names []string
	at := 0
	spans := pathField.FindAllStringSubmatchIndex(o.Path, -1)
	for _, span := range spans {
		pattern.WriteString(regexp.QuoteMeta(o.Path[at:span[0]]))
		one := "([^/]+)"
		if span[1] == len(o.Path) {
			one = "(.+)"
		}
		pattern.WriteString(one)
		names = append(names, o.Path[span[2]:span[3]])
		at = span[1]
	}
	pattern.WriteString(regexp.QuoteMeta(o.Path[at:]))
	match := regexp.MustCompile("^" + pattern.String() + "$").FindStringSubmatch(strings.Trim(path, "/"))
	if match == nil {
		return nil
	}
	values := make(map[string]string, len(names))
	for i, name := range names {
		values[name] = match[i+1]
	}
	return values
}

// Fill returns the path with values for its parameters, escaped for a URL.
// Parameters without a value have the given one.
func (o Operation) Fill(values map[string]string, other string) string {
	return pathField.ReplaceAllStringFunc(o.Path, func(found string) string {
		value, ok := values[found[1:len(found)-1]]
		if !ok {
			value = other
		}
		parts := strings.Split(value, "/")
		for i, part := range parts {
			parts[i] = url.PathEscape(part)
		}
		return strings.Join(parts, "/")
	})
}

// unknown returns the names in what is written that the operation does not have.
func (o Operation) unknown(data map[string]any) []string {
	if o.Arbitrary || len(o.Body) == 0 {
		return nil
	}
	known := func(name string) bool {
		return slices.ContainsFunc(slices.Concat(o.Body, o.PathFields, o.Query), func(f Field) bool { return f.Name == name })
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(data)), known)
}

// replaces reports whether a write to a path replaces what is there: it does not tell
// create from update, or has PATCH beside it.
func (d *Document) replaces(path string) bool {
	operation, _ := d.Find(http.MethodPost, path)
	_, patches := d.Find(http.MethodPatch, path)
	return patches || !operation.Creates
}

// String names the operation for people: POST role/{name}.
func (o Operation) String() string { return o.Method + " " + o.Path }
