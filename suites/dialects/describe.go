// SPDX-License-Identifier: MPL-2.0

package dialects

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// summary is one dialect in the list.
type summary struct {
	Name        string `json:"name"`
	Product     string `json:"product"`
	Version     string `json:"version"`
	Environment string `json:"environment"`
	From        string `json:"from,omitempty"`
	Ground      string `json:"ground"`
	Provisional bool   `json:"provisional,omitempty"`
	// DiffersIn are the fields that its changes set, each once.
	DiffersIn []string `json:"differs_in"`
	Inferred  int      `json:"inferred"`
}

func summarize(d *dialect.Dialect) summary {
	s := summary{
		Name: d.Name, Product: string(d.Product), Version: d.Version + d.VersionSuffix, Environment: d.Processes.Environment.String(),
		From: d.Base, Ground: d.Ground, Provisional: d.Provisional, DiffersIn: []string{},
	}
	for _, c := range d.Changes {
		if !slices.Contains(s.DiffersIn, c.Field) {
			s.DiffersIn = append(s.DiffersIn, c.Field)
		}
		if c.Evidence == dialect.Inferred {
			s.Inferred++
		}
	}
	return s
}

// explanation is everything about one dialect.
type explanation struct {
	summary
	Changes  []dialect.Change `json:"changes"`
	Gaps     []dialect.Gap    `json:"not_emulated"`
	Fields   []value          `json:"fields"`
	Builtins []builtin        `json:"builtins"`
}

// value is one field of the dialect, with what its neighbours' changes made of
// it.
type value struct {
	Field string `json:"field"`
	Value string `json:"value"`
	// Since is the dialect whose change set it last; empty if none did.
	Since string `json:"since,omitempty"`
}

type builtin struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Status  string `json:"status"`
}

func describe(d *dialect.Dialect) explanation {
	e := explanation{
		summary: summarize(d), Changes: slices.Clone(d.Changes), Gaps: d.Gaps,
		Fields: values(d), Builtins: []builtin{},
	}
	if e.Changes == nil {
		e.Changes = []dialect.Change{}
	}
	for _, b := range d.Builtins {
		e.Builtins = append(e.Builtins, builtin{b.Type, b.Name, b.Version, string(b.Status)})
	}
	return e
}

// apart returns the fields that are shown otherwise than as values.
func apart() []string { return []string{"Builtins", "Product"} }

// values returns a dialect's fields in their order.
func values(d *dialect.Dialect) []value {
	since := lastSet(d)
	var all []value
	d.Fields(func(name string, v any) {
		if !slices.Contains(apart(), name) {
			all = append(all, value{Field: name, Value: text(v), Since: since[name]})
		}
	})
	return all
}

// lastSet returns the dialect whose change set each field last.
func lastSet(d *dialect.Dialect) map[string]string {
	byName := map[string]*dialect.Dialect{}
	for _, known := range dialect.All() {
		byName[known.Name] = known
	}
	since := map[string]string{}
	for ; d != nil; d = byName[d.Base] {
		for _, c := range d.Changes {
			if since[c.Field] == "" {
				since[c.Field] = d.Name
			}
		}
	}
	return since
}

func text(v any) string {
	switch v := v.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		return fmt.Sprintf("%q", v)
	case []string:
		if len(v) == 0 {
			return "none"
		}
		return strings.Join(v, ", ")
	case map[string]any:
		if len(v) == 0 {
			return "none"
		}
		var keys []string
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return strings.Join(keys, ", ")
	}
	return fmt.Sprint(v)
}
