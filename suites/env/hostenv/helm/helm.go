// SPDX-License-Identifier: MPL-2.0

// Package helm reads the environment of the server that the charts vault-helm and
// openbao-helm install, from the values that they are installed with. What a chart
// renders is Kubernetes objects, which package kubernetes reads.
package helm

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/kubernetes"
)

// File is one file of values, in the order of helm install's --values.
type File struct {
	Source, Text string
	// node has the lines of values that are a part of another file, and else is nil.
	node *yamlnode.Node
}

// Environment returns the environment of the server's container. objects are the
// ConfigMaps and Secrets that are known beside the values; given stand for others.
func Environment(files []File, objects *kubernetes.Objects, given kubernetes.Given) (hostenv.Environment, error) {
	v := values{files: files}
	if err := v.read(); err != nil {
		return hostenv.Environment{}, err
	}
	var result *hostenv.Environment
	for _, c := range v.charts() {
		e, err := v.environment(c, objects, given)
		if err != nil {
			return hostenv.Environment{}, err
		}
		if result == nil {
			result = &e
			continue
		}
		*result = either(*result, e)
	}
	for _, f := range files {
		result.Read = append(result.Read, f.Source)
	}
	result.Source = "Helm values, " + result.Source
	return *result, nil
}

// either returns what one of two environments may be: a variable that they do not
// share has no known value.
func either(a, b hostenv.Environment) hostenv.Environment {
	vars := make(hostenv.Set)
	for _, pair := range [][2]hostenv.Environment{{a, b}, {b, a}} {
		for _, v := range pair[0].Variables {
			other, found := pair[1].Get(v.Name)
			if found && other.Known == v.Known && other.Value == v.Value {
				vars[v.Name] = v
				continue
			}
			vars.Unknown(v.Name, "the chart, which the values do not name", v.Place)
		}
	}
	a.Variables = vars.Sorted()
	a.Notes = append(a.Notes, "The values are those of vault-helm or of openbao-helm, which name the variables of the server VAULT_… and BAO_…: both count.")
	return a
}

// values are the values of all files, merged.
type values struct {
	files []File
	all   map[string]any
	// sub is the key of the chart in the values of one that depends on it, or empty.
	sub string
}

// read merges the files as helm does: mappings key by key, all else by the last
// file.
func (v *values) read() error {
	v.all = make(map[string]any)
	for _, f := range v.files {
		var one map[string]any
		// The library is the one that helm reads values with; its errors may quote
		// the file.
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(f.Text, "\ufeff")), &one); err != nil {
			return fmt.Errorf("%w: %s is not a file of Helm values", hostenv.ErrInput, f.Source)
		}
		v.all = merged(v.all, one)
	}
	v.sub = subchart(v.all)
	if v.sub == "" {
		return v.check()
	}
	own, _ := v.all[v.sub].(map[string]any)
	// The global values of the parent are those of its charts too, and win.
	if global, ok := v.all["global"].(map[string]any); ok {
		own = merged(own, map[string]any{"global": global})
	}
	v.all = own
	return v.check()
}

// check refuses values of another kind than the charts take: nothing would be read of
// them.
func (v *values) check() error {
	for _, c := range []struct {
		path []string
		ok   func(any) bool
		want string
	}{
		{[]string{"server"}, isMap, "a mapping"},
		{[]string{"server", "extraEnvironmentVars"}, isMap, "a mapping of names to values"},
		{[]string{"server", "extraSecretEnvironmentVars"}, isListOfMaps, "a list of envName, secretName and secretKey"},
	} {
		if value := v.at(c.path...); value != nil && !c.ok(value) {
			at := v.place(hostenv.Place{File: v.files[len(v.files)-1].Source}, c.path...)
			return fmt.Errorf("%w: %s: %s is not %s, which the charts refuse", hostenv.ErrInput, at, strings.Join(c.path, "."), c.want)
		}
	}
	return nil
}

func isMap(value any) bool {
	_, ok := value.(map[string]any)
	return ok
}

func isListOfMaps(value any) bool {
	list, ok := value.([]any)
	return ok && !slices.ContainsFunc(list, func(item any) bool { return !isMap(item) })
}

// merged returns a with b over it.
func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = make(map[string]any)
	}
	for key, value := range b {
		over, isMap := value.(map[string]any)
		under, wasMap := out[key].(map[string]any)
		if isMap && wasMap {
			out[key] = merged(under, over)
			continue
		}
		out[key] = value
	}
	return out
}

// subchart returns the key whose values are those of a chart of a server's, if the
// values are of a chart that depends on one.
func subchart(all map[string]any) string {
	if _, own := all["server"].(map[string]any); own {
		return ""
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		inner, _ := all[key].(map[string]any)
		if _, ok := inner["server"].(map[string]any); ok && (strings.Contains(key, "vault") || strings.Contains(key, "bao")) {
			return key
		}
	}
	return ""
}

// at returns the value at a path of keys, or nil.
func (v *values) at(path ...string) any {
	var value any = v.all
	for _, key := range path {
		inner, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = inner[key]
	}
	return value
}

// text returns the value at a path as a chart's toString does.
func (v *values) text(path ...string) string {
	value := v.at(path...)
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// truth reports whether a template's `if` takes the value at a path; otherwise is
// the default of the chart.
func (v *values) truth(otherwise bool, path ...string) bool {
	switch value := v.at(path...).(type) {
	case nil:
		return otherwise
	case bool:
		return value
	case string:
		return value != ""
	case float64:
		return value != 0
	case []any:
		return len(value) > 0
	case map[string]any:
		return len(value) > 0
	}
	return true
}

// charts returns the charts whose values these can be.
func (v *values) charts() []chart {
	image := v.text("server", "image", "repository") + " " + v.sub
	for _, f := range v.files {
		image += " " + filepath.Base(f.Source)
	}
	bao := strings.Contains(image, "bao") || v.at("global", "externalBaoAddr") != nil
	switch vault := strings.Contains(image, "vault") || v.at("server", "enterpriseLicense") != nil; {
	case bao && !vault:
		return []chart{openbao()}
	case vault && !bao:
		return []chart{vaultChart()}
	}
	return []chart{vaultChart(), openbao()}
}
