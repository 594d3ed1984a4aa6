// SPDX-License-Identifier: MPL-2.0

package docker_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/docker"
	"github.com/plugproof/plugproof/suites/internal/build"
)

// envFiles are texts of a file for docker run --env-file, by the rule that they are
// about (docker run's reference, "Set environment variables"; docker/cli,
// pkg/kvfile). What docker sets of each is recorded in testdata; it refuses those
// that are not there.
func envFiles() map[string]string {
	return map[string]string{
		"assignments":                       "A=1\nB=2\n",
		"no newline at the end":             "A=1",
		"blank lines and comments":          "# A=1\n\n  # B=2\n\t\nC=3\n",
		"no comment behind a value":         "A=1 # one\nB=2;two\n",
		"; begins no comment":               ";A=1\n",
		"quotes are text":                   "A=\"b c\"\nB='d'\nC=\"\n",
		"backslashes are text":              "A=a\\nb\nB=c\\\n",
		"space before a name":               "  A=1\n\tB=2\n",
		"space behind a value is kept":      "A=1  \nB=\t2\n",
		"space before a value is kept":      "A=  1\n",
		"space behind a name":               "A =1\n",
		"a tab behind a name":               "A\t=1\n",
		"export":                            "export A=1\n",
		"a name alone, not set":             "A\nB=1\n",
		"a name alone, set":                 "PASSED\nB=1\n",
		"a name alone, with space behind":   "A \nB=1\n",
		"no name":                           "=1\n",
		"empty values":                      "A=\nB=1\n",
		"the last wins":                     "A=1\nA=2\n",
		"= within a value":                  "A=b=c==\n",
		"nothing is expanded":               "A=1\nB=$A ${A} $(id)\n",
		"windows line ends":                 "A=1\r\nB=2\r\n",
		"a carriage return within a value":  "A=1\rB=2\n",
		"a byte order mark":                 "\ufeffA=1\nB=2\n",
		"a byte order mark on a later line": "A=1\n\ufeffB=2\n",
		"names with dots and dashes":        "A.B=1\nA-B=2\n1A=3\n",
		"names beyond ASCII":                "Ä=1\n",
		"values beyond ASCII":               "A=ö ✓\n",
		"values that are not UTF-8":         "A=\xff\n",
		"a colon for =":                     "A: 1\n",
		"a colon without space":             "A:1\nB=2\n",
		"a long line":                       "A=" + strings.Repeat("x", 5000) + "\nB=2\n",
		"a line of more than 64 KiB":        "A=" + strings.Repeat("x", 70000) + "\n",
		"no continued lines":                "A=b\\\nc=d\n",
		"an empty file":                     "",
		"a proxy":                           "HTTPS_PROXY=http://svc:Pa%40ss@proxy:3128\nNO_PROXY=localhost,.corp\n",
		"names in quotes":                   "\"A\"=1\n",
		"JSON":                              "{\"A\": \"1\"}\n",
	}
}

func recorded(t *testing.T) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/create.json")
	if err != nil {
		t.Fatal(err)
	}
	var r map[string][]string
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEnvFilesAreReadAsDockerDoes(t *testing.T) {
	t.Parallel()
	want := recorded(t)
	for name, text := range envFiles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e, err := docker.EnvFile("vault.env", strings.NewReader(text))
			entries, accepted := want[name]
			if !accepted {
				g.Expect(err).To(MatchError(hostenv.ErrInput))
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			set := make(map[string]string)
			for _, entry := range entries {
				variable, value, _ := strings.Cut(entry, "=")
				set[variable] = value
			}
			for _, v := range e.Variables {
				// Whether whoever runs docker has the variable can't be known.
				if value, ok := set[v.Name]; v.Known {
					g.Expect(ok).To(BeTrue(), v.Name)
					g.Expect(v.Value).To(Equal(value), v.Name)
				}
				g.Expect(v.Place.Line).To(BeNumerically(">", 0))
				delete(set, v.Name)
			}
			g.Expect(set).To(BeEmpty(), "docker sets more")
		})
	}
}

