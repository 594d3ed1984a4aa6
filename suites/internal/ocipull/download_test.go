// SPDX-License-Identifier: MPL-2.0

package ocipull_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/suites/internal/ocipull"
	"github.com/plugproof/plugproof/suites/internal/ocipull/ocitest"
	"github.com/plugproof/plugproof/suites/internal/serverconfig"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// content is the file of the image, two mebibytes large.
var content = strings.Repeat("a plugin, or so ", 1<<17)

// publish serves a registry with the image mine:v1.0.0, which has the file plug.
func publish(t *testing.T) (image string, stop func()) {
	t.Helper()
	return ocitest.Publish(t, "v1.0.0", "plug", []byte(content))
}

// declared is the plugin of the image.
func declared(image string) serverconfig.Plugin {
	sum := sha256.Sum256([]byte(content))
	return serverconfig.Plugin{Type: "secret", Name: "mine", Image: image, Version: "v1.0.0", BinaryName: "plug", SHA256Sum: hex.EncodeToString(sum[:])}
}

// download downloads into the directory, and returns what was logged.
func download(ctx context.Context, t *testing.T, directory, version string, c serverconfig.Config) (string, error) {
	t.Helper()
	d, err := dialect.Lookup(version)
	if err != nil {
		t.Fatal(err)
	}
	c.AutoDownload = true
	var logged bytes.Buffer
	err = ocipull.Download(ctx, &c, directory, d, hclog.New(&hclog.LoggerOptions{Output: &logged}))
	return logged.String(), err
}

