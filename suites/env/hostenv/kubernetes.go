// SPDX-License-Identifier: MPL-2.0

package hostenv

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/internal/yamlfile"
)

// manifest is as much of a Kubernetes object as carries an environment: a pod,
// something with a pod template, a CronJob, a List, a ConfigMap or a Secret.
type manifest struct {
	Kind     string `yaml:"kind"`
	Metadata struct {
		Name string `yaml:"name"`
	} `yaml:"metadata"`
	Spec struct {
		podSpec     `yaml:",inline"`
		Template    podTemplate `yaml:"template"`
		JobTemplate struct {
			Spec struct {
				Template podTemplate `yaml:"template"`
			} `yaml:"spec"`
		} `yaml:"jobTemplate"`
	} `yaml:"spec"`
	Items []manifest `yaml:"items"`
	// Data and StringData are those of ConfigMaps and Secrets.
	Data       map[string]string `yaml:"data"`
	StringData map[string]string `yaml:"stringData"`
}

// podTemplate and what follows have the fields of the API that matter here.
type podTemplate struct {
	Spec podSpec `yaml:"spec"`
}

type podSpec struct {
	Containers         []container `yaml:"containers"`
	EnableServiceLinks *bool       `yaml:"enableServiceLinks"`
}

type container struct {
	Name    string    `yaml:"name"`
	Env     []envVar  `yaml:"env"`
	EnvFrom []envFrom `yaml:"envFrom"`
}

type envVar struct {
	Name      string                    `yaml:"name"`
	Value     string                    `yaml:"value"`
	ValueFrom map[string]map[string]any `yaml:"valueFrom"`
}

type envFrom struct {
	Prefix       string  `yaml:"prefix"`
	ConfigMapRef *objRef `yaml:"configMapRef"`
	SecretRef    *objRef `yaml:"secretRef"`
}

type objRef struct {
	Name string `yaml:"name"`
}

// Kubernetes reads the environment of a container from manifests: a pod, a
// Deployment, StatefulSet, DaemonSet, ReplicaSet, Job or CronJob, alone, in a
// List or among other documents, as YAML or JSON. ConfigMaps and Secrets that
// are in the same text are used. name chooses the container; empty takes the
// only one, or the one called vault or openbao.
func Kubernetes(source string, r io.Reader, name string) (Environment, error) {
	objects, err := decodeManifests(source, r)
	if err != nil {
		return Environment{}, err
	}
	owner, pod, c, err := chooseContainer(source, objects, name)
	if err != nil {
		return Environment{}, err
	}
	e := Environment{Source: fmt.Sprintf("%s, container %s", owner, c.Name)}
	// env is stronger than envFrom, and later entries than earlier ones, so this
	// order matters.
	vars := make(set)
	for _, from := range c.EnvFrom {
		if note := takeAll(from, objects, vars); note != "" {
			e.Notes = append(e.Notes, note)
		}
	}
	for i, v := range c.Env {
		if err := takeOne(v, objects, vars); err != nil {
			return Environment{}, fmt.Errorf("%s, env, entry %d: %w", e.Source, i+1, err)
		}
	}
	e.Variables = vars.sorted()
	e.Notes = append(e.Notes, "Variables of the container's image are not in the manifest; docker inspect of the image shows them.")
	if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
		e.Notes = append(e.Notes, "Kubernetes adds variables for each service of the namespace (a service vault gives VAULT_SERVICE_HOST, VAULT_PORT …) unless enableServiceLinks is false.")
	}
	return e, nil
}

// decodeManifests reads all documents; the members of a List join them.
func decodeManifests(source string, r io.Reader) ([]manifest, error) {
	var objects []manifest
	decoder := yaml.NewDecoder(r)
	for {
		document, err := yamlfile.Document(decoder)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		var m manifest
		if err == nil {
			err = yamlfile.Into(document, &m)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s is no Kubernetes manifest: %w", ErrInput, source, err)
		}
		objects = append(objects, m)
		objects = append(objects, m.Items...)
	}
}

