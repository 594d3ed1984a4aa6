// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// word is the smallest program: the floor of what it costs to begin one.
const word = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"word\") }\n"

// measureBegin adds the processor time that the programs in dir take to print
// something short, which is nearly all package initialisation, beside a program
// that prints a word.
func measureBegin(ctx context.Context, rounds int, dir string, t *table) error {
	source, floor := filepath.Join(dir, "word.go"), filepath.Join(dir, "word")
	if err := os.WriteFile(source, []byte(word), 0o600); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", floor, source).CombinedOutput(); err != nil {
		return fmt.Errorf("build the program that prints a word: %w\n%s", err, out)
	}
	for _, line := range [][]string{{"plugproof", "version"}, {"plugproof-serve", "--help"}} {
		var ours, below []time.Duration
		for range rounds { // in turn, so that a busy moment is both's
			for _, of := range []struct {
				times *[]time.Duration
				line  []string
			}{{&ours, []string{filepath.Join(dir, line[0]), line[1]}}, {&below, []string{floor}}} {
				took, err := processorTime(ctx, of.line)
				if err != nil {
					return err
				}
				*of.times = append(*of.times, took)
			}
		}
		t.times(row{what: line[0] + " " + line[1] + ", processor time"}, ours, below)
	}
	return nil
}
