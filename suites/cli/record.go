// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/plugproof/plugproof/suites/internal/outfile"
	"github.com/plugproof/plugproof/suites/internal/usage"
	"github.com/plugproof/plugproof/suites/replay"
)

const recordLong = `Record runs cases against a target, each on a server of its own, and writes
what was answered to a file that plugproof replay and plugproof diff read. The
project's own cases are used unless --cases names a directory with others.

What changes from run to run is masked. A recording names the server, its
version, the time and the digest of the cases.

Exit code 0: the recording was written; 2: wrong usage; 3: the harness or the
target failed.`

const recordExample = `  plugproof record --target binary:/usr/local/bin/vault --output vault-1.21.json
  plugproof record --target mock:vault-1.16 --case 'env-*' --output env.json`

// recorder is one 'plugproof record'.
type recorder struct {
	replay.Settings
	replay.Selection
	target, output, cases string
}

// recordCommand is 'plugproof record'.
func recordCommand() *cobra.Command {
	var r recorder
	command := &cobra.Command{
		Use:   "record --target TARGET",
		Short: "Record what a server answers to the project's cases or to your own",
		Long:  recordLong, Example: recordExample,
		Args: takes(0, 0),
		RunE: func(command *cobra.Command, _ []string) error { return r.run(command) },
	}
	flags := command.Flags()
	flags.StringVar(&r.target, "target", "", "the servers (`TARGET`), as for plugproof run")
	addOutputFlag(flags, &r.output)
	flags.StringVar(&r.cases, "cases", "", "`DIR` with case files instead of the project's")
	addCaseFlags(flags, &r.Settings, &r.Selection)
	require(command, "target")
	return command
}

func (r *recorder) run(command *cobra.Command) error {
	if err := refuseAddressFlags(command, r.target); err != nil {
		return err
	}
	cases, err := r.load()
	if err != nil {
		return usage.Wrap(err)
	}
	r.Progress = newProgress(command)
	rec, err := r.Record(command.Context(), r.target, cases)
	r.Progress.Finish()
	if err != nil {
		return err
	}
	text, err := rec.Text()
	if err == nil {
		err = outfile.Write(r.output, text, command.OutOrStdout())
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(command.ErrOrStderr(), r.summary(rec))
	return err
}

// summary says what was written where.
func (r *recorder) summary(rec *replay.Recording) string {
	unanswered := 0
	for _, recorded := range rec.Cases {
		if !recorded.Answered() {
			unanswered++
		}
	}
	where := r.output
	if where == outfile.Stdout {
		where = "the standard output"
	}
	text := fmt.Sprintf("%s: recorded %s, cases: %d", where, rec.Server, len(rec.Cases))
	if unanswered > 0 {
		text += fmt.Sprintf(", without answers: %d", unanswered)
	}
	return text
}

// load returns the chosen cases.
func (r *recorder) load() (map[string]*replay.Case, error) {
	load := replay.Cases
	if r.cases != "" {
		if _, err := os.ReadDir(r.cases); err != nil {
			return nil, fmt.Errorf("--cases: %w", err)
		}
		load = func() (map[string]*replay.Case, error) { return replay.LoadCases(os.DirFS(r.cases)) }
	}
	all, err := load()
	if err != nil {
		return nil, err
	}
	return all, r.Choose(all)
}
