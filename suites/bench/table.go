// SPDX-License-Identifier: MPL-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// row is one figure. An empty text is shown as a dash.
type row struct{ what, value, floor, ratio, aim, openbao string }

// table is what a run has found so far.
type table struct{ rows []row }

// write prints the table. The last column is OpenBao 2.5.5 on two cores, for
// comparison.
func (t *table) write(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "MEASURE\tMOCK\tFLOOR\tRATIO\tAIM\tOPENBAO")
	for _, r := range t.rows {
		line := []any{r.what, r.value, r.floor, r.ratio, r.aim, r.openbao}
		for i := range line {
			if line[i] == "" {
				line[i] = "-"
			}
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", line...)
	}
	return tw.Flush()
}

// times adds the median of some times, beside that of the floor if there is one.
func (t *table) times(r row, times, floor []time.Duration) {
	value := median(times)
	r.value = milliseconds(value)
	if len(floor) > 0 {
		below := median(floor)
		r.floor, r.ratio = milliseconds(below), ratio(float64(value), float64(below))
	}
	t.rows = append(t.rows, r)
}

// rates adds a number of requests a second, beside that of the floor.
func (t *table) rates(r row, rate, floor float64) {
	r.value, r.floor, r.ratio = fmt.Sprintf("%.0f/s", rate), fmt.Sprintf("%.0f/s", floor), ratio(rate, floor)
	t.rows = append(t.rows, r)
}

func ratio(value, floor float64) string { return fmt.Sprintf("%.2f x", value/floor) }

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// median of at least one time: a busy machine makes outliers in one direction
// only, so a mean would say more of the machine than of the server.
func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
