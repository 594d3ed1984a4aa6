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
)

const requirementsExample = `  plugproof requirements
  plugproof requirements --area environment --level must
  plugproof requirements --format json | jq -r '.[] | select(.needs == null) | .id'`

// requirementsCommand is 'plugproof requirements'.
func requirementsCommand() *cobra.Command {
	var areas, levels []string
	var document document
	command := &cobra.Command{
		Use: "requirements", Short: "List what a server and a plugin must do",
		Long:    "Requirements lists what is checked: identifier, level, area, the documents it\ncomes from, what it needs of the target, and which servers it is about.",
		Example: requirementsExample,
		Args:    takes(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			all, err := conformance.Requirements(areas, levels)
			if err != nil {
				return err
			}
			return document.write(command, func(out io.Writer) error { return writeRequirements(out, all, document.format) })
		},
	}
	command.Flags().StringSliceVar(&areas, "area", nil, "only these areas")
	command.Flags().StringSliceVar(&levels, "level", nil, "only these levels: must,should,may")
	document.addFlags(command.Flags(), "text", "json", "markdown")
	return command
}

func writeRequirements(out io.Writer, all []steps.Requirement, format string) error {
	switch format {
	case "json":
		return writeRequirementsJSON(out, all)
	case "markdown":
		return writeRequirementsMarkdown(out, all)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	// A tabwriter keeps its error for Flush.
	_, _ = fmt.Fprintln(table, "ID\tLEVEL\tAREA\tAPPLIES TO\tNEEDS\tTITLE\tSOURCE")
	for _, r := range all {
		_, _ = fmt.Fprintln(table, strings.Join(cells(r), "\t"))
	}
	return table.Flush()
}

func writeRequirementsMarkdown(out io.Writer, all []steps.Requirement) error {
	var text strings.Builder
	text.WriteString("| ID | Level | Area | Applies to | Needs | Title | Source |\n|---|---|---|---|---|---|---|\n")
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

func writeRequirementsJSON(out io.Writer, all []steps.Requirement) error {
	listed := make([]listedRequirement, 0, len(all))
	for _, r := range all {
		listed = append(listed, listedRequirement{
			ID: r.ID, Level: r.Level, Area: r.Area, Rule: r.Rule, Title: r.Title, Sources: r.Sources,
			Needs: r.Needs, AppliesTo: r.Applies, Scenarios: r.Cases, Remedy: r.Remedy,
		})
	}
	return writeJSON(out, listed)
}

// listedRequirement is the JSON form, which scripts rely on.
type listedRequirement struct {
	ID        string             `json:"id"`
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

func cells(r steps.Requirement) []string {
	var needs []string
	for _, need := range r.Needs {
		needs = append(needs, string(need))
	}
	return []string{r.ID, string(r.Level), r.Area, r.Applies, strings.Join(needs, " "), r.Title, strings.Join(r.Sources, " ")}
}
