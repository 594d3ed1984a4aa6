// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

const requirementsLong = `Requirements lists what is checked: identifier, the command that checks it ('run' a
server, 'check' a plugin), level, area, which servers it is about, what it needs of
the target, and the documents it comes from.`

const requirementsExample = `  plugproof requirements --for check
  plugproof requirements --area environment --level must
  plugproof requirements --only REG-003 --format json
  plugproof requirements --format json | jq -r '.[] | select(.needs == null) | .id'`

// requirementsCommand is 'plugproof requirements'.
func requirementsCommand() *cobra.Command {
	var listing conformance.Listing
	var document document
	command := &cobra.Command{
		Use: "requirements", Short: "List what a server and a plugin must do",
		Long: requirementsLong, Example: requirementsExample,
		Args: takes(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			all, err := conformance.Requirements(listing)
			if err != nil {
				return err
			}
			return document.write(command, func(out io.Writer) error { return writeRequirements(out, all, document.format) })
		},
	}
	flags := command.Flags()
	flags.Var(&choice{&listing.For, conformance.Commands()}, "for", "only those that this command checks: "+usage.Enumerate(conformance.Commands(), "or"))
	flags.StringSliceVar(&listing.Only, "only", nil, "only these requirements: REG-003,PLG-001")
	flags.StringSliceVar(&listing.Area, "area", nil, "only these areas: registration,paths")
	flags.StringSliceVar(&listing.Level, "level", nil, "only these levels: must,should,may")
	document.addFlags(flags, "text", "json", "markdown")
	return command
}

func writeRequirements(out io.Writer, all []conformance.Listed, format string) error {
	switch format {
	case "json":
		return writeRequirementsJSON(out, all)
	case "markdown":
		return writeRequirementsMarkdown(out, all)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// A tabwriter keeps its error for Flush.
	_, _ = fmt.Fprintln(table, "ID\tFOR\tLEVEL\tAREA\tAPPLIES TO\tNEEDS\tTITLE\tSOURCE")
	for _, r := range all {
		_, _ = fmt.Fprintln(table, strings.Join(cells(r), "\t"))
	}
	return table.Flush()
}

func writeRequirementsMarkdown(out io.Writer, all []conformance.Listed) error {
	var text strings.Builder
	text.WriteString("| ID | For | Level | Area | Applies to | Needs | Title | Source |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range all {
		row := cells(r)
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", `\|`)
		}
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	_, err := io.WriteString(out, text.String())
	return err
}

func writeRequirementsJSON(out io.Writer, all []conformance.Listed) error {
	listed := make([]listedRequirement, 0, len(all))
	for _, r := range all {
		listed = append(listed, listedRequirement{
			ID: r.ID, For: r.For, Level: r.Level, Area: r.Area, Rule: r.Rule, Title: r.Title, Sources: r.Sources,
			Needs: r.Needs, AppliesTo: r.Applies, Scenarios: r.Cases, Remedy: r.Remedy,
		})
	}
	return writeJSON(out, listed)
}

// listedRequirement is the JSON form, which scripts rely on.
type listedRequirement struct {
	ID        string             `json:"id"`
	For       string             `json:"for"`
	Level     steps.Level        `json:"level"`
	Area      string             `json:"area"`
	Rule      string             `json:"rule,omitempty"`
	Title     string             `json:"title"`
	Sources   []string           `json:"sources"`
	Needs     []steps.Capability `json:"needs,omitempty"`
	AppliesTo string             `json:"applies_to"`
	Scenarios int                `json:"scenarios"`
	Remedy    string             `json:"remedy,omitempty"`
}

func cells(r conformance.Listed) []string {
	var needs []string
	for _, need := range r.Needs {
		needs = append(needs, string(need))
	}
	return []string{r.ID, r.For, string(r.Level), r.Area, r.Applies, strings.Join(needs, " "), r.Title, strings.Join(r.Sources, " ")}
}
