// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/cucumber/godog"
)

// commandResult is what a command printed.
type commandResult struct {
	line           string
	exit           int
	stdout, stderr string
}

// iRun runs a command line, which is split at spaces: no documented command needs
// quotes.
func (w *world) iRun(ctx context.Context, line string) error {
	server, err := w.ensureServer(ctx)
	if err != nil {
		return err
	}
	written := strings.Fields(line)
	if len(written) < 2 || written[0] != "vault" {
		return fmt.Errorf("a command line begins with vault: %q", line)
	}
	// Filled in word by word, so that a placeholder may hold spaces.
	words, err := w.words(line)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w.learnFromCommand(words)
	args := make([]string, 0, len(words))
	for _, word := range words[1:] {
		sent, err := w.outgoing(word)
		if err != nil {
			return err
		}
		args = append(args, sent)
	}
	var stdout, stderr bytes.Buffer
	answering, cancel := w.untilAnswered(ctx)
	defer cancel()
	exit, err := w.suite.config.CommandLine.Run(answering, args, CommandLineEnv(server), &stdout, &stderr)
	if answering.Err() != nil && w.names.suffix != "" {
		w.unanswered = append(w.unanswered, unansweredRequest{what: "vault " + strings.Join(args, " "), suffix: w.names.suffix})
	}
	if err != nil {
		return err
	}
	w.command = &commandResult{line: line, exit: exit,
		stdout: w.names.in(stdout.String()), stderr: w.names.in(stderr.String())}
	w.exchanges = append(w.exchanges, w.mask("$ "+line+"\n"+w.command.describe()))
	return nil
}

// words splits a command line at the spaces outside of placeholders and fills
// the placeholders in.
func (w *world) words(line string) ([]string, error) {
	guarded := placeholder.ReplaceAllStringFunc(line, func(found string) string {
		return strings.ReplaceAll(found, " ", "\x00")
	})
	words := strings.Fields(guarded)
	for i, word := range words {
		filled, err := w.expand(strings.ReplaceAll(word, "\x00", " "))
		if err != nil {
			return nil, err
		}
		words[i] = filled
	}
	return words, nil
}

// learnFromCommand adds the names that a command gives to a plugin or a mount to
// those of the scenario. Only commands that create something do.
func (w *world) learnFromCommand(words []string) {
	if len(words) < 3 {
		return
	}
	last := words[len(words)-1]
	switch words[1] + " " + words[2] {
	case "plugin register":
		w.names.add(last)
	case "secrets enable", "auth enable":
		path := last
		for _, word := range words {
			if given, ok := strings.CutPrefix(word, "-path="); ok {
				path = given
			}
		}
		w.names.add(path)
	}
}

func (c *commandResult) describe() string {
	text := fmt.Sprintf("exit %d", c.exit)
	if c.stdout != "" {
		text += "\n" + shorten(c.stdout)
	}
	if c.stderr != "" {
		text += "\nstderr: " + shorten(c.stderr)
	}
	return text
}

func (w *world) ran() (*commandResult, error) {
	if w.command == nil {
		return nil, fmt.Errorf("no command was run before this sentence")
	}
	return w.command, nil
}

// prints checks that the command succeeded and printed exactly this, apart from
// space around it. Tables have widths that depend on other rows: printsRows.
func (w *world) prints(text string) error {
	got, err := w.ran()
	if err != nil {
		return err
	}
	want, err := w.expand(text)
	if err != nil {
		return err
	}
	if got.exit != 0 || strings.TrimSpace(got.stdout) != strings.TrimSpace(want) {
		return mismatch(fmt.Sprintf("exit 0 and the output\n%s", want), got.describe())
	}
	return nil
}

func (w *world) exits(code int) error {
	got, err := w.ran()
	if err != nil {
		return err
	}
	if got.exit != code {
		return mismatch(fmt.Sprintf("exit %d", code), got.describe())
	}
	return nil
}

func (w *world) failsWith(code int, text string) error {
	if err := w.exits(code); err != nil {
		return err
	}
	if !strings.Contains(w.command.stderr, text) {
		return mismatch(fmt.Sprintf("stderr that contains %q", text), w.command.describe())
	}
	return nil
}

// printsRows checks that the printed table has, for each row of the given table, a
// row with the same first cell and with the other cells as expected. The first
// row names columns; the printed table may have more.
func (w *world) printsRows(table *godog.Table) error {
	got, err := w.ran()
	if err != nil {
		return err
	}
	if got.exit != 0 {
		return mismatch("exit 0 and a table", got.describe())
	}
	printed := readTable(got.stdout)
	heading := table.Rows[0].Cells
	for _, want := range table.Rows[1:] {
		row, ok := printed[want.Cells[0].Value]
		if !ok {
			return mismatch(fmt.Sprintf("a row %q", want.Cells[0].Value), got.describe())
		}
		for i, cell := range want.Cells {
			column := heading[i].Value
			value, there := row[column]
			expected, err := w.expand(cell.Value)
			if err != nil {
				return err
			}
			if err := meets(expected, value, there); err != nil {
				return mismatch(fmt.Sprintf("%s in column %q of %s", expected, column, want.Cells[0].Value), err.Error()+"\n"+got.describe())
			}
		}
	}
	return nil
}

func (w *world) printsNoRow(first string) error {
	got, err := w.ran()
	if err != nil {
		return err
	}
	if _, there := readTable(got.stdout)[first]; got.exit != 0 || there {
		return mismatch(fmt.Sprintf("exit 0 and no row %q", first), got.describe())
	}
	return nil
}

var columnGap = regexp.MustCompile(` {2,}`)

// readTable reads the command line's tables: a heading, a line of dashes, rows;
// columns are separated by four spaces. The key is a row's first cell.
func readTable(output string) map[string]map[string]string {
	rows := make(map[string]map[string]string)
	var heading []string
	for line := range strings.Lines(output) {
		cells := columnGap.Split(strings.TrimSpace(line), -1)
		switch {
		case heading == nil:
			heading = cells
		case strings.HasPrefix(line, "---"):
		case len(cells) == len(heading):
			row := make(map[string]string, len(cells))
			for i, cell := range cells {
				row[heading[i]] = cell
			}
			rows[cells[0]] = row
		}
	}
	return rows
}
