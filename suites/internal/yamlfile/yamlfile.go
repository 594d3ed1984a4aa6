// SPDX-License-Identifier: MPL-2.0

// Package yamlfile reads YAML and JSON that people write. Its errors name the
// line and what is wrong with it, and never a value: values may be secrets, and
// errors end up in the logs of pipelines.
package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document reads the next document of a stream; io.EOF ends it.
func Document(decoder *yaml.Decoder) (*yaml.Node, error) {
	var document yaml.Node
	err := decoder.Decode(&document)
	switch {
	case err == nil:
		return &document, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	}
	// The parser's reasons are fixed texts but one, which quotes what may be a
	// password that begins with an asterisk.
	reason := anchor.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "a value that begins with * needs quotes")
	return nil, errors.New(reason)
}

var anchor = regexp.MustCompile(`unknown anchor '.*' referenced`)

// OnlyDocument reads the document of a stream that has no other one. The error is io.EOF for
// none.
func OnlyDocument(decoder *yaml.Decoder) (*yaml.Node, error) {
	document, err := Document(decoder)
	if err != nil {
		return nil, err
	}
	more, err := Document(decoder)
	switch {
	case errors.Is(err, io.EOF):
		return document, nil
	case err != nil:
		return nil, err
	}
	return nil, fmt.Errorf("line %d: there is one document at most", more.Line)
}

// Into decodes a node that Document gave.
func Into(node *yaml.Node, out any) error {
	err := node.Decode(out)
	mismatch := new(yaml.TypeError)
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &mismatch):
		return errors.New("a tag or an anchor in it has no meaning here")
	}
	lines := make([]string, len(mismatch.Errors))
	for i, text := range mismatch.Errors {
		lines[i] = withoutValue(text)
	}
	return errors.New(strings.Join(lines, "; "))
}

// The library's mismatches are texts; they begin with the line.
var (
	wrongKind = regexp.MustCompile(`^line (\d+): cannot unmarshal !!(\w+)`)
	twice     = regexp.MustCompile(`^line (\d+): mapping key .* already defined at line (\d+)$`)
	place     = regexp.MustCompile(`^line \d+`)
)

// withoutValue says a mismatch of the library's without the value that it
// quotes.
func withoutValue(text string) string {
	if m := wrongKind.FindStringSubmatch(text); m != nil {
		kinds := map[string]string{"str": "a text", "map": "a mapping", "seq": "a list", "int": "a number", "float": "a number", "bool": "a truth value"}
		kind, ok := kinds[m[2]]
		if !ok {
			kind = "a value of type " + m[2]
		}
		return fmt.Sprintf("line %s: %s can't stand here", m[1], kind)
	}
	if m := twice.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("line %s: line %s has this key already", m[1], m[2])
	}
	return place.FindString(text) + ": it can't be understood"
}

// fieldName is what a mistyped field looks like; PASSWORD=8Vw in its place is not
// to be quoted.
var fieldName = regexp.MustCompile(`^[A-Za-z_-]+$`)

// Fields refuses keys of a mapping that are not known, by their line. What is not
// a mapping is for Into to refuse.
func Fields(node *yaml.Node, known ...string) error {
	node = resolve(node)
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Tag == "!!merge" || slices.Contains(known, key.Value) {
			continue
		}
		unknown := "such field"
		if fieldName.MatchString(key.Value) {
			unknown = fmt.Sprintf("field %q", key.Value)
		}
		return fmt.Errorf("line %d: there is no %s; known are %s", key.Line, unknown, strings.Join(known, ", "))
	}
	return nil
}

// Members returns the nodes of a list, or those of the list that a mapping has
// under the key, and nothing where there is no list.
func Members(node *yaml.Node, key string) []*yaml.Node {
	node = resolve(node)
	if node.Kind == yaml.MappingNode {
		node = valueOf(node, key)
	}
	if node.Kind != yaml.SequenceNode {
		return nil
	}
	return node.Content
}

// valueOf returns what a mapping has under the key, or an empty node.
func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return resolve(mapping.Content[i+1])
		}
	}
	return &yaml.Node{}
}

// resolve goes from a document to what it holds and from an alias to what it
// stands for.
func resolve(node *yaml.Node) *yaml.Node {
	for {
		switch {
		case node.Kind == yaml.DocumentNode && len(node.Content) > 0:
			node = node.Content[0]
		case node.Kind == yaml.AliasNode:
			node = node.Alias
		default:
			return node
		}
	}
}

// In puts the file's name before an error of this package, as FILE:LINE: where the
// error names a line.
func In(file string, err error) error {
	if m := leadingLine.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: %s", file, m[1], m[2])
	}
	return fmt.Errorf("%s: %w", file, err)
}

var leadingLine = regexp.MustCompile(`(?s)^line (\d+): (.*)$`)
