// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// random returns texts that are put together from what the syntaxes know.
func random(r *rand.Rand, parts []string, most int) string {
	var b strings.Builder
	for range 1 + r.IntN(most) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// seed returns the seed of the run; PLUGPROOF_SEED repeats one.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	if text := os.Getenv("PLUGPROOF_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("PLUGPROOF_SEED=%d", s)
	return s
}

// TestRandomFilesAreReadAsSystemdDoes compares the readers with the real systemd on
// files that nobody thought of.
func TestRandomFilesAreReadAsSystemdDoes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts a systemd")
	}
	s := seed(t)
	r := rand.New(rand.NewPCG(s, 0))
	values := []string{"A=", "B=", "C=", "1", "x y", " ", "\t", "\"", "'", "\\", "\\n", "\\x41", "\\101", "\\q", "#", ";", "=", "%%", "%i", "%4", "%-", "$A", "ä", "-", "\\\\", "\\\"", "export "}
	lines := append([]string{"\n", "\n", "\n", "\r\n", "\\\n", "# c\n", "; c\n", "\n[Service]\n", "\n[Unit]\n", "\nEnvironment=", "\nEnvironment=", "\nEnvironment=", "\nEnvironment=A=", "\nEnvironment=\"B=", "\nEnvironment=C=1 ", "\nUnsetEnvironment=A", "\nNice=0\n"}, values...)
	files := append([]string{"\n", "\nA=", "\nB=", "\nC=\"", "\r\n", "\\\n", "# c\n", "#c\n", ";"}, values...)
	units, services := make(map[string]string), make(map[string]string)
	envs := make(map[string]string)
	directory := t.TempDir()
	for i := range 150 {
		name := fmt.Sprintf("unit %d", i)
		units[name] = "[Service]\nEnvironment=" + random(r, lines, 25) + "\n"
		services[name] = units[name]
		name = fmt.Sprintf("file %d", i)
		path := filepath.Join(directory, fmt.Sprintf("%d.env", i))
		envs[name] = random(r, files, 25)
		file(t, path, envs[name])
		services[name] = "[Service]\nEnvironmentFile=-" + path + "\n"
	}
	set := runServices(t, services)
	some := 0
	for _, vars := range set {
		if len(vars) > 0 {
			some++
		}
	}
	if some < 60 {
		t.Fatalf("only %d of the files set anything", some)
	}
	for name, text := range units {
		// A unit that systemd does not start is refused. As systemctl cat prints it,
		// its name is known, and with it that %i is empty.
		e, err := systemd.Text(name, "# /etc/systemd/system/random.service\n"+text, systemd.Options{})
		if (err == nil) != (set[name] != nil) {
			t.Errorf("%q: the reader says %v, and systemd has %q", text, err, set[name])
		}
		if err != nil || set[name] == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			agree(t, e, set[name])
			if t.Failed() {
				t.Logf("the text is %q", text)
			}
		})
	}
	for name, text := range envs {
		e, err := systemd.EnvironmentFile(name, strings.NewReader(text))
		if err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			// Up to 253 systemd continues comments.
			for _, remark := range e.Remarks {
				if remark.Rule == "systemd-comment-continued" {
					return
				}
			}
			agree(t, e, set[name])
			if t.Failed() {
				t.Logf("the text is %q", text)
			}
		})
	}
}
