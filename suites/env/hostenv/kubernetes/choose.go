// SPDX-License-Identifier: MPL-2.0

package kubernetes

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// candidate is a container of some object.
type candidate struct {
	owner     object
	namespace string
	pod       podSpec
	c         container
	init      bool
}

// path is how a container is named when its name alone is not enough.
func (k candidate) path() string {
	return strings.ToLower(k.owner.Kind) + "/" + k.owner.Metadata.Name + "/" + k.c.Name
}

// candidates returns the containers of all pods.
func (o *Objects) candidates() []candidate {
	var all []candidate
	for _, m := range o.all {
		// What a Deployment keeps of earlier revisions.
		if m.Kind == "ReplicaSet" && m.Spec.Replicas != nil && *m.Spec.Replicas == 0 {
			continue
		}
		for _, p := range []podTemplate{{Spec: m.Spec.podSpec}, m.Spec.Template, m.Spec.JobTemplate.Spec.Template, m.Template} {
			for _, c := range p.Spec.Containers {
				all = append(all, candidate{m, m.Metadata.Namespace, p.Spec, c, false})
			}
			for _, c := range p.Spec.InitContainers {
				all = append(all, candidate{m, m.Metadata.Namespace, p.Spec, c, true})
			}
		}
	}
	return all
}

// HasPods reports whether an object has containers.
func (o *Objects) HasPods() bool { return len(o.candidates()) > 0 }

// Environment returns the environment of a container. name chooses it: a
// container's name, or kind/name/container; empty takes the only one, or the one of
// a server. Several with equal environments, as replicas have them, are one.
// given are names of variables that stand for objects which are not there, by
// configmap/NAME and secret/NAME.
func (o *Objects) Environment(name string, given Given) (hostenv.Environment, error) {
	source := strings.Join(o.read, ", ")
	all := o.candidates()
	if len(all) == 0 {
		return hostenv.Environment{}, fmt.Errorf("%w: %s has no pod and nothing with a pod template", hostenv.ErrInput, source)
	}
	var first *hostenv.Environment
	for _, k := range chosen(all, name) {
		e, err := o.environment(k, given)
		if err != nil {
			return hostenv.Environment{}, err
		}
		if first != nil && !equal(*first, e) {
			first = nil
			break
		}
		if first == nil {
			first = &e
		}
	}
	if first == nil {
		var names []string
		for _, k := range all {
			if !slices.Contains(names, k.path()) {
				names = append(names, k.path())
			}
		}
		// Guessing among several would report another container's environment.
		return hostenv.Environment{}, fmt.Errorf("%w: %s has the containers %s: %w",
			hostenv.ErrInput, source, strings.Join(names, ", "), hostenv.ErrSeveral)
	}
	return *first, nil
}

// chosen returns the containers that may be the server's.
func chosen(all []candidate, name string) []candidate {
	keep := func(fits func(candidate) bool) []candidate {
		return slices.DeleteFunc(slices.Clone(all), func(k candidate) bool { return !fits(k) })
	}
	if name != "" {
		return keep(func(k candidate) bool { return k.c.Name == name || k.path() == name })
	}
	running := keep(func(k candidate) bool { return !k.init })
	if len(running) == 1 {
		return running
	}
	named := keep(func(k candidate) bool {
		return !k.init && slices.Contains([]string{"vault", "openbao", "bao"}, k.c.Name)
	})
	if len(named) > 0 {
		return named
	}
	byImage := keep(func(k candidate) bool {
		image, _, _ := strings.Cut(path.Base(k.c.Image), ":")
		return !k.init && slices.Contains([]string{"vault", "vault-enterprise", "openbao", "openbao-ubi"}, image)
	})
	if len(byImage) > 0 {
		return byImage
	}
	return running
}

// equal reports whether two environments set the same, wherever it stands.
func equal(a, b hostenv.Environment) bool {
	plain := func(e hostenv.Environment) []hostenv.Variable {
		all := slices.Clone(e.Variables)
		for i := range all {
			all[i].Place = hostenv.Place{}
		}
		return all
	}
	return reflect.DeepEqual(plain(a), plain(b)) && len(a.Remarks) == len(b.Remarks)
}
