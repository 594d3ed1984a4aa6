// SPDX-License-Identifier: MPL-2.0

// Package nomad reads the environment of a task from a Nomad job: its file in HCL
// or JSON, or what `nomad job inspect` and `nomad job run -output` print.
package nomad

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// task is as much of a task as its environment depends on, from either form.
type task struct {
	group, name, driver, image string
	env                        []entry
	templates                  []template
	remarks                    []hostenv.Remark
	// vaultToken and identity: Nomad hands the task a token in its environment.
	vaultToken, identity bool
	// names are the variables that its identities and its Consul token bring.
	names []string
}

// entry is one variable of an env block. Its value is unknown where the job says
// it with something that only Nomad knows.
type entry struct {
	name  string
	value text
	at    hostenv.Place
}

// template is a template block with env = true.
type template struct {
	data        text
	left, right string
	// fromFile: the template is in a file that only the client has.
	fromFile bool
	at       hostenv.Place
	// first is the line of the data's first line, and 0 if the data stands in a
	// single line of the file.
	first int
}

// File is a file of values for a job's variables.
type File struct{ Source, Text string }

// RuleClient is the rule of the remark that a task inherits the client's environment.
const RuleClient = "nomad-client-environment"

// Read reads a job and returns the environment of one task: the one of that name,
// else the only one, else the one whose name or image is vault's or openbao's.
// Later sources win over earlier ones as in Nomad (client/taskenv): its own
// variables and the client's environment, then env, then templates with env = true.
// variables are files for the job's variables, as for nomad job run -var-file.
func Read(source string, r io.Reader, name string, variables ...File) (hostenv.Environment, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return hostenv.Environment{}, fmt.Errorf("reading %s: %w", source, err)
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	var tasks []task
	if isAPI(raw) {
		tasks, err = readAPI(source, raw)
	} else {
		tasks, err = readJobFile(source, raw, variables)
	}
	if err != nil {
		return hostenv.Environment{}, err
	}
	t, err := choose(source, tasks, name)
	if err != nil {
		return hostenv.Environment{}, err
	}
	e, err := t.environment(source)
	for _, file := range variables {
		e.Read = append(e.Read, file.Source)
	}
	return e, err
}

// choose finds the server's task; one that is guessed among several would be
// another task's environment.
func choose(source string, tasks []task, name string) (task, error) {
	if len(tasks) == 0 {
		return task{}, fmt.Errorf("%w: %s has no job with a task", hostenv.ErrInput, source)
	}
	matches := tasks
	if name != "" {
		matches = slices.DeleteFunc(slices.Clone(tasks), func(t task) bool { return t.name != name })
	} else if len(tasks) > 1 {
		matches = slices.DeleteFunc(slices.Clone(tasks), func(t task) bool { return !isServer(t.name) && !isServer(t.image) })
	}
	if len(matches) != 1 {
		names := make([]string, len(tasks))
		for i, t := range tasks {
			names[i] = t.name
		}
		return task{}, fmt.Errorf("%w: %s has the tasks %s: %w",
			hostenv.ErrInput, source, strings.Join(names, ", "), hostenv.ErrSeveral)
	}
	return matches[0], nil
}

// isServer reports whether a task's name or image is that of a server: vault,
// openbao and bao, with a registry, a tag and a suffix or without.
func isServer(name string) bool {
	name = name[strings.LastIndex(name, "/")+1:]
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, "@")
	return slices.Contains([]string{"vault", "vault-enterprise", "openbao", "bao", "openbao-hsm"}, name) ||
		strings.HasPrefix(name, "vault-server") || strings.HasPrefix(name, "openbao-server")
}

// environment joins what the task's environment is made of.
func (t task) environment(source string) (hostenv.Environment, error) {
	vars := make(hostenv.Set)
	e := hostenv.Environment{
		Source: fmt.Sprintf("task %s of group %s", t.name, t.group), Read: []string{source}, Remarks: t.remarks,
		Notes: []string{"Nomad adds variables of its own (NOMAD_TASK_NAME, NOMAD_ALLOC_DIR, NOMAD_META_… and so on); they are not in the job."},
	}
	t.inherit(source, &e)
	at := hostenv.Place{File: source}
	if t.vaultToken {
		vars.Unknown("VAULT_TOKEN", "the task's token, which Nomad takes from Vault", at)
		vars.Unknown("VAULT_NAMESPACE", "the task's vault block, if Nomad is given a namespace", at)
	}
	if t.identity {
		vars.Unknown("NOMAD_TOKEN", "the task's identity", at)
	}
	for _, name := range t.names {
		vars.Unknown(name, "the task's identity", at)
	}
	for _, v := range t.env {
		if err := hostenv.CheckName(v.name); err != nil {
			return hostenv.Environment{}, fmt.Errorf("%s: %w", v.at, err)
		}
		v.set(vars, v.at)
	}
	for _, tmpl := range t.templates {
		more, remarks := tmpl.variables()
		maps.Copy(vars, more)
		e.Remarks = append(e.Remarks, remarks...)
	}
	e.Variables = vars.Sorted()
	return e, nil
}

// set adds the variable. Nomad replaces what is left of ${…} when the task starts.
func (v entry) set(vars hostenv.Set, at hostenv.Place) {
	value, known := v.value.known()
	switch {
	case !known || strings.Contains(value, "${"):
		vars.Unknown(v.name, "an expression that Nomad evaluates", at)
	default:
		vars.Known(v.name, value, at)
	}
}

// inherit says what the task has beside the job: Nomad's client passes its own
// environment on to tasks that have no image (client/taskenv, SetHostEnvvars).
func (t task) inherit(source string, e *hostenv.Environment) {
	switch t.driver {
	case "docker", "podman", "containerd", "containerd-driver", "nerdctl":
		e.ImageUnseen = true
	default:
		e.Remarks = append(e.Remarks, hostenv.Remark{
			Kind: hostenv.Unseen, Rule: RuleClient, Place: hostenv.Place{File: source},
			Message: "A task without an image inherits the environment of Nomad's client, but for what its env.denylist has.",
			Remedy:  "Give the unit of the client as well.",
		})
	}
}
