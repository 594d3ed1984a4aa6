// SPDX-License-Identifier: MPL-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one measurement. Empty fields are printed as a dash.
type row struct {
	what, value, floor, ratio, aim string
	// mock and below are the numbers of value and floor, in unit.
	mock, below float64
	unit        string
}

// The units of numbers.
const (
	unitTime   = "ms"
	unitRate   = "/s"
	unitMemory = "MB"
	unitSmall  = "KB"
	unitCount  = ""
)

// table holds the measurements of a run.
type table struct{ rows []row }

// figure returns the ratio of the row, or its value if it has no ratio.
func (r row) figure() string { return cmp.Or(r.ratio, r.value) }

// write prints the table. The same rows of beside, if there are any, become the
// last column.
func (t *table) write(w io.Writer, beside table) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := "MEASURE\tMOCK\tFLOOR\tRATIO\tAIM"
	if len(beside.rows) > 0 {
		head += "\tBESIDE"
	}
	fmt.Fprintln(tw, head)
	for i, r := range t.rows {
		line := []string{r.what, r.value, r.floor, r.ratio, r.aim}
		if len(beside.rows) > 0 {
			line = append(line, "")
			if i < len(beside.rows) {
				line[5] = beside.rows[i].figure()
			}
		}
		for i := range line {
			line[i] = cmp.Or(line[i], "-")
		}
		fmt.Fprintln(tw, strings.Join(line, "\t"))
	}
	return tw.Flush()
}

// times adds the median of the times, beside that of the floor if there is one.
func (t *table) times(r row, times, floor []time.Duration) {
	value := median(times)
	r.value, r.mock, r.unit = milliseconds(value), inMilliseconds(value), unitTime
	if len(floor) > 0 {
		below := median(floor)
		r.floor, r.ratio = milliseconds(below), ratio(float64(value), float64(below))
		r.below = inMilliseconds(below)
	}
	t.rows = append(t.rows, r)
}

// rates adds a rate in requests per second, beside that of the floor.
func (t *table) rates(r row, rate, floor float64) {
	r.value, r.floor, r.ratio = fmt.Sprintf("%.0f/s", rate), fmt.Sprintf("%.0f/s", floor), ratio(rate, floor)
	r.mock, r.below, r.unit = rate, floor, unitRate
	t.rows = append(t.rows, r)
}

// memory adds an amount of memory, given in MB, in a unit of megabytes or kilobytes,
// beside the one in r.below if it is not 0.
func (t *table) memory(r row, amount float64, unit string) {
	if unit == unitSmall {
		amount *= 1024
	}
	r.value, r.mock, r.unit = fmt.Sprintf("%.0f %s", amount, unit), amount, unit
	if r.below != 0 {
		r.floor, r.ratio = fmt.Sprintf("%.0f %s", r.below, unit), ratio(amount, r.below)
	}
	t.rows = append(t.rows, r)
}

// count adds a number of things, beside the floor if it is not 0.
func (t *table) count(r row, number, floor float64) {
	r.value, r.mock, r.below, r.unit = fmt.Sprintf("%.4g", number), number, floor, unitCount
	if floor != 0 {
		r.floor, r.ratio = fmt.Sprintf("%.4g", floor), ratio(number, floor)
	}
	t.rows = append(t.rows, r)
}

func ratio(value, floor float64) string { return fmt.Sprintf("%.2f x", value/floor) }

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", inMilliseconds(d))
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// median returns the median of at least one figure. Unlike a mean, it is hardly
// affected by a busy machine, whose outliers are all on one side.
func median[T cmp.Ordered](figures []T) T {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}
