// SPDX-License-Identifier: MPL-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/internal/build"
)

// root is the project's, seen from here.
const root = "../../.."

// releases is a place of releases as GitHub's, with v1.2.3 as the latest. It has
// the archive of this machine, made as .goreleaser.yaml says.
type releases struct {
	url, directory string
	// toolbox is a directory for PATH with what installing needs, without Go.
	toolbox string
}

// made is shared by the tests: it takes long to make. installed is a program of it.
var made struct {
	sync.Once
	releases
	err error

	install   sync.Once
	installed string
}

// TestMain removes what the tests shared.
func TestMain(m *testing.M) {
	code := m.Run()
	if made.directory != "" {
		_ = os.RemoveAll(made.directory)
	}
	os.Exit(code)
}

func release(t *testing.T) releases {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the archive is tried on Linux")
	}
	made.Do(func() { made.err = makeRelease(t) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return made.releases
}

func makeRelease(t *testing.T) error {
	directory, err := os.MkdirTemp("", "plugproof-releases-")
	if err != nil {
		return err
	}
	made.directory = directory
	made.toolbox = filepath.Join(directory, "toolbox")
	if err := os.Mkdir(made.toolbox, 0o755); err != nil {
		return err
	}
	for _, tool := range strings.Fields("sh bash curl wget tar gzip unzip uname mktemp sha256sum grep mkdir cp rm cat ls") {
		if path, err := exec.LookPath(tool); err == nil {
			if err := os.Symlink(path, filepath.Join(made.toolbox, tool)); err != nil {
				return err
			}
		}
	}
	// By the program: with the race detector, packing takes ten times as long.
	program, err := build.Program(t.Context(), "suites/tests/release", "")
	if err != nil {
		return err
	}
	// GitHub's layout: releases/download/TAG/NAME and releases/latest/download/NAME.
	files := filepath.Join(directory, "files")
	pack := exec.CommandContext(t.Context(), program, "archive", filepath.Join(files, "download", "v1.2.3"))
	pack.Dir = root
	pack.Stderr = t.Output()
	printed, err := pack.Output()
	if err != nil {
		return err
	}
	archive := strings.TrimSpace(string(printed))
	text, err := os.ReadFile(archive)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	checksums := fmt.Sprintf("%s  install.sh\n%s  %s\n", strings.Repeat("0", 64), hex.EncodeToString(sum[:]), filepath.Base(archive))
	if err := os.WriteFile(filepath.Join(filepath.Dir(archive), "checksums.txt"), []byte(checksums), 0o600); err != nil {
		return err
	}
	if err := copyFile(filepath.Join(root, ".github/install.sh"), filepath.Join(filepath.Dir(archive), "install.sh")); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(files, "latest"), 0o755); err != nil {
		return err
	}
	if err := os.Symlink("../download/v1.2.3", filepath.Join(files, "latest", "download")); err != nil {
		return err
	}
	// It serves until the process ends: the first test that needs it is not the last.
	made.url = httptest.NewServer(http.FileServer(http.Dir(files))).URL
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o755) //nolint:gosec // a program
}

// installed returns the path of the program that install.sh installed, the same for all
// tests, which leave it as it is: unpacking takes seconds.
func (r releases) installed(t *testing.T) string {
	t.Helper()
	made.install.Do(func() {
		directory := filepath.Join(r.directory, "plugproof")
		if out, err := r.installer(t, directory, "latest", r.url).CombinedOutput(); err != nil {
			t.Errorf("install: %v\n%s", err, out)
			return
		}
		made.installed = filepath.Join(directory, "plugproof")
	})
	if made.installed == "" {
		t.Fatal("it could not be installed")
	}
	return made.installed
}

func (r releases) installer(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	script, err := filepath.Abs(filepath.Join(root, ".github/install.sh"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{script}, args...)...)
	cmd.Env = []string{"PATH=" + r.toolbox, "TMPDIR=" + t.TempDir()}
	cmd.Dir = t.TempDir()
	return cmd
}

func TestArchiveHoldsWhatIsNeeded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory := filepath.Dir(release(t).installed(t))
	for _, name := range append(conformance.SamplePlugins(), "../plugproof", "../plugproof-serve") {
		info, err := os.Stat(filepath.Join(directory, "plugins", name))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(info.Mode().Perm()&0o111).NotTo(BeZero(), name)
	}
	for _, name := range []string{"LICENSE", "README.md", "man/plugproof-run.1"} {
		g.Expect(filepath.Join(directory, name)).To(BeARegularFile())
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(directory, "plugproof-serve"), "--help").CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(out))
}

