// SPDX-License-Identifier: MPL-2.0

package explain

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/internal/show"
)

// layerText says a layer's name to somebody who doesn't know ours.
func layerText(l environ.Layer) string {
	switch l {
	case environ.Host:
		return "the server's environment"
	case environ.Registered:
		return "the plugin's registered env"
	case environ.Server:
		return "the server's own variables"
	case environ.GoPlugin:
		return "go-plugin"
	}
	return l.String()
}

// value quotes an entry's value. What stands for one is said as it is.
func (a Answer) value(e environ.Entry) string {
	if a.Server != nil && e.Layer == environ.Host && strings.HasPrefix(e.Value, "<") {
		return e.Value
	}
	return show.Value(e.Value)
}

// writeStack draws the layers of one dialect, the strongest on top.
func writeStack(out io.Writer, e Answer) error {
	paint := show.PaintFor(out)
	w := &show.Writer{Out: out}
	if e.Set {
		w.Printf("%s = %s\nfrom %s, in %s\n\n", paint.Bold(e.Name), paint.Good(e.value(e.Winner)), layerText(e.Winner.Layer), e.Dialect)
	} else {
		w.Printf("%s is not set for the plugin, in %s\n\n", paint.Bold(e.Name), e.Dialect)
	}
	// The winner is the first entry that is met from the top. All others lost, the
	// winner's own layer included, where a name can be registered twice.
	won := false
	for _, layer := range slices.Backward(e.Order.Layers) {
		var entries []environ.Entry
		if e.Set && e.Winner.Layer == layer {
			entries = append(entries, e.Winner)
		}
		for _, s := range e.Shadowed {
			if s.Layer == layer {
				entries = append(entries, s)
			}
		}
		// Layers without the variable are drawn too: they show where it could be set.
		if len(entries) == 0 {
			w.Printf("    %-28s %s\n", layerText(layer), paint.Dim("–"))
		}
		for _, entry := range entries {
			mark, note, value := " ", paint.Dim("shadowed"), paint.Dim(e.value(entry))
			if !won {
				won = true
				mark, note, value = paint.Good("▶"), paint.Good("wins"), paint.Good(e.value(entry))
			}
			w.Printf("  %s %-28s %s  %s\n", mark, layerText(layer), value, note)
		}
	}
	// Below the stack, since these layers take no part in it.
	for _, entry := range e.Excluded {
		w.Printf("    %-28s %s  %s\n", layerText(entry.Layer), paint.Dim(e.value(entry)), paint.Warn("never reaches the plugin"))
	}
	w.Printf("\nrule    %s: the higher layer wins\nsource  %s\n", e.Order.Name, e.Order.Source)
	return w.Err
}

// writeAnswers lists several dialects and says whether they agree.
func writeAnswers(out io.Writer, name string, answers []Answer) error {
	paint := show.PaintFor(out)
	var table strings.Builder
	tab := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tab, "DIALECT\tVALUE\tFROM\tSHADOWS\tRULE")
	// tabwriter counts bytes of colours as text, so the table is plain.
	differ := false
	for _, a := range answers {
		value, from := "(not set)", "–"
		if a.Set {
			value, from = a.value(a.Winner), a.Winner.Layer.String()
		}
		shadows := make([]string, len(a.Shadowed))
		for i, s := range a.Shadowed {
			shadows[i] = s.Layer.String() + " " + a.value(s)
		}
		if len(shadows) == 0 {
			shadows = []string{"–"}
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\n", a.Dialect, value, from, strings.Join(shadows, ", "), a.Order.Name)
		// Other values count as a difference even from the same layer: a plugin
		// sees VAULT_VERSION change.
		first := answers[0]
		differ = differ || a.Set != first.Set || a.Winner != first.Winner
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	w := &show.Writer{Out: out}
	w.Printf("%s\n\n%s\n", paint.Bold(name), table.String())
	if differ {
		w.Printf("%s Name one with --dialect to see why.\n", paint.Warn("The dialects differ."))
	} else {
		w.Printf("All dialects agree.\n")
	}
	return w.Err
}
