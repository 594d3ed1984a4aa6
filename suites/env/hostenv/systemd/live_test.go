// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// recordVariable names the environment variable with which a run of the tests
// writes what the real systemd does into testdata.
const recordVariable = "PLUGPROOF_RECORD"

// recording is what a real systemd set, by the name of the case.
type recording map[string]map[string]string

func recorded(t *testing.T, file string) recording {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// ofMachine reports whether a case's values depend on the machine, so that only the
// names are compared.
func ofMachine(name string) bool { return strings.HasPrefix(name, "machine: ") }

// record writes a recording if the variable asks for it.
func record(t *testing.T, file string, r recording) {
	t.Helper()
	for name, vars := range r {
		for variable := range vars {
			if ofMachine(name) {
				vars[variable] = "of the machine"
			}
		}
	}
	if os.Getenv(recordVariable) == "" {
		return
	}
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", file), append(raw, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
}

// agree compares a reader's variables with those that systemd set: the same names,
// and the same values where the reader knows them.
func agree(t *testing.T, e hostenv.Environment, want map[string]string) {
	t.Helper()
	got := make(map[string]string)
	for _, v := range e.Variables {
		switch {
		case v.From == "systemd itself":
		case v.Known:
			got[v.Name] = v.Value
			if want[v.Name] == "of the machine" {
				got[v.Name] = want[v.Name]
			}
		default:
			got[v.Name] = want[v.Name]
			if _, set := want[v.Name]; !set {
				got[v.Name] = "set by the reader alone"
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the reader sets %q, systemd set %q", got, want)
	}
}

// script runs a user's systemd in namespaces of its own, where it takes the machine
// for one that systemd booted.
const script = `mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user/0 || exit 1
env -i PATH=/usr/bin:/bin HOME=/root PASSED=on XDG_RUNTIME_DIR=/run/user/0 SYSTEMD_LOG_TARGET=null SYSTEMD_UNIT_PATH="$1" \
  /lib/systemd/systemd --user "--unit=$2" </dev/null >/dev/null 2>&1 &
wait`

// runServices starts services in a real systemd and returns the variables that each
// gets beyond those of an empty one. services have the text of a unit file by name;
// with an empty one that sets nothing.
func runServices(t *testing.T, services map[string]string) recording {
	t.Helper()
	for _, program := range []string{"/lib/systemd/systemd", "/usr/bin/unshare"} {
		if _, err := os.Stat(program); err != nil {
			t.Skip("systemd is not installed: ", err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("starting a systemd in namespaces of its own needs root")
	}
	units, out := t.TempDir(), t.TempDir()
	numbers := map[string]string{}
	services = maps.Clone(services)
	services[""] = "[Service]\n"
	var after []string
	for name, text := range services {
		// Systemds that run side by side share the control groups, by unit name.
		unit := fmt.Sprintf("case%s%dx%d.service", t.Name(), os.Getpid(), len(numbers))
		numbers[name] = unit
		after = append(after, unit)
		file(t, filepath.Join(units, unit), text)
		file(t, filepath.Join(units, unit+".d", "zz.conf"), fmt.Sprintf(
			"[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/bin/cat /proc/self/environ\nStandardOutput=truncate:%s/%s\n", out, unit))
	}
	list := strings.Join(after, " ")
	file(t, filepath.Join(units, "done"+numbers[""]), fmt.Sprintf(
		"[Unit]\nDefaultDependencies=no\nWants=%s\nAfter=%s\n[Service]\nType=oneshot\nExecStart=/bin/touch %s/done\n", list, list, out))
	for _, target := range []string{"basic", "shutdown", "exit", "default", "sysinit"} {
		file(t, filepath.Join(units, target+".target"), "[Unit]\nDefaultDependencies=no\n")
	}
	cmd := exec.CommandContext(t.Context(), "/usr/bin/unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-c", script, "sh", units, "done"+numbers[""])
	if err := cmd.Start(); err != nil {
		t.Skip("namespaces can't be made: ", err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	waitFor(t, filepath.Join(out, "done"))

	result := make(recording)
	base := environ(t, filepath.Join(out, numbers[""]))
	for name, unit := range numbers {
		if name == "" {
			continue
		}
		got := environ(t, filepath.Join(out, unit))
		for name, value := range base {
			if got[name] == value || name == "INVOCATION_ID" || name == "SYSTEMD_EXEC_PID" {
				delete(got, name)
			}
		}
		result[name] = got
	}
	return result
}

// waitFor waits until the file is there.
func waitFor(t *testing.T, name string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-tick.C {
		if _, err := os.Stat(name); err == nil {
			return
		}
	}
	t.Skip("systemd does not run here: it started no service within a minute")
}

// environ reads a block of entries; it is nil for a service that was not started.
func environ(t *testing.T, name string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	vars := make(map[string]string)
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		vars[name] = value
	}
	return vars
}

func file(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
