// SPDX-License-Identifier: MPL-2.0

package kubernetes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// Given are variables of ConfigMaps and Secrets that the manifests lack, by
// configmap/NAME and secret/NAME.
type Given map[string][]hostenv.Variable

// builder collects the environment of one container.
type builder struct {
	objects *Objects
	given   Given
	k       candidate
	vars    hostenv.Set
	links   hostenv.Set
	// partial: names are unknown, so that a reference may be to one of them.
	partial bool
	e       hostenv.Environment
}

// environment joins what the kubelet joins (kubelet, makeEnvironmentVariables):
// envFrom in its order, then env, of which later entries are stronger.
func (o *Objects) environment(k candidate, given Given) (hostenv.Environment, error) {
	b := &builder{objects: o, given: given, k: k, vars: make(hostenv.Set), links: o.serviceLinks(k)}
	b.e.Source = fmt.Sprintf("%s %s, container %s", strings.ToLower(k.owner.Kind), k.owner.Metadata.Name, k.c.Name)
	b.e.Read = slices.Clone(o.read)
	for _, from := range k.c.EnvFrom {
		b.takeAll(from)
	}
	for i, v := range k.c.Env {
		if err := b.takeOne(v); err != nil {
			return hostenv.Environment{}, fmt.Errorf("%s, env, entry %d: %w", b.e.Source, i+1, err)
		}
	}
	// What Kubernetes adds is weaker than what the manifest says.
	all := hostenv.Set{}
	all.Unknown("HOSTNAME", "the container engine", hostenv.Place{File: k.owner.file})
	all.Unknown("PATH", "the image or the container engine", hostenv.Place{File: k.owner.file})
	all.Unknown("HOME", "the image or the container engine", hostenv.Place{File: k.owner.file})
	maps.Copy(all, b.links)
	maps.Copy(all, b.vars)
	b.e.Variables = all.Sorted()
	b.e.ImageUnseen = true
	if serviceLinks(k.pod) {
		b.e.Notes = append(b.e.Notes, "Kubernetes adds variables for each service of the namespace (a service vault gives VAULT_SERVICE_HOST, VAULT_PORT …) unless enableServiceLinks is false; those of services that are not among the manifests are unknown.")
	}
	return b.e, nil
}

func (b *builder) place(line int) hostenv.Place {
	return hostenv.Place{File: b.k.owner.file, Line: line}
}

// takeAll adds the variables of a whole ConfigMap or Secret, and says so when that
// is not among the manifests.
func (b *builder) takeAll(from envFrom) {
	kind, ref := "ConfigMap", from.ConfigMapRef
	if from.SecretRef != nil {
		kind, ref = "Secret", from.SecretRef
	}
	if ref == nil {
		return
	}
	at := b.place(from.line)
	if vars, ok := b.given[strings.ToLower(kind)+"/"+ref.Name]; ok {
		for _, v := range vars {
			b.takeKey(from.Prefix+v.Name, v.Value, kind, ref.Name, v.Known, v.Place)
		}
		return
	}
	m, ok := b.objects.find(kind, ref.Name, b.k.namespace)
	if !ok {
		b.partial = true
		b.e.Remarks = append(b.e.Remarks, hostenv.Remark{
			Kind: hostenv.Unseen, Rule: "kubernetes-env-from-unseen", Place: at,
			Message: fmt.Sprintf("envFrom adds all of %s %s, which is not among the manifests: its variables are unknown.", kind, ref.Name),
			Remedy:  fmt.Sprintf("Add the manifest, or name its variables: --given %s/%s=FILE.", strings.ToLower(kind), ref.Name),
		})
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m.Data)) {
		value, _ := text(m.Data[key])
		b.takeKey(from.Prefix+key, value, kind, ref.Name, true, hostenv.Place{File: m.file, Line: m.Data[key].Line})
	}
	if kind != "Secret" {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m.StringData)) {
		b.takeKey(from.Prefix+key, "", kind, ref.Name, false, hostenv.Place{File: m.file, Line: m.StringData[key].Line})
	}
}

