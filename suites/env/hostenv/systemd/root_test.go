// SPDX-License-Identifier: MPL-2.0

package systemd_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/systemd"
)

// system is a root directory in testdata/roots: its comment has the unit, the
// variables that are set, links, and the remark or the error that is expected.
type system struct {
	unit, remark, err string
	want              map[string]string
	unmerged          bool
	links             [][2]string
	files             []txtar.File
}

func systems(t *testing.T) map[string]system {
	t.Helper()
	names, err := filepath.Glob("testdata/roots/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	all := make(map[string]system)
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := system{want: map[string]string{}, files: archive.Files}
		for line := range strings.Lines(string(archive.Comment)) {
			word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch word {
			case "unit":
				s.unit = rest
			case "error":
				s.err = rest
			case "remark":
				s.remark = rest
			case "unmerged":
				s.unmerged = true
			case "link":
				from, to, _ := strings.Cut(rest, " ")
				s.links = append(s.links, [2]string{from, to})
			case "want":
				for entry := range strings.FieldsSeq(rest) {
					name, value, _ := strings.Cut(entry, "=")
					s.want[name] = value
				}
			}
		}
		all[strings.TrimSuffix(filepath.Base(name), ".txtar")] = s
	}
	return all
}

// build makes the root directory.
func (s system) build(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range s.files {
		file(t, filepath.Join(root, f.Name), string(f.Data))
	}
	for _, link := range s.links {
		path := filepath.Join(root, link[0])
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(link[1], path); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// readable returns the files that have anything, under their names before links:
// systemd lists masked drop-ins too, and linked directories by their target.
func (s system) readable(files []string) []string {
	var names []string
	for _, name := range files {
		masked := slices.ContainsFunc(s.files, func(f txtar.File) bool { return "/"+f.Name == name && len(f.Data) == 0 })
		for _, link := range s.links {
			masked = masked || "/"+link[0] == name && link[1] == "/dev/null"
			if rest, ok := strings.CutPrefix(name, link[1]+"/"); ok {
				name = "/" + link[0] + "/" + rest
			}
		}
		if !masked {
			names = append(names, name)
		}
	}
	return names
}

func TestTheUnitsOfASystem(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/files.json")
	if err != nil {
		t.Fatal(err)
	}
	var listed map[string][]string
	if err := json.Unmarshal(raw, &listed); err != nil {
		t.Fatal(err)
	}
	for name, s := range systems(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			root := s.build(t)
			e, err := systemd.Unit(s.unit, systemd.Options{Root: root})
			if s.err != "" {
				g.Expect(err).To(MatchError(ContainSubstring(s.err)))
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			agree(t, e, s.want)
			var read, rules []string
			for _, file := range e.Read {
				relative := strings.TrimPrefix(file, root)
				if strings.HasSuffix(relative, ".service") || strings.Contains(relative, "service.d/") {
					read = append(read, relative)
				}
			}
			if !s.unmerged { // systemd of merged systems has no /lib
				g.Expect(read).To(Equal(s.readable(listed[name])), "the files that systemd reads")
			}
			for _, r := range e.Remarks {
				rules = append(rules, r.Rule)
			}
			if s.remark == "" {
				g.Expect(rules).To(BeEmpty())
			} else {
				g.Expect(rules).To(ConsistOf(s.remark))
			}
		})
	}
}

// TestTheRootIsFoundByTheUnitFile names the unit's file without a root directory.
func TestTheRootIsFoundByTheUnitFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"packaged-unit-with-edited-drop-in", "etc-hides-usr", "default-environment", "environment-files", "lib-without-usr-merge", "type-level-drop-ins"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			s := systems(t)[name]
			root := s.build(t)
			directory := "usr/lib/systemd/system"
			if s.unmerged {
				directory = "lib/systemd/system"
			}
			e, err := systemd.Unit(filepath.Join(root, directory, s.unit), systemd.Options{})
			g.Expect(err).NotTo(HaveOccurred())
			agree(t, e, s.want)
		})
	}
}

// testScript shows a root directory's units to systemd in a namespace of its own, as
// those of the system, and prints what systemd makes of a unit.
const testScript = `mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /usr/local/lib && mkdir -p /run/systemd /usr/local/lib/systemd /run/user || exit 9
for d in etc/systemd usr/lib/systemd/system usr/local/lib/systemd run/systemd opt; do
  mkdir -p "$1/$d" && mount --bind "$1/$d" "/$d" || exit 9
done
for t in basic sysinit shutdown; do echo '[Unit]' >"/usr/lib/systemd/system/$t.target"; done
chmod -R a+rX "$1"
exec setpriv --reuid=65534 --regid=65534 --clear-groups env -i XDG_RUNTIME_DIR=/run/user SYSTEMD_LOG_TARGET=console \
  /lib/systemd/systemd --test --system "--unit=$2" </dev/null`

