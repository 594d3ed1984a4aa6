// SPDX-License-Identifier: MPL-2.0

package profile

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/steps"
)

// Draft returns a profile for the plugin's author to correct, made from what the
// plugin documents: its guesses are values by type and by name.
func Draft(kind string, document *steps.Document) steps.Profile {
	if kind == "database" {
		return draftDatabase()
	}
	draft := steps.Profile{Type: kind, Open: []string{}}
	secrets := make(map[string]bool)
	for _, operation := range document.Operations() {
		path := operation.Fill(nil, "example")
		last := path[strings.LastIndex(path, "/")+1:]
		for _, field := range operation.Body {
			if field.Sensitive || looksSecret(field.Name) {
				secrets[field.Name] = true
			}
		}
		if operation.Open && !slices.Contains(draft.Open, path) {
			draft.Open = append(draft.Open, strings.ReplaceAll(path, "example", "+"))
		}
		reads := slices.ContainsFunc(document.Operations(), func(o steps.Operation) bool {
			return o.Path == operation.Path && o.Method == http.MethodGet
		})
		switch {
		case operation.Method == http.MethodPost && operation.Open && kind == "auth":
			draft.Logins = append(draft.Logins, steps.Login{Path: path, Data: values(operation.Body), Policies: []string{"default"}})
		case operation.Method == http.MethodPost && len(operation.PathFields) == 0 && strings.HasPrefix(last, "config"):
			draft.Setup = append(draft.Setup, steps.Write{Path: path, Data: values(operation.Body)})
		case operation.Method == http.MethodPost && reads && len(operation.Body) > 0:
			if len(operation.PathFields) > 0 {
				// What returns credentials or logs in needs one that is there before.
				draft.Setup = append(draft.Setup, steps.Write{Path: path, Data: values(operation.Body)})
				path = operation.Fill(nil, "sample")
			}
			draft.Samples = append(draft.Samples, steps.Sample{Path: path, Data: values(operation.Body)})
		case operation.Method == http.MethodGet && kind == "secret" && strings.HasPrefix(operation.Path, "cred"):
			draft.Credentials = append(draft.Credentials, steps.Write{Path: path})
		}
	}
	for name := range secrets {
		draft.Secrets = append(draft.Secrets, name)
	}
	slices.Sort(draft.Secrets)
	return draft
}

// looksSecret reports whether a field's name says that its value is a secret.
func looksSecret(name string) bool {
	return slices.ContainsFunc([]string{"password", "secret", "private_key", "token"}, func(word string) bool {
		return name == word || strings.HasSuffix(name, "_"+word)
	})
}

// values returns a value for each field of a body that is not deprecated.
func values(fields []steps.Field) map[string]any {
	data := make(map[string]any)
	for _, field := range fields {
		switch {
		case field.Default != nil:
			data[field.Name] = asWritten(field.Default)
		case len(field.Enum) > 0:
			data[field.Name] = field.Enum[0]
		case field.Type == "integer", field.Type == "number", field.Format == "duration", field.Format == "seconds":
			data[field.Name] = 60
		case field.Type == "boolean":
			data[field.Name] = false
		case field.Type == "array":
			data[field.Name] = []string{"example"}
		case field.Type == "object":
			data[field.Name] = map[string]any{"key": "example"}
		default:
			data[field.Name] = "example"
		}
	}
	return data
}

// asWritten returns a number without a fraction as an integer, which YAML would write
// as 2.592e+06.
func asWritten(value any) any {
	const exact = 1 << 53 // up to here a float64 has every integer
	if number, ok := value.(float64); ok && number == math.Trunc(number) && math.Abs(number) <= exact {
		return int64(number)
	}
	return value
}

// draftHead stands above a draft.
const draftHead = `# The profile of the plugin for 'plugproof check', drafted from the plugin's own
# OpenAPI document: correct the values, and remove what does not fit. What it
# lacks is not checked.
`

// Format returns a profile as YAML, with the key plugin.
func Format(p steps.Profile) ([]byte, error) {
	type content struct {
		Type        string            `yaml:"type,omitempty"`
		Args        []string          `yaml:"args,omitempty,flow"`
		Env         []string          `yaml:"env,omitempty,flow"`
		Options     map[string]string `yaml:"options,omitempty,flow"`
		Config      map[string]any    `yaml:"config,omitempty,flow"`
		Setup       []written         `yaml:"setup,omitempty"`
		Samples     []written         `yaml:"samples,omitempty"`
		Credentials []written         `yaml:"credentials,omitempty"`
		Logins      []written         `yaml:"logins,omitempty"`
		Pairs       []written         `yaml:"pairs,omitempty"`
		Rotations   []written         `yaml:"rotations,omitempty"`
		Open        *[]string         `yaml:"open,omitempty,flow"`
		Secrets     []string          `yaml:"secrets,omitempty,flow"`
		UpgradeFrom string            `yaml:"upgrade_from,omitempty"`
		Database    *database         `yaml:"database,omitempty"`
		Probe       steps.ProbeLevel  `yaml:"probe,omitempty"`
	}
	out := content{
		Type: p.Type, Args: p.Args, Env: p.Env, Options: p.Options, Config: p.Config,
		Secrets: p.Secrets, UpgradeFrom: p.UpgradeFrom, Probe: p.Probe,
	}
	if p.Type == "database" {
		out.Database = databaseOf(p.Database)
	} else {
		out.Open = &p.Open
	}
	out.Setup, out.Credentials, out.Pairs, out.Rotations = writtenOf(p.Setup), writtenOf(p.Credentials), pairsOf(p.Pairs), rotationsOf(p.Rotations)
	for _, s := range p.Samples {
		out.Samples = append(out.Samples, written{Path: s.Path, Data: s.Data, Update: s.Update})
	}
	for _, l := range p.Logins {
		out.Logins = append(out.Logins, written{Path: l.Path, Data: l.Data, Wrong: l.Wrong, Policies: l.Policies, Alias: l.Alias})
	}
	var text bytes.Buffer
	text.WriteString(draftHead)
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(map[string]content{"plugin": out}); err != nil {
		return nil, fmt.Errorf("write the profile: %w", err)
	}
	return text.Bytes(), nil
}
