// SPDX-License-Identifier: MPL-2.0

package helm

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// place returns where the values have the path of keys and indices: in the last file
// that has it. otherwise is for what no file has.
func (v *values) place(otherwise hostenv.Place, path ...string) hostenv.Place {
	if v.sub != "" {
		path = append([]string{v.sub}, path...)
	}
	for i := len(v.files) - 1; i >= 0; i-- {
		f := v.files[i]
		root := f.node
		if root == nil {
			var document yaml.Node
			if err := yaml.Unmarshal([]byte(strings.TrimPrefix(f.Text, "\ufeff")), &document); err != nil || len(document.Content) == 0 {
				continue
			}
			root = document.Content[0]
		}
		if line := lineOf(root, path); line > 0 {
			return hostenv.Place{File: f.Source, Line: line}
		}
	}
	return otherwise
}

// lineOf returns the line of a node below another one, or 0. Anchors are followed.
func lineOf(node *yaml.Node, path []string) int {
	line := node.Line
	for _, key := range path {
		for node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		next := child(node, key)
		if next == nil {
			return 0
		}
		node, line = next.value, next.line
	}
	return line
}

type found struct {
	value *yaml.Node
	line  int
}

func child(node *yaml.Node, key string) *found {
	switch node.Kind {
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(node.Content) {
			return &found{node.Content[i], node.Content[i].Line}
		}
	case yaml.MappingNode:
		// Of a key that stands twice the last counts.
		for i := len(node.Content) - 2; i >= 0; i -= 2 {
			if node.Content[i].Value == key {
				return &found{node.Content[i+1], node.Content[i].Line}
			}
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == "<<" && node.Content[i+1].Kind == yaml.AliasNode {
				if inner := child(node.Content[i+1].Alias, key); inner != nil {
					return inner
				}
			}
		}
	}
	return nil
}
