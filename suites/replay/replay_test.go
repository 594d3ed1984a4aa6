// SPDX-License-Identifier: MPL-2.0

package replay_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/build"
	"github.com/plugproof/plugproof/suites/internal/servertest"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/targets"
	"github.com/plugproof/plugproof/suites/vaultcli"
)

// binaries builds what the cases find in the plugin directory, once for all.
var binaries = sync.OnceValues(func() (map[string]string, error) {
	return build.Plugins(context.Background(), build.Options{Names: []string{"probe", "probe-v4"}})
})

func runner(t *testing.T, target string) *replay.Runner {
	t.Helper()
	files, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	tgt, err := targets.Parse(target, targets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &replay.Runner{Target: tgt, Binaries: files, CommandLine: vaultcli.CommandLine{}}
	t.Cleanup(func() {
		if err := r.Close(context.Background(), nil); err != nil {
			t.Error(err)
		}
	})
	return r
}

// TestRealServerEqualsRecording holds the harness, the probe and the masks
// against the server that was recorded.
func TestRealServerEqualsRecording(t *testing.T) {
	t.Parallel()
	server := servertest.OpenBao25(t)
	rec, err := replay.Bundled{Name: "openbao-2.5.5"}.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := runner(t, "binary:"+server)
	r.CommandLine = steps.BinaryCommandLine{Path: server}
	check(t, r, "openbao-2.5.5", rec)
}

// check runs the cases as parallel subtests, in short mode one of each area.
func check(t *testing.T, r *replay.Runner, name string, rec *replay.Recording) {
	t.Helper()
	for _, id := range chosen(rec) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			results, err := r.Check(t.Context(), id, rec.Cases[id])
			if err != nil {
				t.Error(err)
			}
			report := &replay.Report{Recording: name, Target: r.Target.Name(), Results: results}
			if report.Differs() {
				var text bytes.Buffer
				report.WriteDifferences(&text, false)
				t.Error(text.String())
			}
			if _, sum := report.Counts(); sum.Missing > 0 {
				t.Errorf("%d steps could not be carried out", sum.Missing)
			}
		})
	}
}

// chosen are all cases, in short mode the first of each area.
func chosen(rec *replay.Recording) []string {
	ids := rec.IDs()
	if !testing.Short() {
		return ids
	}
	var areas []string
	return slices.DeleteFunc(ids, func(id string) bool {
		area := rec.Cases[id].Area
		if slices.Contains(areas, area) {
			return true
		}
		areas = append(areas, area)
		return false
	})
}

// TestDeviationsAreOfRecordedSteps finds entries that name nothing.
func TestDeviationsAreOfRecordedSteps(t *testing.T) {
	t.Parallel()
	deviations, err := replay.BundledDeviations()
	if err != nil {
		t.Fatal(err)
	}
	recordings := map[string]*replay.Recording{}
	for _, own := range replay.BundledRecordings() {
		if recordings[own.Name], err = own.Load(); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range deviations {
		if recordings[d.Recording] == nil {
			t.Errorf("%s: there is no recording %q", d.Case, d.Recording)
		}
	}
	for _, unknown := range deviations.Unknown(recordings) {
		t.Errorf("listed as a deviation: %s", unknown)
	}
}
