// SPDX-License-Identifier: MPL-2.0

package run

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/steps"
)

const requirementsExample = `  plugproof requirements
  plugproof requirements --area environment --level must
  plugproof requirements --format json | jq -r '.[] | select(.needs == null) | .id'`

// RequirementsCommand is 'plugproof requirements'.
func RequirementsCommand() *cobra.Command {
	var areas, levels []string
	var format string
	command := &cobra.Command{
		Use: "requirements", Short: "List what a server and a plugin must do",
		Long:    "Requirements lists what is checked: identifier, level, area, the documents it\ncomes from, what it needs of the target, and which servers it is about.",
		Example: requirementsExample,
		Args:    cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(command *cobra.Command, _ []string) error {
			all, err := steps.Requirements(features.FS)
			if err != nil {
				return asExit(err)
			}
			// The same check of areas and levels as for a run.
			if _, err := choose(all, nil, areas, levels, ""); err != nil {
				return asExit(err)
			}
			all = slices.DeleteFunc(all, func(r steps.Requirement) bool {
				return len(areas) > 0 && !slices.Contains(areas, r.Area) ||
					len(levels) > 0 && !slices.Contains(levels, string(r.Level))
			})
			if err := writeRequirements(command.OutOrStdout(), all, format); err != nil {
				return asExit(err)
			}
			return nil
		},
	}
	command.Flags().StringSliceVar(&areas, "area", nil, "only these areas")
	command.Flags().StringSliceVar(&levels, "level", nil, "only these levels: must,should,may")
	command.Flags().StringVar(&format, "format", "table", "table, json or markdown")
	return command
}

func writeRequirements(out io.Writer, all []steps.Requirement, format string) error {
	switch format {
	case "table":
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		// A tabwriter keeps its error for Flush.
		_, _ = fmt.Fprintln(table, "ID\tLEVEL\tAREA\tAPPLIES TO\tNEEDS\tTITLE\tSOURCE")
		for _, r := range all {
			_, _ = fmt.Fprintln(table, strings.Join(cells(r), "\t"))
		}
		return table.Flush()
	case "markdown":
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
	case "json":
		listed := make([]listedRequirement, 0, len(all))
		for _, r := range all {
			listed = append(listed, listedRequirement{
				ID: r.ID, Level: r.Level, Area: r.Area, Rule: r.Rule, Title: r.Title, Sources: r.Sources,
				Needs: r.Needs, AppliesTo: r.Applies, Scenarios: r.Cases, Remedy: r.Remedy,
			})
		}
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(listed)
	}
	return &configError{fmt.Errorf("--format %q: there are table, json and markdown", format)}
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
