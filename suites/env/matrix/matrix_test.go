// SPDX-License-Identifier: MPL-2.0

package matrix_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/env/matrix"
)

func measure(t *testing.T, targets ...steps.Target) *matrix.Matrix {
	t.Helper()
	m, err := matrix.Measure(t.Context(), matrix.Rows(), targets, matrix.Options{Probe: "probe", Parallel: 4})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func vaults() (before, after *fake) {
	return &fake{name: "before", rule: environ.HostWins}, &fake{name: "after", rule: environ.PluginWins}
}

// cell returns the cell of a row in the column n.
func cell(t *testing.T, m *matrix.Matrix, id string, n int) matrix.Cell {
	t.Helper()
	for _, r := range m.Rows {
		if r.ID == id {
			return r.Cells[n]
		}
	}
	t.Fatalf("no row %s", id)
	return matrix.Cell{}
}

func TestRowsAreWellFormed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ids := make(map[string]bool)
	for _, r := range matrix.Rows() {
		g.Expect(ids[strings.ToLower(r.ID)]).To(BeFalse(), "two rows %s", r.ID)
		ids[strings.ToLower(r.ID)] = true
		g.Expect(r.Name).NotTo(BeEmpty(), r.ID)
		g.Expect(r.Title).NotTo(BeEmpty(), r.ID)
		g.Expect(r.Group).NotTo(BeEmpty(), r.ID)
		host, inHost := environ.Lookup(r.Host, r.Name)
		registered, inRegistered := environ.Lookup(r.Registered, r.Name)
		if inHost && inRegistered {
			g.Expect(strings.TrimSpace(host)).NotTo(Equal(strings.TrimSpace(registered)), "%s: the winner could not be told", r.ID)
		}
	}
	for _, r := range matrix.Rows() {
		if r.Control != "" {
			g.Expect(ids).To(HaveKey(r.Control))
		}
	}
}

func TestMeasureTellsWhoWins(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	before, after := vaults()
	m := measure(t, before, after)
	g.Expect(m.Failures()).To(BeEmpty())
	g.Expect(m.Targets).To(Equal([]matrix.Column{{Name: "before", Version: "9.9.9"}, {Name: "after", Version: "9.9.9"}}))
	for _, c := range []struct {
		row           string
		before, after matrix.Winner
	}{
		{"neither", matrix.Nobody, matrix.Nobody},
		{"host-only", matrix.Host, matrix.Host},
		{"registered-only", matrix.Registered, matrix.Registered},
		{"registered-over-host", matrix.Host, matrix.Registered},
		{"empty-registered", matrix.Host, matrix.Registered},
		{"without-equals-over-host", matrix.Host, matrix.Host},
		{"spaces", matrix.Host, matrix.Registered},
		{"large", matrix.Host, matrix.Registered},
		{"proxy-twins-lower", matrix.Host, matrix.Host},
		{"proxy-twins-upper", matrix.Registered, matrix.Registered},
		{"version", matrix.Server, matrix.Server},
		{"version-both", matrix.Host, matrix.Server},
		{"mlock-both", matrix.Host, matrix.Registered},
		{"bao-version", matrix.Nobody, matrix.Nobody},
		{"cookie", matrix.GoPlugin, matrix.GoPlugin},
		{"opt-out-true", matrix.Host, matrix.Host},
		{"opt-out-yes", matrix.Host, matrix.Registered},
		{"opt-out-registered", matrix.Host, matrix.Registered},
		{"opt-out-turned-on", matrix.Host, matrix.Host},
		{"opt-out-turned-off", matrix.Host, matrix.Registered},
	} {
		g.Expect(cell(t, m, c.row, 0).Winner).To(Equal(c.before), c.row)
		g.Expect(cell(t, m, c.row, 1).Winner).To(Equal(c.after), c.row)
	}
	both := cell(t, m, "version-both", 0)
	g.Expect(both.Hidden).To(ConsistOf(
		matrix.Hidden{Layer: matrix.Server, Value: "9.9.9"}, matrix.Hidden{Layer: matrix.Registered, Value: "plugin"},
	), "the control row shows that the server sets it too")
	g.Expect(before.running.Load()+after.running.Load()).To(BeZero(), "servers were left running")
	g.Expect(after.started.Load()).To(BeNumerically("<", 20))
}

