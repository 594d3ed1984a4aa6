// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v4/process"
)

// Subject is a plugin that is checked itself, rather than the server.
type Subject struct {
	// Type is secret or auth.
	Type string
	// Env is registered with it, as NAME=value.
	Env []string
	// SamplePath is a path below the mount that stores what is written to it;
	// empty leaves out what needs one. SampleBody is what is written, as JSON.
	SamplePath, SampleBody string
}

// SubjectName is what the binary and the registration are called in features.
const SubjectName = "my-plugin"

// Places are the table that its mounts are made in, and what stands before a
// mount's path in requests.
func (s *Subject) Places() (table, at string) {
	if s.Type == "auth" {
		return "sys/auth", "auth/"
	}
	return "sys/mounts", ""
}

// saved gives the values that features about plugins use as placeholders.
func (s *Subject) saved() map[string]string {
	table, at := s.Places()
	return map[string]string{"table": table, "at": at}
}

func (w *world) subject() (*Subject, error) {
	if w.suite.config.Subject == nil {
		return nil, fmt.Errorf("this run checks a server, not a plugin")
	}
	return w.suite.config.Subject, nil
}

func (w *world) subjectRegistered(ctx context.Context) error {
	return w.subjectRegisteredWith(ctx, "", "")
}

// subjectRegisteredWith adds a variable to those that the user gave.
func (w *world) subjectRegisteredWith(ctx context.Context, name, value string) error {
	subject, err := w.subject()
	if err != nil {
		return err
	}
	if err := w.hold(ctx, SubjectName); err != nil {
		return err
	}
	env := append([]string{}, subject.Env...)
	if name != "" {
		env = append(env, name+"="+value)
	}
	body, err := json.Marshal(map[string]any{
		"command": SubjectName, "sha256": w.saved["sha256 of "+SubjectName], "env": env,
	})
	if err != nil {
		return err
	}
	return w.must(ctx, http.MethodPut, "sys/plugins/catalog/"+subject.Type+"/"+SubjectName, string(body))
}

func (w *world) subjectMounted(ctx context.Context, path string) error {
	return w.mount(ctx, w.saved["table"]+"/", SubjectName, path, nil)
}

func (w *world) samplePath(mount string) string {
	return w.saved["at"] + mount + "/" + strings.TrimPrefix(w.suite.config.Subject.SamplePath, "/")
}

func (w *world) sampleWritten(ctx context.Context, mount string) error {
	subject, err := w.subject()
	if err != nil {
		return err
	}
	return w.must(ctx, http.MethodPost, w.samplePath(mount), subject.SampleBody)
}

// sampleRead wants at least the fields that were written. Plugins may add some.
func (w *world) sampleRead(ctx context.Context, mount string) error {
	subject, err := w.subject()
	if err != nil {
		return err
	}
	if err := w.asRoot(ctx, http.MethodGet, w.samplePath(mount), ""); err != nil {
		return err
	}
	written, _ := newAnswer(0, nil, []byte(subject.SampleBody)).content.(map[string]any)
	for field, value := range written {
		got, _ := w.answer.lookup("data." + field)
		if w.answer.status != http.StatusOK || render(got) != render(value) {
			return mismatch(fmt.Sprintf("%s=%s as it was written", field, render(value)), describeAnswer(w.answer))
		}
	}
	return nil
}

// sampleMissing wants nothing there, or none of the fields that were written.
func (w *world) sampleMissing(ctx context.Context, mount string) error {
	if err := w.sampleRead(ctx, mount); err == nil {
		return mismatch("nothing of what was written elsewhere", describeAnswer(w.answer))
	}
	if w.answer == nil || w.answer.status >= http.StatusInternalServerError {
		return mismatch("an answer that is no server error", describeAnswer(w.answer))
	}
	return nil
}

// theProcess finds the one process of a binary.
func (w *world) theProcess(ctx context.Context, binary string) (*process.Process, error) {
	if err := w.processesOf(ctx, 1, binary); err != nil {
		return nil, err
	}
	found, err := w.processes(ctx, binary)
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, mismatch("one process of "+binary, strconv.Itoa(len(found)))
	}
	return found[0], nil
}

func (w *world) processKept(ctx context.Context, binary, name string) error {
	found, err := w.theProcess(ctx, binary)
	if err != nil {
		return err
	}
	w.saved[name] = strconv.Itoa(int(found.Pid))
	return nil
}

// processHas reads a variable from the system's process table, since a plugin
// need not show it.
func (w *world) processHas(ctx context.Context, binary, name, value string) error {
	found, err := w.theProcess(ctx, binary)
	if err != nil {
		return err
	}
	environ, err := found.EnvironWithContext(ctx)
	if err != nil {
		return fmt.Errorf("read the environment of process %d: %w", found.Pid, err)
	}
	got := name + " not set"
	for _, entry := range environ {
		if entry == name+"="+value {
			return nil
		}
		if strings.HasPrefix(entry, name+"=") {
			got = entry
		}
	}
	return mismatch(fmt.Sprintf("%s=%s in the process's environment", name, value), got)
}
