// SPDX-License-Identifier: MPL-2.0

package profile

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

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
	var things []steps.Write
	for _, operation := range document.Operations() {
		path := operation.Fill(nil, "example")
		for _, field := range operation.Body {
			if isSecret(field) {
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
		case operation.Method == http.MethodPost && configures(operation, reads):
			draft.Setup = append(draft.Setup, steps.Write{Path: path, Data: values(operation.Body)})
		case kind == "secret" && strings.HasPrefix(operation.Path, "cred"):
			if operation.Method == http.MethodGet {
				draft.Credentials = append(draft.Credentials, steps.Write{Path: path})
			} else if operation.Method == http.MethodPost && !reads {
				draft.Credentials = append(draft.Credentials, steps.Write{Path: path, Data: values(operation.Body)})
			}
		case operation.Method == http.MethodPost && reads && len(operation.Body) > 0:
			if len(operation.PathFields) > 0 {
				// What returns credentials or logs in needs one that is there before.
				things = append(things, steps.Write{Path: path, Data: values(operation.Body)})
				path = operation.Fill(nil, "sample")
			}
			if concernsAnother(operation, document) {
				continue
			}
			draft.Samples = append(draft.Samples, steps.Sample{Path: path, Data: values(operation.Body)})
		}
	}
	slices.SortStableFunc(things, func(a, b steps.Write) int { return strings.Count(a.Path, "/") - strings.Count(b.Path, "/") })
	draft.Setup = append(draft.Setup, things...)
	for name := range secrets {
		draft.Secrets = append(draft.Secrets, name)
	}
	slices.Sort(draft.Secrets)
	return draft
}

// configures reports whether a write configures the mount: config, or what can be read
// below it, but not what only does something there, as config/rotate-root.
func configures(operation steps.Operation, reads bool) bool {
	elements := strings.Split(operation.Path, "/")
	named := func(element string) bool { return strings.HasPrefix(element, "config") }
	return len(operation.PathFields) == 0 &&
		(named(elements[len(elements)-1]) || reads && len(operation.Body) > 0 && slices.ContainsFunc(elements, named))
}

// concernsAnother reports whether a path is about what is written at another one, as
// keys/config/{name} is about keys/{name}: it can't be written alone.
func concernsAnother(operation steps.Operation, document *steps.Document) bool {
	elements := strings.Split(operation.Path, "/")
	return slices.ContainsFunc(document.Operations(), func(other steps.Operation) bool {
		at := len(elements) - 2
		return other.Method == http.MethodPost && at > 0 && other.Path == strings.Join(slices.Delete(slices.Clone(elements), at, at+1), "/")
	})
}

// isSecret reports whether a field's value is not to be shown.
func isSecret(field steps.Field) bool { return field.Sensitive || steps.LooksSecret(field.Name) }

// values returns a value for each field of a body that is not deprecated. That of a
// secret nothing else has, as it is looked for in answers.
func values(fields []steps.Field) map[string]any {
	data := make(map[string]any)
	for _, field := range fields {
		switch {
		case (field.Deprecated || slices.Contains(enterpriseFields(), field.Name)) && !field.Required:
		case field.Name == "token_bound_cidrs":
			data[field.Name] = []string{"127.0.0.0/8"}
		case field.Name == "token_type": // vault/sdk refuses the default that it documents
			data[field.Name] = "default"
		case field.Default != nil:
			data[field.Name] = asWritten(inSeconds(field, field.Default))
		case field.Sample != nil:
			data[field.Name] = asWritten(field.Sample)
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
		case isSecret(field):
			data[field.Name] = "example-" + field.Name
		default:
			data[field.Name] = "example"
		}
	}
	return data
}

// enterpriseFields are those that vault/sdk adds for what only Enterprise servers do:
// rotation and workload identity. Other servers answer them with an error.
func enterpriseFields() []string {
	return []string{
		"disable_automated_rotation", "rotation_period", "rotation_policy", "rotation_schedule", "rotation_window",
		"identity_token_audience", "identity_token_ttl",
	}
}

// inSeconds returns the default of a duration in seconds: a plugin that has it as a
// time.Duration documents nanoseconds.
func inSeconds(field steps.Field, value any) any {
	number, ok := value.(float64)
	if duration := field.Format == "duration" || field.Format == "seconds"; ok && duration && number >= float64(time.Second) {
		return number / float64(time.Second)
	}
	return value
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