func TestPluginsInContainers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	image, err := matrix.ParseImage("localhost:5000/probe:1.0.0@sha256:"+strings.Repeat("ab", 32), "runc")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(*image).To(Equal(matrix.Image{Name: "localhost:5000/probe", Tag: "1.0.0", SHA256: strings.Repeat("ab", 32), Runtime: "runc"}))
	can, cannot := &fake{name: "can", rule: environ.PluginWins, images: true}, &fake{name: "can't", rule: environ.PluginWins}
	m, err := matrix.Measure(t.Context(), matrix.Rows(), []steps.Target{can, cannot}, matrix.Options{Probe: "probe", Image: image, Parallel: 4})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(m.Failures()).To(BeEmpty())
	for row, want := range map[string]matrix.Winner{
		"container-host": matrix.Nobody, "container-registered": matrix.Registered, "container-both": matrix.Registered,
		"container-opt-out": matrix.Registered, "container-version": matrix.Server,
	} {
		g.Expect(cell(t, m, row, 0).Winner).To(Equal(want), row)
		g.Expect(cell(t, m, row, 1).Winner).To(Equal(matrix.Unsupported), row)
		g.Expect(cell(t, m, row, 1).Reason).To(ContainSubstring("missing command value"))
	}
	g.Expect(cell(t, m, "registered-over-host", 1).Winner).To(Equal(matrix.Registered), "plugins outside are measured all the same")
}

func TestBadImages(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	digest := "@sha256:" + strings.Repeat("ab", 32)
	for _, text := range []string{"", "probe", "probe:1", "probe" + digest, "probe:" + digest, ":1" + digest, "host:5000/probe" + digest, "probe:1@sha256:ab", "probe:1@sha256:zz"} {
		_, err := matrix.ParseImage(text, "")
		g.Expect(err).To(HaveOccurred(), text)
	}
}

func TestEveryRowShowsADifferenceOrNoneAsTheRuleSays(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	before, after := vaults()
	m := measure(t, before, after)
	for i, row := range matrix.Rows() {
		host := row.Host
		if row.ThenHost != nil {
			host = row.ThenHost
		}
		in := environ.Input{Host: host, Registered: row.Registered, Server: []string{
			"VAULT_VERSION=9.9.9", "VAULT_PLUGIN_METADATA_MODE=false", "VAULT_PLUGIN_AUTOMTLS_ENABLED=true",
		}}
		hostWins := environ.Explain(in, row.Name)
		in.Rule = environ.PluginWins
		pluginWins := environ.Explain(in, row.Name)
		if w := m.Rows[i].Cells[0].Winner; w == matrix.GoPlugin || w == matrix.Unsupported {
			g.Expect(m.Rows[i].Differs()).To(BeFalse(), row.ID)
			continue
		}
		g.Expect(m.Rows[i].Differs()).To(Equal(hostWins.Set != pluginWins.Set || hostWins.Winner != pluginWins.Winner), row.ID)
	}
}

func TestWhatATargetLacksIsUnsupportedAndTheRestMeasured(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := measure(t, &fake{name: "addr", lacks: map[steps.Capability]string{
		steps.HostEnvironment: "somebody else starts this server",
	}})
	g.Expect(cell(t, m, "registered-only", 0).Winner).To(Equal(matrix.Registered))
	conflict := cell(t, m, "registered-over-host", 0)
	g.Expect(conflict.Winner).To(Equal(matrix.Unsupported))
	g.Expect(conflict.Reason).To(Equal("somebody else starts this server"))
	g.Expect(m.Failures()).To(BeEmpty())
}