// files are those below a directory, with a slash behind links.
func files(t *testing.T, directory string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		path, err = filepath.Rel(directory, path)
		all = append(all, filepath.ToSlash(path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// TestDownload: an image is downloaded once, and again if its file was changed.
func TestDownload(t *testing.T) {
	t.Parallel()
	image, stop := publish(t)
	p := declared(image)
	directory := t.TempDir()
	config := serverconfig.Config{Plugins: []serverconfig.Plugin{{Type: "auth", Name: "by-hand", Command: "x"}, p}}
	again := func(line string) {
		t.Helper()
		logged, err := download(t.Context(), t, directory, "openbao-2.6", config)
		if err != nil || !strings.Contains(logged, line) {
			t.Fatalf("%v\n%s", err, logged)
		}
		got, err := os.ReadFile(filepath.Join(directory, "secret-mine-v1.0.0"))
		if err != nil || string(got) != content {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if want := ".oci-cache/secret-mine/" + p.SHA256Sum[:8] + "/plug secret-mine-v1.0.0"; files(t, directory) != want {
			t.Errorf("there are %s, want %s", files(t, directory), want)
		}
	}
	again("plugins: successfully downloaded and validated plugin: plugin=secret-mine")
	again("plugins: plugin is cached on disk, skipping download: plugin=secret-mine")
	if info, err := os.Stat(filepath.Join(directory, "secret-mine-v1.0.0")); err != nil || info.Mode().Perm()&0o100 == 0 {
		t.Errorf("the file is not executable: %v %v", info, err)
	}
	if err := os.WriteFile(filepath.Join(directory, "secret-mine-v1.0.0"), []byte("changed"), 0o700); err != nil {
		t.Fatal(err)
	}
	again("plugins: downloading plugin from OCI registry: plugin=secret-mine url=" + p.Reference())
	stop()
	again("plugins: plugin is cached on disk")
}

// TestLeadingSlash: images may name their files from the root, and so may declarations.
func TestLeadingSlash(t *testing.T) {
	t.Parallel()
	image, _ := ocitest.Publish(t, "v1.0.0", "/plug", []byte(content))
	for _, binary := range []string{"plug", "/plug"} {
		p, directory := declared(image), t.TempDir()
		p.BinaryName, p.SHA256Sum = binary, strings.ToUpper(p.SHA256Sum)
		logged, err := download(t.Context(), t, directory, "openbao-2.6", serverconfig.Config{Plugins: []serverconfig.Plugin{p}})
		if want := ".oci-cache/secret-mine/" + p.SHA256Sum[:8] + "/plug secret-mine-v1.0.0"; err != nil || files(t, directory) != want || !strings.Contains(logged, "hash="+strings.ToLower(p.SHA256Sum)) {
			t.Errorf("%s: %v, there are %s, want %s\n%s", binary, err, files(t, directory), want, logged)
		}
	}
}

// TestRefusals: what is not downloaded, and that nothing is left of it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	image, _ := publish(t)
	for name, c := range map[string]struct {
		change func(*serverconfig.Config, *serverconfig.Plugin)
		want   string
		misuse bool
	}{
		"another sum": {
			change: func(_ *serverconfig.Config, p *serverconfig.Plugin) { p.SHA256Sum = strings.Repeat("0", 64) },
			want:   `failed to download plugin "secret-mine": plugin hash mismatch: expected ` + strings.Repeat("0", 64) + ", got " + declared("").SHA256Sum,
		},
		"too large": {
			change: func(c *serverconfig.Config, _ *serverconfig.Plugin) { c.DownloadMaxSize = 1 << 20 },
			want:   `failed to download plugin "secret-mine": failed to extract plugin from OCI image: plugin binary size of 2 MiB exceeds allowed size of 1 MiB`,
		},
		"another file": {
			change: func(_ *serverconfig.Config, p *serverconfig.Plugin) { p.BinaryName = "dir" },
			want:   `failed to download plugin "secret-mine": failed to extract plugin from OCI image: binary "dir" not found in root of OCI image`,
		},
		"another image": {
			change: func(_ *serverconfig.Config, p *serverconfig.Plugin) { p.Version = "v2.0.0" },
			want:   `failed to download plugin "secret-mine": failed to download OCI image: GET http://`,
		},
		"a file outside": {
			change: func(_ *serverconfig.Config, p *serverconfig.Plugin) { p.BinaryName = "../../../plug" },
			want:   `failed to download plugin "secret-mine": cannot write files outside of configured plugin directory`,
		},
		"a name outside": {
			change: func(_ *serverconfig.Config, p *serverconfig.Plugin) { p.Name = "/../../mine" },
			want:   `failed to download plugin "secret-/../../mine": cannot write files outside of configured plugin directory`,
		},
		"no file": {
			change: func(_ *serverconfig.Config, p *serverconfig.Plugin) { p.BinaryName = "" },
			want:   `plugin secret mine: config not valid`, misuse: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, config, directory := declared(image), serverconfig.Config{}, t.TempDir()
			c.change(&config, &p)
			config.Plugins = []serverconfig.Plugin{p}
			for _, version := range []string{"openbao-2.5", "openbao-2.6"} {
				config.DownloadBehavior = ""
				logged, err := download(t.Context(), t, directory, version, config)
				if ended := strings.Contains(logged, "OCI plugin downloading completed"); ended != (version == "openbao-2.6") {
					t.Errorf("%s: its end is logged: %v", version, ended)
				}
				if err == nil || !strings.HasPrefix(err.Error(), c.want) || errors.As(err, new(*usage.Error)) != c.misuse {
					t.Errorf("%s: %v, want %s", version, err, c.want)
				}
				config.DownloadBehavior = serverconfig.DownloadContinue
				logged, err = download(t.Context(), t, directory, version, config)
				if err != nil || !strings.Contains(logged, "[WARN]") || !strings.Contains(logged, "plugin=secret-mine") && !strings.Contains(logged, "mine") {
					t.Errorf("%s: continue: %v\n%s", version, err, logged)
				}
			}
			if left := files(t, directory); left != "" {
				t.Errorf("%s is left", left)
			}
		})
	}
}

// TestCommandsAreInvalidIn25: there every plugin needs an image once plugins are downloaded.
func TestCommandsAreInvalidIn25(t *testing.T) {
	t.Parallel()
	p := declared("")
	p.BinaryName, p.Command = "", "mine"
	config := serverconfig.Config{Plugins: []serverconfig.Plugin{p}}
	if _, err := download(t.Context(), t, t.TempDir(), "openbao-2.6", config); err != nil {
		t.Error(err)
	}
	logged, err := download(t.Context(), t, t.TempDir(), "openbao-2.5", config)
	if err == nil || err.Error() != "plugin secret mine: config not valid" || !strings.Contains(logged, "could not parse reference: :v1.0.0") {
		t.Errorf("%v\n%s", err, logged)
	}
}

// TestInterrupted: an end of the program ends the download, also one that may fail.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	image, _ := publish(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	config := serverconfig.Config{Plugins: []serverconfig.Plugin{declared(image)}, DownloadBehavior: serverconfig.DownloadContinue}
	if _, err := download(ctx, t, t.TempDir(), "openbao-2.6", config); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
