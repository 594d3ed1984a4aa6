// SPDX-License-Identifier: MPL-2.0

package nomad

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// apiJob has the fields of Nomad's API that matter here (api.Job).
type apiJob struct {
	TaskGroups []struct {
		Name  string
		Tasks []apiTask
	}
}

type apiTask struct {
	Name, Driver string
	Config       map[string]any
	Env          map[string]string
	Vault        *struct{ Env *bool }
	Identity     *apiIdentity
	Identities   []apiIdentity
	Templates    []struct {
		EmbeddedTmpl          *string
		SourcePath            *string
		Envvars               *bool
		LeftDelim, RightDelim *string
	}
}

type apiIdentity struct {
	Name string
	Env  bool
}

// apiFile is what nomad job inspect, nomad job run -output and nomad alloc status
// -json print: the job, or an object that has it.
type apiFile struct {
	Job *apiJob
	apiJob
}

// isAPI reports whether the text is a job as Nomad's API has it, rather than a job
// file in HCL's JSON.
func isAPI(raw []byte) bool {
	var f apiFile
	return json.Unmarshal(raw, &f) == nil && (f.TaskGroups != nil || f.Job != nil && f.Job.TaskGroups != nil)
}

func readAPI(source string, raw []byte) ([]task, error) {
	var f apiFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("%w: %s is not a job: %w", hostenv.ErrInput, source, errors.New("it is not JSON of Nomad's API"))
	}
	job := f.apiJob
	if f.Job != nil {
		job = *f.Job
	}
	var tasks []task
	for _, group := range job.TaskGroups {
		for _, t := range group.Tasks {
			tasks = append(tasks, t.task(source, string(raw), group.Name))
		}
	}
	return tasks, nil
}

// task turns the API's form into ours.
func (a apiTask) task(source, raw, group string) task {
	t := task{group: group, name: a.Name, driver: a.Driver}
	t.image, _ = a.Config["image"].(string)
	if a.Vault != nil {
		t.vaultToken = a.Vault.Env == nil || *a.Vault.Env
	}
	if a.Identity != nil && a.Identity.Env {
		t.identity = true
	}
	for _, identity := range a.Identities {
		if identity.Env {
			t.names = append(t.names, "NOMAD_TOKEN_"+identity.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		t.env = append(t.env, entry{name, text(a.Env[name]), hostenv.Place{File: source, Line: lineOf(raw, name)}})
	}
	for _, tmpl := range a.Templates {
		if tmpl.Envvars == nil || !*tmpl.Envvars {
			continue
		}
		own := template{left: "{{", right: "}}", at: hostenv.Place{File: source}}
		if tmpl.LeftDelim != nil && *tmpl.LeftDelim != "" {
			own.left = *tmpl.LeftDelim
		}
		if tmpl.RightDelim != nil && *tmpl.RightDelim != "" {
			own.right = *tmpl.RightDelim
		}
		if tmpl.EmbeddedTmpl == nil || *tmpl.EmbeddedTmpl == "" {
			own.fromFile = true
		} else {
			own.data = text(*tmpl.EmbeddedTmpl)
			own.at.Line = lineOf(raw, "EmbeddedTmpl")
		}
		t.templates = append(t.templates, own)
	}
	return t
}

// lineOf returns the line of a JSON text whose key is the only one of that name, or
// 0.
func lineOf(raw, key string) int {
	quoted, err := json.Marshal(key)
	if err != nil {
		return 0
	}
	before, after, found := strings.Cut(raw, string(quoted)+":")
	if !found || strings.Contains(after, string(quoted)+":") {
		return 0
	}
	return strings.Count(before, "\n") + 1
}
