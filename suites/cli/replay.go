// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/replay"
	"github.com/plugproof/plugproof/suites/report"
)

const replayLong = `Replay sends the requests of recordings to servers of a target, each case to a
server of its own, and prints the steps by area and every difference with the
request that shows it. What changes from run to run is masked on both sides.

Without --target and --file the project's own recordings are replayed against the
mock's dialects of those servers; what deliberately differs there is listed.
They can be named as files, too, where there is no file of that name:
  %s

Differences that are meant to be are listed in the file given with --deviations, as
for plugproof diff; there recording may name the recording, without .json.

Exit code 0: all answers are the recorded ones or listed as deviations; 1: some
are not, or what is listed does not differ; 2: wrong usage; 3: the harness or the
target failed, or nothing could be compared.`

const replayExample = `  # the mock against all recordings, as the table in the README
  plugproof replay --format markdown

  # a real server
  plugproof replay --target binary:/usr/bin/bao --file openbao-2.5.5.json --cli /usr/bin/bao

  # some cases against the mock, with the differences that are meant to be
  plugproof replay --target mock:vault-1.14 --file vault-1.14.3.json --case 'env-*' -v`

// replayer is one 'plugproof replay'.
type replayer struct {
	replay.Settings
	replay.Selection
	document
	reports            reports
	target, deviations string
	files              []string
	verbose            bool
}

// replayCommand is 'plugproof replay'.
func replayCommand() *cobra.Command {
	var r replayer
	command := &cobra.Command{
		Use:   "replay [--target TARGET --file RECORDING]",
		Short: "Send recorded requests to a server and show where its answers differ",
		Long:  fmt.Sprintf(replayLong, replay.BundledNames()), Example: replayExample,
		Args: takes(0, 0),
		RunE: func(command *cobra.Command, _ []string) error { return r.run(command) },
	}
	flags := command.Flags()
	flags.StringVar(&r.target, "target", "", "the servers (`TARGET`), as for plugproof run")
	flags.StringSliceVar(&r.files, "file", nil, "recordings (`FILES`) to replay")
	addDeviationsFlag(flags, &r.deviations)
	flags.BoolVarP(&r.verbose, "verbose", "v", false, "show the listed differences too")
	r.addFlags(flags, "text", "json", "markdown")
	r.reports.addFlags(flags, report.Replay)
	addCaseFlags(flags, &r.Settings, &r.Selection)
	return command
}

// job is a recording to be replayed against a target.
type job struct {
	name, target string
	rec          *replay.Recording
}

func (r *replayer) run(command *cobra.Command) error {
	if len(r.files) == 0 && origins(command)["target"] != "" {
		r.target = "" // it is the target of all commands
	}
	if (r.target == "") != (len(r.files) == 0) {
		return usage.Errorf("--target and --file go together: the server, and the recordings to hold it to")
	}
	if err := r.reports.verify(command.Flags()); err != nil {
		return err
	}
	if err := refuseAddressFlags(command, r.target); err != nil {
		return err
	}
	if err := refuseWithout(command, r.format == "text", "--format text", "verbose"); err != nil {
		return err
	}
	started := time.Now()
	jobs, deviations, err := r.jobs()
	if err != nil {
		return usage.Wrap(err)
	}
	unused := unknown(deviations, jobs)
	if jobs, err = r.choose(jobs); err != nil {
		return usage.Wrap(err)
	}
	reports, more, err := r.replay(command, jobs, deviations)
	if err != nil {
		return err
	}
	unused = append(unused, more...)
	own := ownForms{
		"text":     func(w io.Writer) error { return r.writeText(w, reports, unused) },
		"markdown": func(w io.Writer) error { return replay.WriteMarkdown(w, reports, unused) },
	}
	if err := r.writeBeside(command, &r.reports, func(w io.Writer) error { return r.writeReports(w, reports, unused) }); err != nil {
		return err
	}
	if err := r.reports.write(command, replay.Run(reports, unused, started), own); err != nil {
		return err
	}
	return judge(reports, unused)
}

