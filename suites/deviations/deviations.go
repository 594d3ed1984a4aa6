// SPDX-License-Identifier: MPL-2.0

// Package deviations holds the list of requirements that real servers are known
// not to keep, deviations.yaml, and marks the outcomes that it explains.
package deviations

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/steps"
)

//go:embed deviations.yaml
var listed []byte

// NoneFiled stands for the issue of a deviation that nobody has reported.
const NoneFiled = "none filed"

// Deviation is one entry of the list. deviations.yaml documents the fields.
type Deviation struct {
	Requirement string   `yaml:"requirement"`
	Servers     []string `yaml:"servers"`
	Step        string   `yaml:"step"`
	Sometimes   bool     `yaml:"sometimes"`
	Does        string   `yaml:"does"`
	Reason      string   `yaml:"reason"`
	Issue       string   `yaml:"issue"`
	Related     []string `yaml:"related"`

	applies steps.Applies
}

// List is what is known of some servers.
type List []Deviation

// Known gives the project's own list.
func Known() (List, error) {
	list, err := Parse(listed)
	if err != nil {
		return nil, fmt.Errorf("known deviations: %w", err)
	}
	return list, nil
}

// Parse reads a list in YAML. Entries that say too little and keys that mean
// nothing are errors.
func Parse(text []byte) (List, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var list List
	if err := decoder.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	for i := range list {
		if err := list[i].check(); err != nil {
			return nil, fmt.Errorf("entry %d (%s): %w", i+1, list[i].Requirement, err)
		}
	}
	return list, nil
}

func (d *Deviation) check() error {
	for name, value := range map[string]string{
		"requirement": d.Requirement, "step": d.Step, "does": d.Does, "reason": d.Reason, "issue": d.Issue,
	} {
		if strings.TrimSpace(value) == "" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	links := d.Related
	if d.Issue != NoneFiled {
		links = append(links, d.Issue)
	}
	for _, link := range links {
		if parsed, err := url.Parse(link); err != nil || parsed.Scheme != "https" || parsed.Host == "" {
			return fmt.Errorf("%q is no https URL; an issue may also be %q", link, NoneFiled)
		}
	}
	// Without a server it would excuse all of them.
	if len(d.Servers) == 0 {
		return errors.New("servers is missing")
	}
	var err error
	d.applies, err = steps.ParseApplies(d.Servers...)
	return err
}

// Of gives the entries about one server.
func (l List) Of(server steps.Identity) List {
	var about List
	for _, d := range l {
		if d.applies.To(server) {
			about = append(about, d)
		}
	}
	return about
}

// Mark turns a failure that the list names into steps.Known and puts the
// explanation before its reason. All other outcomes stay as they are.
func (l List) Mark(outcome steps.Outcome) steps.Outcome {
	if outcome.Status != steps.Fail || outcome.Failure == nil {
		return outcome
	}
	for _, d := range l {
		if d.Requirement == outcome.Requirement.ID && d.Step == outcome.Failure.Step {
			outcome.Status = steps.Known
			outcome.Reason = fmt.Sprintf("known    %s %s\nreason   %s\nissue    %s\n%s", d.applies, d.Does, d.Reason, d.links(), outcome.Reason)
			break
		}
	}
	return outcome
}

func (d *Deviation) links() string {
	return strings.Join(append([]string{d.Issue}, d.Related...), ", ")
}

// Missed gives the entries that did not happen, although they always should: the
// requirement was carried out, and no scenario of it came to steps.Known. Outcomes are those that Mark gave.
func (l List) Missed(outcomes []steps.Outcome) List {
	var missed List
	for _, d := range l {
		ran, seen := false, false
		for _, outcome := range outcomes {
			if outcome.Requirement.ID != d.Requirement {
				continue
			}
			ran = ran || outcome.Status == steps.Pass
			// A failure of another kind, or a broken run, tells nothing.
			seen = seen || outcome.Status == steps.Known || outcome.Status == steps.Fail || outcome.Status == steps.Errored
		}
		if ran && !seen && !d.Sometimes {
			missed = append(missed, d)
		}
	}
	return missed
}

// String is for people: "LIF-014 (openbao >=2.0 <2.6): keeps …".
func (d *Deviation) String() string {
	return fmt.Sprintf("%s (%s): %s", d.Requirement, d.applies, d.Does)
}
