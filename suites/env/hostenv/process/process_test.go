// SPDX-License-Identifier: MPL-2.0

package process_test

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/process"
)

// values returns the values that are known.
func values(e hostenv.Environment) map[string]string {
	values := make(map[string]string)
	for _, v := range e.Variables {
		values[v.Name] = v.Value
	}
	return values
}

func TestReadsWhatARunningProcessWasStartedWith(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("this system has no /proc")
	}
	cmd := exec.CommandContext(t.Context(), "cat") // ends when its input does
	cmd.Env = []string{"A=1", "B=x=y", "NL=a\nb", "EMPTY="}
	in, err := cmd.StdinPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(cmd.Start()).To(Succeed())
	defer func() {
		_ = in.Close()
		_ = cmd.Wait()
	}()
	e, err := process.Read(cmd.Process.Pid)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(values(e)).To(Equal(map[string]string{"A": "1", "B": "x=y", "NL": "a\nb", "EMPTY": ""}))
	g.Expect(e.Read).To(HaveLen(1))
}

func TestProcessesThatAreNotThere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := process.Read(-1)
	g.Expect(err).To(MatchError(hostenv.ErrInput))
	_, err = process.Read(1 << 30)
	g.Expect(err).To(MatchError(fs.ErrNotExist))
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		block string
		want  map[string]string
	}{
		"proc_pid_environ: entries end with NUL":      {"A=1\x00B=2\x00", map[string]string{"A": "1", "B": "2"}},
		"proc_pid_environ: without the last NUL":      {"A=1\x00B=2", map[string]string{"A": "1", "B": "2"}},
		"proc_pid_environ: newlines in values":        {"A=1\n2\x00B=3\x00", map[string]string{"A": "1\n2", "B": "3"}},
		"proc_pid_environ: quotes and # are text":     {"A=\"1\" # x\x00", map[string]string{"A": "\"1\" # x"}},
		"proc_pid_environ: any name":                  {"a.b-c=1\x00BASH_FUNC_x%%=() { :; }\x00", map[string]string{"a.b-c": "1", "BASH_FUNC_x%%": "() { :; }"}},
		"proc_pid_environ: entries without =":         {"A\x00B=1\x00=x\x00", map[string]string{"B": "1"}},
		"proc_pid_environ: a Go program's repeated":   {"A=1\x00A=2\x00", map[string]string{"A": "1"}},
		"proc_pid_environ: values that are not UTF-8": {"A=\xff\x00", map[string]string{"A": "\xff"}},
		"proc_pid_environ: nothing":                   {"", map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(values(process.Environ("x", c.block))).To(Equal(c.want))
		})
	}
}

func TestAnEmptyBlockIsNoCleanBill(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(process.Environ("x", "").Complete()).To(BeFalse())
	g.Expect(process.Environ("x", "A=1\x00").Complete()).To(BeTrue())
}

func FuzzEnviron(f *testing.F) {
	f.Add("A=1\x00B\x00=x\x00A=2")
	f.Fuzz(func(t *testing.T, block string) {
		names := slices.Collect(maps.Keys(values(process.Environ("x", block))))
		if slices.ContainsFunc(names, func(name string) bool { return hostenv.CheckName(name) != nil }) {
			t.Fatal(names)
		}
	})
}
