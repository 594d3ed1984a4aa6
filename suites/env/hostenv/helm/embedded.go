// SPDX-License-Identifier: MPL-2.0

package helm

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// Embedded returns the values that an object hands to a chart: a HelmRelease of Flux
// (spec.values), an Application of Argo CD (spec.source.helm, spec.sources), a
// HelmChart of k3s (spec.valuesContent). remarks name values that stand elsewhere.
// found is false for other objects, and for one that installs neither chart.
//
// The texts keep the lines of the object, so that places in them are those of the
// file.
func Embedded(source string, object *yaml.Node) (files []File, remarks []hostenv.Remark, found bool) {
	var head struct{ Kind string }
	if object.Decode(&head) != nil {
		return nil, nil, false
	}
	root := object
	if root.Kind == yaml.DocumentNode && len(root.Content) > 0 {
		root = root.Content[0]
	}
	switch head.Kind {
	case "HelmRelease":
		found = installs(at(root, "spec", "chart", "spec", "chart")) || installs(at(root, "spec", "chartRef", "name"))
		files = appendValues(files, source, at(root, "spec", "values"))
		remarks = elsewhere(source, root, "spec.valuesFrom", "spec.postRenderers")
	case "HelmChart":
		found = installs(at(root, "spec", "chart"))
		files = appendValues(files, source, at(root, "spec", "valuesContent"))
		remarks = elsewhere(source, root, "spec.set", "spec.valuesSecrets")
	case "Application":
		origins := []*yaml.Node{at(root, "spec", "source")}
		if list := at(root, "spec", "sources"); list != nil {
			origins = append(origins, list.Content...)
		}
		for _, origin := range origins {
			if origin == nil || !installs(at(origin, "chart")) && !installs(at(origin, "repoURL")) {
				continue
			}
			found = true
			remarks = append(remarks, elsewhere(source, origin, "helm.parameters", "helm.fileParameters", "helm.valueFiles")...)
			// valuesObject wins over values (Argo CD, "Helm").
			if object := at(origin, "helm", "valuesObject"); object != nil {
				files = appendValues(files, source, object)
			} else {
				files = appendValues(files, source, at(origin, "helm", "values"))
			}
		}
	}
	if !found {
		return nil, nil, false
	}
	if len(files) == 0 {
		files = []File{{Source: source, Text: "server: {}"}}
	}
	return files, remarks, true
}

// elsewhere returns remarks for the fields of an object that take values from
// somewhere else.
func elsewhere(source string, object *yaml.Node, fields ...string) []hostenv.Remark {
	var remarks []hostenv.Remark
	for _, field := range fields {
		node := at(object, strings.Split(field, ".")...)
		if node == nil || node.Kind != yaml.ScalarNode && len(node.Content) == 0 {
			continue
		}
		remarks = append(remarks, hostenv.Remark{
			Kind: hostenv.Unseen, Rule: "helm-values-elsewhere", Place: hostenv.Place{File: source, Line: node.Line},
			Message: "Values that " + field + " adds are not read, and they may set variables.",
			Remedy:  "Give what is rendered: kubectl get statefulset NAME -o yaml.",
		})
	}
	return remarks
}

// installs reports whether a chart's name or address is that of one of the charts.
func installs(name *yaml.Node) bool {
	if name == nil {
		return false
	}
	base := name.Value[strings.LastIndex(name.Value, "/")+1:]
	base = strings.TrimSuffix(base, ".git")
	return base == "vault" || base == "openbao" || base == "vault-helm" || base == "openbao-helm"
}

// at returns the node at a path of keys, or nil.
func at(node *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		for node != nil && node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		if node == nil {
			return nil
		}
		next := child(node, key)
		if next == nil {
			return nil
		}
		node = next.value
	}
	return node
}

// appendValues adds values that stand in the object as a mapping or as a text. Lines
// before them are left blank.
func appendValues(files []File, source string, node *yaml.Node) []File {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch {
	case node == nil:
		return files
	case node.Kind == yaml.ScalarNode:
		first := node.Line
		if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
			first--
		}
		return append(files, File{Source: source, Text: strings.Repeat("\n", max(first, 0)) + node.Value})
	}
	raw, err := yaml.Marshal(node)
	if err != nil {
		return files
	}
	return append(files, File{Source: source, Text: string(raw), node: node})
}
