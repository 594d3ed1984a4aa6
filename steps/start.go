// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// typeFits wants a secrets engine without logins and an auth method without
// leases: the type that a plugin declares decides which table it is mounted in.
func (w *world) typeFits() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := installed.subject.Profile
	if installed.subject.Type == "auth" {
		if len(profile.Credentials) > 0 {
			return mismatch("an auth method without leases", "the profile names credentials, and the plugin declares logical.TypeCredential")
		}
		return nil
	}
	declares := "and the plugin declares logical.TypeLogical"
	if len(profile.Logins) > 0 {
		return mismatch("a secrets engine without logins", "the profile names logins, "+declares)
	}
	document, err := w.document()
	if err != nil {
		return err
	}
	for _, operation := range document.Operations() {
		if operation.Open && operation.Method == http.MethodPost && slices.Contains(strings.Split(operation.Path, "/"), "login") {
			return mismatch("a secrets engine without logins", fmt.Sprintf("%s needs no token, %s", operation, declares))
		}
	}
	return nil
}

// startsTried is how often a plugin is started at most to find out how long that takes:
// one start may be slow for what else the machine does.
const startsTried = 3

// startedWithin wants a start of the plugin's process in a time.
func (w *world) startedWithin(ctx context.Context, text string) error {
	limit, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	installed, err := w.installed()
	if err != nil {
		return err
	}
	took := installed.started
	for tried := 1; took > limit && tried < startsTried && installed.target.Unsupported(PluginDirectory) == ""; tried++ {
		begun := time.Now()
		// Servers start it to ask for its version.
		if err := w.registerSubject(ctx); err != nil {
			return err
		}
		took = min(took, time.Since(begun))
	}
	if took <= limit {
		return nil
	}
	if load, ok := machineLoad(ctx); ok && load > busyLoad {
		return &NotCheckedError{Reason: fmt.Sprintf("the machine is too busy to tell: %.0f processes are waiting for each processor, and a start took %s", load, took.Round(10*time.Millisecond))}
	}
	return mismatch("a start within "+limit.String(), fmt.Sprintf("it took %s, at the fastest of %d starts", took.Round(10*time.Millisecond), startsTried))
}

// startScratch registers the plugin for the scenario alone with an empty directory
// for temporary files.
func (w *world) startScratch(ctx context.Context) error {
	machine, err := w.host(ctx)
	if err != nil {
		return err
	}
	directory, err := machine.Temporary(ctx)
	if err != nil {
		return fmt.Errorf("a directory for the plugin's files: %w", err)
	}
	w.removeLater(directory)
	w.scratch = directory
	return w.registerSubject(ctx, "TMPDIR="+directory, "HOME="+directory)
}

// scratchEmpty waits until the scenario's registration has no process, and wants no
// file in its directory.
func (w *world) scratchEmpty(ctx context.Context) error {
	if w.scratch == "" {
		return errors.New("no directory was given to the plugin before this sentence")
	}
	failure := new(Failure)
	if err := w.processesOf(ctx, 0, SubjectName); errors.As(err, &failure) {
		return &NotCheckedError{Reason: "the plugin's process does not end, see PLG-033"}
	} else if err != nil {
		return err
	}
	machine, err := w.host(ctx)
	if err != nil {
		return err
	}
	// Sockets, which List leaves out, are go-plugin's: a server that kills the process
	// leaves them behind.
	left, err := machine.List(ctx, w.scratch)
	if err != nil {
		return fmt.Errorf("read the plugin's directory: %w", err)
	}
	if len(left) > 0 {
		return mismatch("no file left behind", "in its directory for temporary files: "+strings.Join(left, ", "))
	}
	return nil
}
