// SPDX-License-Identifier: MPL-2.0

// Package kubernetes reads the environment of a container from Kubernetes objects,
// by the rules of its API (core/v1, EnvVar and EnvFromSource) and of the kubelet,
// which applies them.
package kubernetes

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/internal/yamlfile"
)

// object is as much of a Kubernetes object as matters to an environment: a pod,
// something with a pod template, a CronJob, a List, a ConfigMap, a Secret or a
// Service.
type object struct {
	Kind     string   `yaml:"kind"`
	Metadata metadata `yaml:"metadata"`
	Spec     struct {
		podSpec     `yaml:",inline"`
		Template    podTemplate `yaml:"template"`
		JobTemplate struct {
			Spec struct {
				Template podTemplate `yaml:"template"`
			} `yaml:"spec"`
		} `yaml:"jobTemplate"`
		Replicas  *int          `yaml:"replicas"`
		ClusterIP string        `yaml:"clusterIP"`
		Type      string        `yaml:"type"`
		Ports     []servicePort `yaml:"ports"`
	} `yaml:"spec"`
	// Template is that of a PodTemplate.
	Template podTemplate `yaml:"template"`
	Items    []object    `yaml:"items"`
	// Data and StringData are those of ConfigMaps and Secrets.
	Data       map[string]yaml.Node `yaml:"data"`
	StringData map[string]yaml.Node `yaml:"stringData"`

	file string
}

type metadata struct {
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace"`
}

// podTemplate and what follows have the fields of the API that matter here.
type podTemplate struct {
	Metadata metadata `yaml:"metadata"`
	Spec     podSpec  `yaml:"spec"`
}

type podSpec struct {
	InitContainers     []container `yaml:"initContainers"`
	Containers         []container `yaml:"containers"`
	EnableServiceLinks *bool       `yaml:"enableServiceLinks"`
}

type container struct {
	Name    string    `yaml:"name"`
	Image   string    `yaml:"image"`
	Env     []envVar  `yaml:"env"`
	EnvFrom []envFrom `yaml:"envFrom"`
}

type envVar struct {
	Name      string                    `yaml:"name"`
	Value     yaml.Node                 `yaml:"value"`
	ValueFrom map[string]map[string]any `yaml:"valueFrom"`
	line      int
}

// UnmarshalYAML remembers where the entry stands.
func (v *envVar) UnmarshalYAML(node *yaml.Node) error {
	type plain envVar
	if err := node.Decode((*plain)(v)); err != nil {
		return err
	}
	v.line = node.Line
	return nil
}

type envFrom struct {
	Prefix       string  `yaml:"prefix"`
	ConfigMapRef *objRef `yaml:"configMapRef"`
	SecretRef    *objRef `yaml:"secretRef"`
	line         int
}

// UnmarshalYAML remembers where the entry stands.
func (f *envFrom) UnmarshalYAML(node *yaml.Node) error {
	type plain envFrom
	if err := node.Decode((*plain)(f)); err != nil {
		return err
	}
	f.line = node.Line
	return nil
}

type objRef struct {
	Name     string `yaml:"name"`
	Optional bool   `yaml:"optional"`
}

type servicePort struct {
	Name     string `yaml:"name"`
	Protocol string `yaml:"protocol"`
	Port     int    `yaml:"port"`
}

// Objects are those of one or several files.
type Objects struct {
	all  []object
	read []string
}

// Add reads all documents of a file, YAML or JSON; the members of a List join them.
func (o *Objects) Add(source string, r io.Reader) error {
	decoder := yaml.NewDecoder(r)
	for {
		document, err := yamlfile.Document(decoder)
		if errors.Is(err, io.EOF) {
			o.read = append(o.read, source)
			return nil
		}
		if err == nil {
			err = o.AddNode(source, document)
		}
		if err != nil {
			return fmt.Errorf("%w: %s is not a Kubernetes manifest: %w", hostenv.ErrInput, source, err)
		}
	}
}

// AddNode reads one document, which need not stand in a file as it is: the lines of
// its nodes count.
func (o *Objects) AddNode(source string, document *yaml.Node) error {
	var m object
	if err := yamlfile.Into(document, &m); err != nil {
		return err
	}
	o.add(source, m)
	return nil
}

func (o *Objects) add(source string, m object) {
	m.file = source
	o.all = append(o.all, m)
	for _, item := range m.Items {
		// Members of a PodList need not name their kind.
		if item.Kind == "" {
			item.Kind = strings.TrimSuffix(m.Kind, "List")
		}
		o.add(source, item)
	}
}

// Clone returns a copy to which more can be added.
func (o *Objects) Clone() *Objects {
	return &Objects{all: slices.Clone(o.all), read: slices.Clone(o.read)}
}

// find returns the object of a kind in the namespace; one that names no namespace
// fits each.
func (o *Objects) find(kind, name, namespace string) (object, bool) {
	for _, m := range o.all {
		if m.Kind == kind && m.Metadata.Name == name && sameNamespace(m.Metadata.Namespace, namespace) {
			return m, true
		}
	}
	return object{}, false
}

func sameNamespace(a, b string) bool { return a == b || a == "" || b == "" }

// text returns a scalar's text, and whether it is a string: the API server refuses
// other kinds of values.
func text(node yaml.Node) (string, bool) {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		node = *node.Alias
	}
	isString := node.Kind == 0 || node.Tag == "!!str" || node.Tag == "!!null"
	if node.Tag == "!!null" {
		return "", true
	}
	return node.Value, isString && (node.Kind == 0 || node.Kind == yaml.ScalarNode)
}
