// SPDX-License-Identifier: MPL-2.0

package dialects

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// differs is the column of the list that says what a dialect differs in.
func (s summary) differs() string {
	text := "the ground of all others"
	if s.From != "" {
		text = "nothing established"
	}
	switch n := len(s.DiffersIn); {
	case n > 0:
		text = strings.Join(s.DiffersIn, ", ")
	case s.From != "" && !s.Provisional:
		text = "nothing"
	}
	if s.Inferred > 0 {
		text += fmt.Sprintf(" (%d inferred)", s.Inferred)
	}
	if s.Provisional {
		text += " (provisional)"
	}
	return text
}

func (s summary) from() string {
	if s.From == "" {
		return "-"
	}
	return s.From
}

func listTable(out io.Writer, all []summary) error {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "NAME\tPRODUCT\tVERSION\tENVIRONMENT\tFROM\tDIFFERS IN")
	for _, s := range all {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Product, s.Version, s.Environment, s.from(), s.differs())
	}
	return tw.Flush()
}

func listMarkdown(out io.Writer, all []summary) error {
	var b bytes.Buffer
	row(&b, "dialect", "product", "version", "environment", "from", "differs in")
	row(&b, "---", "---", "---", "---", "---", "---")
	for _, s := range all {
		row(&b, s.Name, s.Product, s.Version, s.Environment, s.from(), s.differs())
	}
	_, err := b.WriteTo(out)
	return err
}

// row writes one line of a Markdown table.
func row(b *bytes.Buffer, cells ...string) {
	for _, c := range cells {
		b.WriteString("|" + strings.ReplaceAll(c, "|", `\|`))
	}
	b.WriteString("|\n")
}

func explainTable(out io.Writer, e explanation) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s %s\n", e.Name, e.Product, e.Version)
	fmt.Fprintf(&b, "Rests on: %s\n", e.Ground)
	if e.Provisional {
		fmt.Fprintln(&b, "Provisional: what is not documented is taken over from the version before.")
	}
	switch {
	case e.From == "":
		fmt.Fprintln(&b, "\nAll other dialects are derived from it.")
	case len(e.Changes) == 0:
		fmt.Fprintf(&b, "\nNo difference from %s is established.\n", e.From)
	default:
		fmt.Fprintf(&b, "\nCHANGES FROM %s\n", e.From)
		for _, c := range e.Changes {
			fmt.Fprintf(&b, "  %s: %s\n      %s: %s\n", c.Field, c.What, c.Evidence, c.Source)
		}
	}
	if len(e.Gaps) > 0 {
		fmt.Fprintln(&b, "\nNOT EMULATED")
		for _, g := range e.Gaps {
			fmt.Fprintf(&b, "  since %s: %s\n      because: %s\n      source: %s\n", g.Since, g.What, g.Why, g.Source)
		}
	}
	fmt.Fprintln(&b, "\nFIELDS, since which version, and their values")
	tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range e.Fields {
		// Values are last: some are long lists.
		fmt.Fprintf(tw, "  %s\t%s\t%s\n", f.Field, f.Since, f.Value)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%d BUILTIN PLUGINS\n", len(e.Builtins))
	tw = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, p := range e.Builtins {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", p.Type, p.Name, p.Version, unusual(p))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	// The last column is mostly empty.
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

// unusual is a builtin's status if it is another than most have.
func unusual(b builtin) string {
	if b.Status == string(dialect.Supported) {
		return ""
	}
	return b.Status
}

func explainMarkdown(out io.Writer, e explanation) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s: %s %s\n\nRests on: %s\n", e.Name, e.Product, e.Version, e.Ground)
	if e.Provisional {
		fmt.Fprintln(&b, "\nProvisional: what is not documented is taken over from the version before.")
	}
	if len(e.Changes) > 0 {
		fmt.Fprintf(&b, "\n### Changes from %s\n\n", e.From)
		row(&b, "field", "what", "evidence", "source")
		row(&b, "---", "---", "---", "---")
		for _, c := range e.Changes {
			row(&b, c.Field, c.What, string(c.Evidence), c.Source)
		}
	}
	if len(e.Gaps) > 0 {
		b.WriteString("\n### Not emulated\n\n")
		row(&b, "since", "what", "why", "source")
		row(&b, "---", "---", "---", "---")
		for _, g := range e.Gaps {
			row(&b, g.Since, g.What, g.Why, g.Source)
		}
	}
	b.WriteString("\n### Sum\n\n")
	row(&b, "field", "value", "since")
	row(&b, "---", "---", "---")
	for _, f := range e.Fields {
		row(&b, f.Field, f.Value, f.Since)
	}
	b.WriteString("\n### Builtin plugins\n\n")
	row(&b, "type", "name", "version", "status")
	row(&b, "---", "---", "---", "---")
	for _, p := range e.Builtins {
		row(&b, p.Type, p.Name, p.Version, p.Status)
	}
	_, err := b.WriteTo(out)
	return err
}