// replay returns a report of each job, and what deviations explain nothing.
func (r *replayer) replay(command *cobra.Command, jobs []job, deviations replay.Deviations) (reports []*replay.Report, unused []string, err error) {
	r.Progress = newProgress(command)
	defer r.Progress.Finish()
	for _, j := range jobs {
		report, err := r.Replay(command.Context(), j.target, j.name, j.rec)
		if err != nil {
			return nil, nil, err
		}
		server, err := serverNamed(command.Context(), j.target, r.Options, deviations.NameServers())
		if err != nil {
			return nil, nil, err
		}
		report.Servers = append(report.Servers, server)
		reports = append(reports, report)
		for _, u := range deviations.Apply(report) {
			unused = append(unused, j.name+": "+u)
		}
	}
	return reports, unused, nil
}

// replayed is the JSON form, which suites/replay/schema.json describes.
type replayed struct {
	Format     string           `json:"format"`
	Recordings []*replay.Report `json:"recordings"`
	// Unused are the deviations that explain no difference.
	Unused []string `json:"unused_deviations"`
}

func (r *replayer) writeReports(w io.Writer, reports []*replay.Report, unused []string) error {
	switch r.format {
	case "json":
		return writeJSON(w, replayed{replay.Format, reports, append([]string{}, unused...)})
	case "markdown":
		return replay.WriteMarkdown(w, reports, unused)
	}
	return r.writeText(w, reports, unused)
}

func (r *replayer) writeText(w io.Writer, reports []*replay.Report, unused []string) error {
	for _, report := range reports {
		report.WriteDifferences(w, r.verbose)
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := report.WriteTable(w); err != nil {
			return err
		}
	}
	return writeUnused(w, unused)
}

// judge returns the failure that the reports amount to.
func judge(reports []*replay.Report, unused []string) error {
	compared, differ := 0, len(unused) > 0
	for _, r := range reports {
		if len(r.Errors) > 0 {
			return errors.New("some cases failed")
		}
		_, sum := r.Counts()
		compared += sum.Total + sum.CommandLine
		differ = differ || r.Differs()
	}
	if compared == 0 {
		return errors.New("nothing could be compared")
	}
	if differ {
		return found("the answers differ")
	}
	return nil
}

// jobs are what the flags name, or the project's recordings.
func (r *replayer) jobs() (jobs []job, deviations replay.Deviations, err error) {
	if r.target == "" {
		for _, own := range replay.BundledRecordings() {
			rec, err := own.Load()
			if err != nil {
				return nil, nil, err
			}
			jobs = append(jobs, job{name: own.Name, target: "mock:" + own.Dialect, rec: rec})
		}
		if r.deviations == "" {
			deviations, err = replay.BundledDeviations()
			return jobs, deviations, err
		}
	}
	for _, file := range r.files {
		rec, err := replay.LoadFile(file)
		if err != nil {
			return nil, nil, err
		}
		jobs = append(jobs, job{name: strings.TrimSuffix(filepath.Base(file), ".json"), target: r.target, rec: rec})
	}
	if r.deviations != "" {
		deviations, err = replay.LoadDeviations(r.deviations)
	}
	return jobs, deviations, err
}

// unknown are the deviations of which the jobs' recordings know nothing.
func unknown(deviations replay.Deviations, jobs []job) []string {
	recordings := map[string]*replay.Recording{}
	for _, j := range jobs {
		recordings[j.name] = j.rec
	}
	return deviations.Unknown(recordings)
}

// choose leaves the chosen cases, and the jobs that have some.
func (r *replayer) choose(jobs []job) ([]job, error) {
	var sets []map[string]*replay.Case
	for _, j := range jobs {
		sets = append(sets, j.rec.Cases)
	}
	if err := r.Choose(sets...); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(jobs, func(j job) bool { return len(j.rec.Cases) == 0 }), nil
}

// writeUnused writes, if there are any, the deviations that explain nothing.
func writeUnused(w io.Writer, unused []string) error {
	if len(unused) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\n== listed as deviations, but without such a difference\n%s\n", strings.Join(unused, "\n"))
	return err
}
