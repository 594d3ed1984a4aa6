// SPDX-License-Identifier: MPL-2.0

package diff

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/plugproof/plugproof/suites/replay"
)

// widest is how many characters of a value a table shows.
const widest = 60

// WriteTable writes the differences for a terminal, a line each, by area.
func (r *Result) WriteTable(w io.Writer) error {
	area := ""
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, every := range r.Everywhere {
		a, b := apart(every.Want, every.Have)
		fmt.Fprintf(tw, "IN %d ANSWERS\n  %s\t%s\t%s, …\n\n", every.Answers, every.Path, a, b)
	}
	for _, e := range r.Entries {
		differences := r.shown(e)
		if len(differences) == 0 {
			continue
		}
		if e.Area != area {
			if area != "" {
				fmt.Fprintln(tw)
			}
			area = e.Area
			fmt.Fprintf(tw, "%s\n  CASE\tREQUEST\tWHERE\t%s\t%s\n", strings.ToUpper(area), r.A, r.B)
		}
		request := cut(e.Request)
		name := e.Case
		if len(e.Requirements) > 0 {
			name = strings.Join(e.Requirements, " ") + " " + name
		}
		for _, d := range differences {
			a, b := apart(d.Want, d.Have)
			fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\t%s\n", name, request, d.Path, a, b)
			name, request = "", ""
		}
		if e.Allowed != "" {
			fmt.Fprintf(tw, "  \tallowed: %s\n", e.Allowed)
		}
		if e.Expired != "" {
			fmt.Fprintf(tw, "  \t%s\n", e.Expired)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.summary())
	return err
}

func (r *Result) summary() string {
	var b strings.Builder
	allowed := 0
	for _, e := range r.Entries {
		if e.Allowed != "" {
			allowed++
		}
	}
	fmt.Fprintf(&b, "%d of %d answers are equal, %s", r.Equal, r.Steps, differ(len(r.Entries)-allowed, "", ""))
	if allowed > 0 {
		fmt.Fprintf(&b, ", %s", differ(allowed, " and is allowed", " and are allowed"))
	}
	b.WriteString(". Versions of the servers and of their builtin plugins are not compared.")
	only := func(name string, ids []string) {
		if len(ids) > 0 {
			fmt.Fprintf(&b, "\nNot compared, answered by %s only: %s", name, strings.Join(ids, ", "))
		}
	}
	only(r.A, r.OnlyA)
	only(r.B, r.OnlyB)
	if len(r.Unused) > 0 {
		fmt.Fprintf(&b, "\nAllowed, but there is no such difference: %s", strings.Join(r.Unused, "; "))
	}
	return b.String()
}

// differ says that so many do, with what is added of one and of more.
func differ(n int, one, more string) string {
	if n == 1 {
		return "1 differs" + one
	}
	return fmt.Sprintf("%d differ%s", n, more)
}

// WriteJSON writes the result as JSON.
func (r *Result) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// WriteMarkdown writes the differences for a pull request.
func (r *Result) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s → %s\n\n%s\n", code(r.A), code(r.B), strings.ReplaceAll(r.summary(), "\n", "\n\n"))
	for _, every := range r.Everywhere {
		want, have := apart(every.Want, every.Have)
		fmt.Fprintf(&b, "\nIn %d answers: %s is %s in one and %s in the other.\n", every.Answers, code(every.Path), code(want), code(have))
	}
	area := ""
	for _, e := range r.Entries {
		differences := r.shown(e)
		if len(differences) == 0 {
			continue
		}
		if e.Area != area {
			area = e.Area
			fmt.Fprintf(&b, "\n#### %s\n\n| case | request | where | %s | %s |\n|---|---|---|---|---|\n", area, code(r.A), code(r.B))
		}
		name := strings.Join(append(e.Requirements, e.Case), " ")
		if e.Allowed != "" {
			name += " (allowed: " + e.Allowed + ")"
		}
		if e.Expired != "" {
			name += " (" + e.Expired + ")"
		}
		for _, d := range differences {
			want, have := apart(d.Want, d.Have)
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", cell(name), code(cut(e.Request)), cell(d.Path), code(want), code(have))
			name = ""
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// code is text in a cell as code.
func code(s string) string { return cell(replay.Code(s)) }

// cell escapes what would end a cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// cut makes a line of a text and shortens it.
func cut(s string) string {
	s = strings.ReplaceAll(strings.TrimSpace(s), "\n", "⏎")
	if utf8.RuneCountInString(s) <= widest {
		return s
	}
	return string([]rune(s)[:widest-1]) + "…"
}

// apart shortens two texts so that the place where they part is in sight.
func apart(a, b string) (string, string) {
	ra, rb := []rune(a), []rune(b)
	shared := 0
	for shared < min(len(ra), len(rb)) && ra[shared] == rb[shared] {
		shared++
	}
	const lead = 15
	if max(len(ra), len(rb)) > widest && shared > 2*lead {
		a, b = "…"+string(ra[shared-lead:]), "…"+string(rb[shared-lead:])
	}
	return cut(a), cut(b)
}
