// SPDX-License-Identifier: MPL-2.0

package matrix_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/matrix"
	"github.com/plugproof/plugproof/suites/internal/deviations"
)

// small makes a matrix of one column by hand.
func small(target string, cells map[string]matrix.Cell) *matrix.Matrix {
	m := &matrix.Matrix{Format: matrix.Format, Targets: []matrix.Column{{Name: target}}}
	for _, id := range []string{"a", "b", "c"} {
		if c, ok := cells[id]; ok {
			m.Rows = append(m.Rows, matrix.Result{ID: id, Variable: strings.ToUpper(id), Cells: []matrix.Cell{c}})
		}
	}
	return m
}

func won(w matrix.Winner, value string) matrix.Cell { return matrix.Cell{Winner: w, Value: value} }

func TestCompareFindsWhatChanged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	baseline := small("vault:1.15", map[string]matrix.Cell{"a": won(matrix.Host, "x"), "b": won(matrix.Host, "x"), "c": won(matrix.Server, "1")})
	now := small("vault:1.16", map[string]matrix.Cell{"a": won(matrix.Registered, "y"), "b": won(matrix.Host, "x"), "c": won(matrix.Server, "2")})
	c, err := matrix.Compare(baseline, now, nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(HaveLen(2))
	g.Expect(c.Changes[0].Text()).To(Equal(`vault:1.16, a (A): was "x" from host, is "y" from registered`))

	now.Rows[2].Volatile = true
	c, err = matrix.Compare(baseline, now, nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(HaveLen(1), "the value of a volatile row doesn't count")
}

func TestAllowedChanges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		allow                    string
		changes, allowed, unused int
	}{
		"none":              {"", 1, 0, 0},
		"by row":            {"- {row: a, reason: meant}", 0, 1, 0},
		"by pattern":        {"- {row: '*', reason: meant}", 0, 1, 0},
		"as JSON":           {`[{"row": "a", "reason": "meant"}]`, 0, 1, 0},
		"right winner":      {"- {row: a, winner: registered, reason: meant}", 0, 1, 0},
		"other winner":      {"- {row: a, winner: nobody, reason: meant}", 1, 0, 1},
		"right target":      {"- {row: a, target: 'binary:/usr/*', reason: meant}", 0, 1, 0},
		"other target":      {"- {row: a, target: 'binary:/opt/*', reason: meant}", 1, 0, 1},
		"row that is equal": {"- {row: b, reason: meant}", 1, 0, 1},
		"expired":           {"- {row: a, reason: meant, expires: 2020-01-01}", 1, 0, 0},
		"other server":      {"- {row: a, servers: [openbao], reason: meant}", 1, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			baseline := small("x", map[string]matrix.Cell{"a": won(matrix.Host, "x"), "b": won(matrix.Host, "x")})
			now := small("binary:/usr/bin/vault", map[string]matrix.Cell{"a": won(matrix.Registered, "y"), "b": won(matrix.Host, "x")})
			allow, err := load(t, c.allow)
			g.Expect(err).NotTo(HaveOccurred())
			got, err := matrix.Compare(baseline, now, allow, nil)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got.Changes).To(HaveLen(c.changes))
			g.Expect(got.Allowed).To(HaveLen(c.allowed))
			g.Expect(got.Unused).To(HaveLen(c.unused))
			for _, change := range got.Allowed {
				g.Expect(change.Reason).To(Equal("meant"))
			}
		})
	}
}

func TestRowsWithoutABaselineAreNamedAndNotCompared(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	unsupported := matrix.Cell{Winner: matrix.Unsupported, Reason: "can't"}
	baseline := small("x", map[string]matrix.Cell{"a": unsupported, "c": won(matrix.Host, "x")})
	now := small("x", map[string]matrix.Cell{"a": won(matrix.Host, "x"), "b": won(matrix.Host, "x")})
	c, err := matrix.Compare(baseline, now, nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(BeEmpty())
	g.Expect(c.NotInBaseline).To(Equal([]string{"a", "b"}))
	g.Expect(c.Gone).To(Equal([]string{"c"}))

	c, err = matrix.Compare(now, small("x", map[string]matrix.Cell{"a": unsupported, "b": won(matrix.Host, "x")}), nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(HaveLen(1), "what was measured and is no longer has changed")

	asks := small("x", map[string]matrix.Cell{"a": won(matrix.Registered, "y")})
	asks.Rows[0].Host = []string{"A=other"}
	c, err = matrix.Compare(now, asks, nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(BeEmpty())
	g.Expect(c.NotInBaseline).To(Equal([]string{"a"}), "the row asks something else now")
}

func TestColumnsAreMatchedByName(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	two := func(a, b string, first, second matrix.Cell) *matrix.Matrix {
		m := small(a, map[string]matrix.Cell{"a": first})
		m.Targets = append(m.Targets, matrix.Column{Name: b})
		m.Rows[0].Cells = append(m.Rows[0].Cells, second)
		return m
	}
	host, registered := won(matrix.Host, "x"), won(matrix.Registered, "y")
	c, err := matrix.Compare(two("a", "b", host, registered), two("b", "a", registered, host), nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(BeEmpty())

	_, err = matrix.Compare(two("a", "b", host, registered), two("a", "z", host, registered), nil, nil)
	g.Expect(err).To(MatchError(matrix.ErrBaseline))
	g.Expect(err).To(MatchError(ContainSubstring("no column for z")))
}

func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, text := range []string{
		"", "{", "[]", `{"format": "other/9"}`,
		`{"format": "` + matrix.Format + `", "targets": [{"name": "x"}], "rows": [{"id": "a", "cells": []}]}`,
	} {
		_, err := matrix.ReadBaseline("base.json", strings.NewReader(text))
		g.Expect(err).To(MatchError(matrix.ErrBaseline), text)
	}
	_, err := load(t, "- {row: a, winner: me, reason: x}")
	g.Expect(err).To(MatchError(ContainSubstring(`allow.yaml:1: "me" is not a winner`)))
}

// load reads a list of deviations.
func load(t *testing.T, text string) (deviations.List, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "allow.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return matrix.LoadDeviations(file)
}