// TestSystemdListsFilesAsRecorded asks the real systemd for the unit's files, as a
// system's.
func TestSystemdListsFilesAsRecorded(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("showing other units to systemd in a namespace needs root")
	}
	if testing.Short() {
		t.Skip("it starts a systemd for each case")
	}
	listed := make(map[string][]string)
	for name, s := range systems(t) {
		if s.err != "" || s.unmerged {
			continue
		}
		var out, stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), "/usr/bin/unshare", "--mount", "/bin/sh", "-c", testScript, "sh", s.build(t), s.unit)
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := cmd.Run(); err != nil {
			t.Skip("systemd can't be asked: ", err, stderr.String())
		}
		for block := range strings.SplitSeq(out.String(), "-> Unit ") {
			if !strings.HasPrefix(block, s.unit+":") && !strings.Contains(block, "\tAlias: "+s.unit+"\n") {
				continue
			}
			for line := range strings.Lines(block) {
				key, path, _ := strings.Cut(strings.TrimSpace(line), ": ")
				if key == "Fragment Path" || key == "DropIn Path" {
					// Of merged systems /lib is /usr/lib.
					if strings.HasPrefix(path, "/lib/") {
						path = "/usr" + path
					}
					listed[name] = append(listed[name], path)
				}
			}
		}
	}
	if os.Getenv(recordVariable) != "" {
		raw, err := json.MarshalIndent(listed, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file(t, "testdata/files.json", string(raw)+"\n")
	}
	raw, err := os.ReadFile("testdata/files.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]string
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		NewWithT(t).Expect(listed).To(HaveKeyWithValue(name, want[name]))
	}
}

// TestWhatSystemctlCatPrintsIsAUnit reads the output of systemctl cat.
func TestWhatSystemctlCatPrintsIsAUnit(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := systemd.Text("standard input", `# /usr/lib/systemd/system/vault@eu.service
[Unit]
Description=Vault
# /comments/stay comments
[Service]
Environment=A=%i \
  B=1

# /etc/systemd/system/vault@.service.d/override.conf
[Service]
Environment=B=2
Environment=C=3
`, systemd.Options{Root: t.TempDir()})
	g.Expect(err).NotTo(HaveOccurred())
	agree(t, e, map[string]string{"A": "eu", "B": "2", "C": "3"})
	c, _ := e.Get("C")
	g.Expect(c.Place).To(Equal(hostenv.Place{File: "/etc/systemd/system/vault@.service.d/override.conf", Line: 3}))
	g.Expect(e.Read).To(Equal([]string{"/usr/lib/systemd/system/vault@eu.service", "/etc/systemd/system/vault@.service.d/override.conf"}))

	_, err = systemd.Text("standard input", "# Unit vault.service is masked.\n", systemd.Options{})
	g.Expect(err).To(MatchError(ContainSubstring("masked")))
}

func TestATemplateIsNotComplete(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e, err := systemd.Unit("vault@.service", systemd.Options{Root: systems(t)["instance-of-a-template"].build(t)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Complete()).To(BeFalse())
	a, _ := e.Get("A")
	g.Expect(a.Known).To(BeFalse(), "its value is the instance")
}

// TestAUnitElsewhereHasTheDropInsBesideIt names a file in no directory of systemd's.
func TestAUnitElsewhereHasTheDropInsBesideIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir := t.TempDir()
	file(t, filepath.Join(dir, "vault.service"), "[Service]\nEnvironment=A=1\nEnvironmentFile=/etc/vault.d/none.env\n")
	file(t, filepath.Join(dir, "vault.service.d", "a.conf"), "[Service]\nEnvironment=B=2\n")
	e, err := systemd.Unit(filepath.Join(dir, "vault.service"), systemd.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	agree(t, e, map[string]string{"A": "1", "B": "2"})
	g.Expect(e.Notes).To(ContainElement(ContainSubstring("--root")))
	g.Expect(e.Complete()).To(BeFalse())

	env := filepath.Join(dir, "local.env")
	file(t, env, "C=3\n")
	e, err = systemd.Unit(filepath.Join(dir, "vault.service"), systemd.Options{Given: map[string]string{"/etc/vault.d/none.env": env}})
	g.Expect(err).NotTo(HaveOccurred())
	agree(t, e, map[string]string{"A": "1", "B": "2", "C": "3"})
	g.Expect(e.Complete()).To(BeTrue())
}