// TestArchiveWithoutGo uses the program as a machine without Go, a checkout or a
// home directory does, through a link and from another directory.
func TestArchiveWithoutGo(t *testing.T) {
	t.Parallel()
	program := release(t).installed(t)
	elsewhere := t.TempDir()
	link := filepath.Join(elsewhere, "pp")
	if err := os.Symlink(program, link); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args string
		code int
		says string
	}{
		"run":    {args: "run --only REG-001,DOC-006,DOC-007", says: "Conforms: 3 requirements hold"},
		"diff":   {args: "diff mock:vault-1.15 mock:vault-1.16 --case env-proxy", code: 1, says: "eu.example.com"},
		"replay": {args: "replay --case env-conflict,old-plugin*", says: "EQUAL"},
		"record": {args: "record --target mock --case env-proxy", says: "env-proxy"},
		"env":    {args: "env --target mock:vault-1.16 --format markdown", says: "registered"},
		"check":  {args: "check " + filepath.Join(filepath.Dir(program), "plugins", "passthrough-plugin") + " --only PLG-001", says: "Conforms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			cmd := exec.CommandContext(t.Context(), link, strings.Fields(test.args)...)
			cmd.Env = []string{"PATH=" + t.TempDir(), "HOME=", "TMPDIR=" + t.TempDir()}
			cmd.Dir = elsewhere
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run()
			g.Expect(cmd.ProcessState.ExitCode()).To(Equal(test.code), stderr.String())
			g.Expect(stdout.String()).To(ContainSubstring(test.says))
			g.Expect(stderr.String()).NotTo(ContainSubstring("building"))
		})
	}
}

// TestArchiveTellsItsVersion: a build in a clone says from which commit it is. Go
// stamps nothing in other worktrees of a repository, where .git is a file.
func TestArchiveTellsItsVersion(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := release(t)
	if info, err := os.Stat(filepath.Join(root, ".git")); err != nil || !info.IsDir() {
		t.Skip("this is not the main worktree of a clone")
	}
	want, err := exec.CommandContext(t.Context(), "git", "-C", root, "rev-parse", "HEAD").Output()
	g.Expect(err).NotTo(HaveOccurred())
	out, err := exec.CommandContext(t.Context(), r.installed(t), "version", "--format", "json").Output()
	g.Expect(err).NotTo(HaveOccurred())
	var told struct{ Version, Commit, Date string }
	g.Expect(json.Unmarshal(out, &told)).To(Succeed())
	g.Expect(told.Commit).To(Equal(strings.TrimSpace(string(want))))
	g.Expect(told.Version).To(HavePrefix("v"))
	g.Expect(told.Date).NotTo(BeEmpty())
}

func TestInstallRefuses(t *testing.T) {
	t.Parallel()
	r := release(t)
	tampered := t.TempDir()
	name := "plugproof_" + runtime.GOOS + "_" + runtime.GOARCH + ".tar.gz"
	for file, text := range map[string]string{
		"download/v1.0.0/" + name:       "something else",
		"download/v1.0.0/checksums.txt": strings.Repeat("0", 64) + "  " + name + "\n",
		"download/v0.9.0/" + name:       "unnamed",
		"download/v0.9.0/checksums.txt": strings.Repeat("0", 64) + "  another.tar.gz\n",
	} {
		if err := os.MkdirAll(filepath.Join(tampered, filepath.Dir(file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(tampered, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(tampered)))
	t.Cleanup(server.Close)
	for name, test := range map[string]struct{ version, from, says string }{
		"an archive with another checksum": {"v1.0.0", server.URL, "is not what was released"},
		"an archive without a checksum":    {"v0.9.0", server.URL, "does not name"},
		"a version that is none":           {"newest", r.url, "newest is not a release"},
		"a release that does not exist":    {"v9.9.9", r.url, "can't be downloaded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			directory := filepath.Join(t.TempDir(), "plugproof")
			cmd := r.installer(t, directory, test.version, test.from)
			out, err := cmd.CombinedOutput()
			g.Expect(err).To(HaveOccurred())
			g.Expect(string(out)).To(ContainSubstring(test.says))
			g.Expect(directory).NotTo(BeADirectory())
		})
	}
}