func TestFailuresAreInTheCells(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, good := vaults()
	m := measure(t, &fake{name: "dead", fails: errors.New("no such server")}, &fake{name: "broken", broken: true}, good)
	g.Expect(cell(t, m, "neither", 0).Reason).To(Equal("no such server"))
	g.Expect(cell(t, m, "neither", 1).Reason).To(ContainSubstring("it is broken"))
	g.Expect(cell(t, m, "neither", 2).Winner).To(Equal(matrix.Nobody))
	rows := 0
	for _, row := range matrix.Rows() {
		if !row.Container { // those are unsupported without an image
			rows++
		}
	}
	g.Expect(m.Failed()).To(Equal(2 * rows))
	g.Expect(m.Failures()[0]).To(And(HavePrefix("dead, "), HaveSuffix(fmt.Sprintf(" and %d rows more: no such server", rows-1))))
	g.Expect(m.Failures()[1]).NotTo(HavePrefix("dead, "), "a cause is said once")
}

func TestACancelledMeasurementEnds(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, after := vaults()
	_, err := matrix.Measure(ctx, matrix.Rows(), []steps.Target{after}, matrix.Options{Probe: "probe"})
	g.Expect(err).To(MatchError(context.Canceled))
	g.Expect(after.running.Load()).To(BeZero())
}

func TestProgressReachesTheEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, after := vaults()
	var last atomic.Int64
	_, err := matrix.Measure(t.Context(), matrix.Rows(), []steps.Target{after}, matrix.Options{
		Probe: "probe", Parallel: 3,
		Progress: func(done, all int) {
			if done == all {
				last.Store(int64(all))
			}
		},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(last.Load()).To(Equal(int64(len(matrix.Rows()))))
}

func TestTheStoredMatrixIsTheMatrix(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	before, _ := vaults()
	m := measure(t, before)
	file := filepath.Join(t.TempDir(), "base.json")
	g.Expect(matrix.WriteBaseline(file, m)).To(Succeed())
	g.Expect(matrix.WriteBaseline(file, m)).To(Succeed(), "over an existing one")

	var stored bytes.Buffer
	g.Expect(matrix.Report{Matrix: m}.WriteJSON(&stored)).To(Succeed())
	read, err := matrix.ReadBaseline("base.json", &stored)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(m))
	c, err := matrix.Compare(read, m, nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(BeEmpty())
	g.Expect(c.NotInBaseline).To(BeEmpty())

	raw, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(raw)).To(BeNumerically("<", 100_000), "large values are shortened")
	read, err = matrix.ReadBaseline("base.json", bytes.NewReader(raw))
	g.Expect(err).NotTo(HaveOccurred())
	unchanged(t, read, m)

	// Older programs shortened whole entries, without a checksum.
	older := regexp.MustCompile(`PP_LARGE=(host|plugi)[^"]*`).ReplaceAllStringFunc(string(raw), func(entry string) string {
		characters := 100_009
		return fmt.Sprintf("%.16s… (%d characters)", "PP_LARGE="+strings.TrimPrefix(entry, "PP_LARGE="), characters)
	})
	older = regexp.MustCompile(`, sha256 [0-9a-f]{8}\)`).ReplaceAllString(older, ")")
	read, err = matrix.ReadBaseline("base.json", strings.NewReader(older))
	g.Expect(err).NotTo(HaveOccurred())
	unchanged(t, read, m)

	// Another value of the same length is a change.
	other := regexp.MustCompile(`sha256 [0-9a-f]{8}`).ReplaceAllString(string(raw), "sha256 00000000")
	read, err = matrix.ReadBaseline("base.json", strings.NewReader(other))
	g.Expect(err).NotTo(HaveOccurred())
	c, err = matrix.Compare(read, m, nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(append(c.NotInBaseline, changedRows(c)...)).To(Equal([]string{"large"}))
}

// unchanged fails if a matrix is not as stored.
func unchanged(t *testing.T, stored, m *matrix.Matrix) {
	t.Helper()
	g := NewWithT(t)
	c, err := matrix.Compare(stored, m, nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Changes).To(BeEmpty())
	g.Expect(c.NotInBaseline).To(BeEmpty())
}

func changedRows(c *matrix.Comparison) (rows []string) {
	for _, change := range c.Changes {
		rows = append(rows, change.Row)
	}
	return rows
}