// chooseContainer finds the server's container among all pods.
func chooseContainer(source string, objects []manifest, name string) (owner string, pod podSpec, c container, err error) {
	// The object's name goes with each container for the messages.
	type candidate struct {
		owner string
		pod   podSpec
		c     container
	}
	var all []candidate
	var names []string
	for _, m := range objects {
		for _, p := range []podSpec{m.Spec.podSpec, m.Spec.Template.Spec, m.Spec.JobTemplate.Spec.Template.Spec} {
			for _, c := range p.Containers {
				all = append(all, candidate{strings.ToLower(m.Kind) + " " + m.Metadata.Name, p, c})
				names = append(names, c.Name)
			}
		}
	}
	matches := all
	if name != "" {
		matches = slices.DeleteFunc(slices.Clone(all), func(k candidate) bool { return k.c.Name != name })
	} else if len(all) > 1 {
		matches = slices.DeleteFunc(slices.Clone(all), func(k candidate) bool {
			return k.c.Name != "vault" && k.c.Name != "openbao"
		})
	}
	switch {
	case len(all) == 0:
		return "", podSpec{}, container{}, fmt.Errorf("%w: %s has no pod and nothing with a pod template", ErrInput, source)
	// Guessing among several would report another container's environment.
	case len(matches) != 1:
		return "", podSpec{}, container{}, fmt.Errorf("%w: %s has the containers %s; choose the server's with --container",
			ErrInput, source, strings.Join(names, ", "))
	}
	return matches[0].owner, matches[0].pod, matches[0].c, nil
}

// takeAll adds the variables of a whole ConfigMap or Secret, and says so when
// that isn't in the manifest.
func takeAll(from envFrom, objects []manifest, vars set) (note string) {
	kind, ref := "ConfigMap", from.ConfigMapRef
	if from.SecretRef != nil {
		kind, ref = "Secret", from.SecretRef
	}
	if ref == nil {
		return ""
	}
	m, ok := find(objects, kind, ref.Name)
	if !ok {
		return fmt.Sprintf("envFrom adds all of %s %s, which is not in the manifest: its names are unknown here.", kind, ref.Name)
	}
	for key, value := range m.Data {
		if kind == "Secret" {
			vars.unknown(from.Prefix+key, "Secret "+ref.Name)
			continue
		}
		vars.known(from.Prefix+key, value)
	}
	for key := range m.StringData {
		vars.unknown(from.Prefix+key, "Secret "+ref.Name)
	}
	return ""
}

// takeOne adds one entry of env. Values of secrets stay unknown even if they
// are in the manifest: nothing here needs them.
func takeOne(v envVar, objects []manifest, vars set) error {
	if err := CheckName(v.Name); err != nil {
		return err
	}
	for kind, ref := range v.ValueFrom {
		name, key := fmt.Sprint(ref["name"]), fmt.Sprint(ref["key"])
		switch kind {
		case "configMapKeyRef":
			if m, ok := find(objects, "ConfigMap", name); ok {
				if value, ok := m.Data[key]; ok {
					vars.known(v.Name, value)
					return nil
				}
			}
			vars.unknown(v.Name, fmt.Sprintf("ConfigMap %s, key %s", name, key))
		case "secretKeyRef":
			vars.unknown(v.Name, fmt.Sprintf("Secret %s, key %s", name, key))
		case "fieldRef":
			vars.unknown(v.Name, fmt.Sprintf("the pod's %v", ref["fieldPath"]))
		default:
			vars.unknown(v.Name, kind)
		}
		return nil
	}
	// Kubernetes replaces references to other variables when the pod starts.
	if strings.Contains(v.Value, "$(") {
		vars.unknown(v.Name, fmt.Sprintf("%q, expanded by Kubernetes", v.Value))
		return nil
	}
	if _, _, err := Split(v.Name + "=" + v.Value); err != nil {
		return err
	}
	vars.known(v.Name, v.Value)
	return nil
}

func find(objects []manifest, kind, name string) (manifest, bool) {
	for _, m := range objects {
		if m.Kind == kind && m.Metadata.Name == name {
			return m, true
		}
	}
	return manifest{}, false
}