// takeKey adds one key of envFrom. Values of secrets stay unknown even if they are
// there: nothing here needs them.
func (b *builder) takeKey(name, value, kind, object string, known bool, at hostenv.Place) {
	if name == "" || strings.Contains(name, "=") {
		b.e.Remarks = append(b.e.Remarks, hostenv.Remark{
			Kind: hostenv.Ignored, Rule: "kubernetes-name", Place: at,
			Message: fmt.Sprintf("A key of %s %s can't be the name of a variable, so envFrom leaves it out.", kind, object),
			Remedy:  "Rename the key if it is meant as a variable.",
		})
		return
	}
	if !envVarName(name) {
		b.e.Remarks = append(b.e.Remarks, hostenv.Remark{
			Kind: hostenv.Differs, Rule: "kubernetes-name", Variable: name, Place: at,
			Message: fmt.Sprintf("This key of %s %s is not of letters, digits, -, _ and .: Kubernetes up to 1.29 leaves it out (event InvalidVariableNames), later ones set it (RelaxedEnvironmentVariableValidation).", kind, object),
			Remedy:  "Rename the key.",
		})
	}
	switch {
	case kind == "Secret":
		b.vars.Unknown(name, "Secret "+object, at)
	case !known:
		b.vars.Unknown(name, kind+" "+object, at)
	default:
		b.vars.Known(name, value, at)
	}
}

// envVarName reports whether each version of Kubernetes takes the name
// (apimachinery, validation.IsEnvVarName).
func envVarName(name string) bool {
	if name == "." || strings.HasPrefix(name, "..") {
		return false
	}
	for i, c := range []byte(name) {
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '-' || c == '.'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// takeOne adds one entry of env.
func (b *builder) takeOne(v envVar) error {
	at := b.place(v.line)
	if err := hostenv.CheckName(v.Name); err != nil {
		return err
	}
	if len(v.ValueFrom) > 0 {
		for kind, ref := range v.ValueFrom {
			b.takeReference(v.Name, kind, ref, at)
		}
		return nil
	}
	value, isString := text(v.Value)
	if !isString {
		b.e.Remarks = append(b.e.Remarks, hostenv.Remark{
			Kind: hostenv.Refused, Rule: "kubernetes-value-not-a-string", Variable: v.Name, Place: at,
			Message: "The value is not a string, and the API server refuses such a manifest.", Remedy: "Put the value into quotes.",
		})
	}
	if _, _, err := hostenv.Split(v.Name + "=" + value); err != nil {
		return err
	}
	expanded, unknown := b.expand(value)
	if unknown != "" {
		b.vars.Unknown(v.Name, fmt.Sprintf("a value with $(%s), which Kubernetes replaces", unknown), at)
		return nil
	}
	b.vars.Known(v.Name, expanded, at)
	return nil
}

// takeReference adds a variable whose value comes from somewhere else. A reference
// that is optional sets nothing when the key is not there.
func (b *builder) takeReference(name, kind string, ref map[string]any, at hostenv.Place) {
	object, key := fmt.Sprint(ref["name"]), fmt.Sprint(ref["key"])
	optional, _ := ref["optional"].(bool)
	switch kind {
	case "configMapKeyRef", "secretKeyRef":
		of := map[string]string{"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}[kind]
		from := fmt.Sprintf("%s %s, key %s", of, object, key)
		if m, ok := b.objects.find(of, object, b.k.namespace); ok {
			data, inData := m.Data[key]
			_, inStrings := m.StringData[key]
			switch {
			case of == "ConfigMap" && inData:
				value, _ := text(data)
				b.vars.Known(name, value, at)
				return
			case !inData && !inStrings && optional:
				return
			case !inData && !inStrings:
				b.e.Remarks = append(b.e.Remarks, hostenv.Remark{
					Kind: hostenv.Refused, Rule: "kubernetes-key-missing", Variable: name, Place: at,
					Message: fmt.Sprintf("%s %s has no such key, so the container is not started.", of, object),
					Remedy:  "Add the key, or make the reference optional.",
				})
			}
		}
		b.vars.Unknown(name, from, at)
	case "fieldRef":
		b.vars.Unknown(name, fmt.Sprintf("the pod's %v", ref["fieldPath"]), at)
	default:
		b.vars.Unknown(name, kind, at)
	}
}

// expand replaces $(NAME) by what is set before the entry; $$ is a dollar sign,
// and a reference to nothing stays as it is (core/v1, EnvVar.value). unknown is a
// name whose value is not known.
func (b *builder) expand(value string) (expanded, unknown string) {
	var out strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '$' || i+1 == len(value) {
			out.WriteByte(value[i])
			continue
		}
		switch value[i+1] {
		case '$':
			out.WriteByte('$')
			i++
			continue
		case '(':
			if end := strings.IndexByte(value[i:], ')'); end >= 0 {
				name := value[i+2 : i+end]
				v, ok := b.vars[name]
				if !ok {
					v, ok = b.links[name]
				}
				switch {
				case ok && v.Known:
					out.WriteString(v.Value)
				case ok || b.partial:
					unknown = name
				default:
					out.WriteString(value[i : i+end+1])
				}
				i += end
				continue
			}
		}
		out.WriteByte('$')
	}
	return out.String(), unknown
}