// scratch makes an image of a single program, or none, and removes it afterwards.
func scratch(t *testing.T, program string) string {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "docker", "info").Run(); err != nil {
		t.Skip("there is no docker: ", err)
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	var content []byte
	if program != "" {
		var err error
		if content, err = os.ReadFile(program); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteHeader(&tar.Header{Name: "program", Mode: 0o755, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Write(content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	image := fmt.Sprintf("plugproof-env-%d-%d", os.Getpid(), len(content))
	cmd := exec.CommandContext(t.Context(), "docker", "import", "--change", "ENV FROM_IMAGE=1 OVER=image", "-", image)
	cmd.Stdin = &archive
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skip("docker imports no image: ", err, string(out))
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", image).Run() })
	return image
}

// create creates a container and returns what docker inspect prints of it.
func create(t *testing.T, image string, args ...string) (id string, inspected []byte, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "docker", slices.Concat([]string{"create", "--network", "none"}, args, []string{image, "/program"})...)
	cmd.Env = append(os.Environ(), "PASSED=on")
	out, err := cmd.Output()
	if err != nil {
		return "", nil, err
	}
	id = strings.TrimSpace(string(out))
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "--force", id).Run() })
	inspected, err = exec.CommandContext(t.Context(), "docker", "inspect", id).Output()
	return id, inspected, err
}

// TestDockerReadsEnvFilesAsRecorded creates a container with each of the files.
func TestDockerReadsEnvFilesAsRecorded(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it creates a container for each case")
	}
	image := scratch(t, "")
	read := make(map[string][]string)
	for name, text := range envFiles() {
		path := filepath.Join(t.TempDir(), "vault.env")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, inspected, err := create(t, image, "--env-file", path)
		if err != nil {
			continue
		}
		var containers []struct{ Config struct{ Env []string } }
		if err := json.Unmarshal(inspected, &containers); err != nil {
			t.Fatal(err)
		}
		read[name] = []string{}
		for _, entry := range containers[0].Config.Env {
			if !slices.Contains([]string{"FROM_IMAGE=1", "OVER=image"}, entry) && !strings.HasPrefix(entry, "PATH=") {
				read[name] = append(read[name], entry)
			}
		}
	}
	if os.Getenv("PLUGPROOF_RECORD") != "" {
		raw, err := json.MarshalIndent(read, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("testdata/create.json", append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	NewWithT(t).Expect(read).To(Equal(recorded(t)))
}

// TestAContainerHasWhatItsInspectionSays starts a container and compares what its
// process has with what the reader says of docker inspect.
func TestAContainerHasWhatItsInspectionSays(t *testing.T) {
	t.Parallel()
	program, err := build.Program(t.Context(), "suites/env/hostenv/docker/testdata/environ", "")
	if err != nil {
		t.Skip(err)
	}
	image := scratch(t, program)
	for name, args := range map[string][]string{
		"none":               nil,
		"environment":        {"-e", "A=1", "-e", "OVER=2"},
		"home":               {"-e", "HOME=/x", "-e", "PATH=/y"},
		"removed":            {"-e", "OVER", "-e", "PATH"},
		"hostname and a tty": {"--hostname", "vault", "-t"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			id, inspected, err := create(t, image, args...)
			g.Expect(err).NotTo(HaveOccurred())
			out, err := exec.CommandContext(t.Context(), "docker", "start", "--attach", id).Output()
			if err != nil {
				t.Skip("docker starts no container: ", err)
			}
			var has []string
			for entry := range strings.SplitSeq(strings.TrimRight(string(out), "\x00\r\n"), "\x00") {
				variable, _, _ := strings.Cut(entry, "=")
				has = append(has, variable)
			}
			e, err := docker.Inspect("inspect.json", bytes.NewReader(inspected), "")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(e.Container).To(BeTrue())
			var said []string
			for _, v := range e.Variables {
				said = append(said, v.Name)
			}
			g.Expect(said).To(ConsistOf(has))
		})
	}
}

func FuzzEnvFile(f *testing.F) {
	for _, text := range envFiles() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := docker.EnvFile("x", strings.NewReader(text))
		if err != nil && !errors.Is(err, hostenv.ErrInput) {
			t.Fatal(err)
		}
		for _, v := range e.Variables {
			if hostenv.CheckName(v.Name) != nil {
				t.Fatalf("%+v", v)
			}
		}
	})
}
