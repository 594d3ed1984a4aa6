// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/build"
)

// startsCommand is the argument with which this program starts the plugin named by the
// second argument, as many times as the third one says.
const startsCommand = "starts"

// startMany starts and ends a plugin with go-plugin and without a server.
func startMany(path, times string) error {
	p, err := newSubject(path)
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(times)
	if err != nil {
		return fmt.Errorf("number of starts: %w", err)
	}
	for range count {
		f, err := p.start()
		if err != nil {
			return err
		}
		f.client.Kill()
	}
	return nil
}

// measureRun adds the processor time of a run of all requirements on the mock, beside
// that of as many starts of a plugin as it takes: the floor of a run, which can't do
// with less unless its scenarios need fewer.
func measureRun(ctx context.Context, rounds int, dir string, p *subject, t *table) error {
	plugins, err := build.Plugins(ctx, build.Options{Names: conformance.SamplePlugins()})
	if err != nil {
		return err
	}
	traced := filepath.Join(dir, "trace.txt")
	line := []string{filepath.Join(dir, "plugproof"), "run", "--plugins", filepath.Dir(plugins[pluginName])}
	if _, err := processorTime(ctx, append(line, "--trace", traced)); err != nil {
		return err
	}
	trace, err := os.ReadFile(traced)
	if err != nil {
		return err
	}
	scenarios, starts := countTrace(trace)
	if starts == 0 {
		return errors.New("the trace of a run has no start of a plugin")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var ours, below []time.Duration
	for range max(1, rounds/5) { // a run is a thousand times what others measure
		took, err := processorTime(ctx, line)
		if err != nil {
			return err
		}
		least, err := processorTime(ctx, []string{self, startsCommand, p.path, strconv.Itoa(starts)})
		if err != nil {
			return err
		}
		ours, below = append(ours, took), append(below, least)
	}
	t.times(row{what: fmt.Sprintf("run of %d scenarios, %d starts, processor time", scenarios, starts), aim: "<= 1.5 x"}, ours, below)
	return nil
}

// tracedEvent finds the scenarios of a trace and the starts of plugins in it.
var tracedEvent = regexp.MustCompile(`(?m)^\S+ +\S+ +(scenario|start) `)

// countTrace counts the scenarios and the starts of plugins in a trace.
func countTrace(trace []byte) (scenarios, starts int) {
	for _, event := range tracedEvent.FindAllSubmatch(trace, -1) {
		if bytes.Equal(event[1], []byte("start")) {
			starts++
		} else {
			scenarios++
		}
	}
	return scenarios, starts
}

// processorTime runs a command and returns the processor time that it and the
// programs that it waited for took.
func processorTime(ctx context.Context, line []string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", filepath.Base(line[0]), err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
