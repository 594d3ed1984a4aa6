// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"
)

// preparedDir is where .goreleaser.yaml expects what prepare makes.
const preparedDir = "bin/release/"

// platform is a system with an architecture, under the names of goreleaser's
// templates.
type platform struct{ OS, Arch string }

// description is the part of .goreleaser.yaml that is about archives.
type description struct {
	Builds   []goBuild        `yaml:"builds"`
	Archives []archiveContent `yaml:"archives"`
	// root is the directory that its paths begin at.
	root string
}

// goBuild is one program.
type goBuild struct {
	ID      string   `yaml:"id"`
	Dir     string   `yaml:"dir"`
	Main    string   `yaml:"main"`
	Binary  string   `yaml:"binary"`
	Env     []string `yaml:"env"`
	Flags   []string `yaml:"flags"`
	Ldflags []string `yaml:"ldflags"`
	Goos    []string `yaml:"goos"`
	Goarch  []string `yaml:"goarch"`
}

// archiveContent is an archive: all programs, and more files.
type archiveContent struct {
	Name      string        `yaml:"name_template"`
	Formats   []string      `yaml:"formats"`
	Overrides []override    `yaml:"format_overrides"`
	Files     []archiveFile `yaml:"files"`
}

type override struct {
	Goos    string   `yaml:"goos"`
	Formats []string `yaml:"formats"`
}

// archiveFile is a pattern of files that are put as they are, or into a folder.
type archiveFile struct {
	Src string `yaml:"src"`
	Dst string `yaml:"dst"`
}

// UnmarshalYAML implements yaml.Unmarshaler: a string is a file that keeps its path.
func (f *archiveFile) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&f.Src)
	}
	type plain archiveFile
	return node.Decode((*plain)(f))
}

// read reads the description; its paths begin at the folder of the file.
func read(file string) (*description, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the description of releases: %w", err)
	}
	d := &description{root: filepath.Dir(file)}
	if err := yaml.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(d.Archives) != 1 || len(d.Archives[0].Formats) != 1 {
		return nil, fmt.Errorf("%s: want one archive of one format", file)
	}
	return d, nil
}

// archive builds all programs for a platform and writes their archive into the
// directory. What is to be prepared is in prepared.
func (d *description) archive(ctx context.Context, p platform, prepared, directory string) (file string, err error) {
	content := d.Archives[0]
	name, err := p.expand(content.Name)
	if err != nil {
		return "", err
	}
	format := content.Formats[0]
	for _, other := range content.Overrides {
		if other.Goos == p.OS {
			format = other.Formats[0]
		}
	}
	built, err := os.MkdirTemp("", "plugproof-archive-")
	if err != nil {
		return "", fmt.Errorf("make the archive: %w", err)
	}
	defer os.RemoveAll(built)
	var entries []entry
	for _, b := range d.Builds {
		if !slices.Contains(b.Goos, p.OS) || !slices.Contains(b.Goarch, p.Arch) {
			return "", fmt.Errorf("%s is not built for %s/%s", b.ID, p.OS, p.Arch)
		}
		binary := b.Binary
		if p.OS == "windows" {
			binary += ".exe"
		}
		if err := b.run(ctx, d.root, p, filepath.Join(built, binary)); err != nil {
			return "", err
		}
		entries = append(entries, entry{filepath.Join(built, binary), binary, 0o755})
	}
	files, err := d.files(p, prepared)
	if err != nil {
		return "", err
	}
	file = filepath.Join(directory, name+"."+format)
	return file, pack(file, name, append(entries, files...))
}

// run builds the program.
func (b goBuild) run(ctx context.Context, root string, p platform, output string) error {
	output, err := filepath.Abs(output)
	if err != nil {
		return fmt.Errorf("build %s: %w", b.ID, err)
	}
	args := append([]string{"build", "-o", output, "-ldflags=" + strings.Join(b.Ldflags, " ")}, b.Flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, b.Main)...)
	cmd.Dir = filepath.Join(root, b.Dir)
	cmd.Env = append(append(os.Environ(), b.Env...), "GOOS="+p.OS, "GOARCH="+p.Arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", b.ID, err, out)
	}
	return nil
}

// files lists what else the archive holds. As with goreleaser, a pattern may
// match nothing, but only of what is prepared: it depends on the platform.
func (d *description) files(p platform, prepared string) ([]entry, error) {
	var entries []entry
	for _, f := range d.Archives[0].Files {
		src, err := p.expand(f.Src)
		if err != nil {
			return nil, err
		}
		dst, err := p.expand(f.Dst)
		if err != nil {
			return nil, err
		}
		pattern := filepath.Join(d.root, src)
		below, ofPrepared := strings.CutPrefix(src, preparedDir)
		if ofPrepared {
			pattern = filepath.Join(prepared, below)
		}
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 && !ofPrepared {
			return nil, errors.Join(fmt.Errorf("there is no file %s", src), err)
		}
		for _, file := range found {
			info, err := os.Stat(file)
			if err != nil {
				return nil, fmt.Errorf("make the archive: %w", err)
			}
			entries = append(entries, entry{file, filepath.ToSlash(filepath.Join(dst, filepath.Base(file))), info.Mode().Perm()})
		}
	}
	return entries, nil
}

// expand fills a template in. Only what the description uses is known.
func (p platform) expand(text string) (string, error) {
	t, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", fmt.Errorf("%q: %w", text, err)
	}
	var out strings.Builder
	if err := t.Execute(&out, map[string]string{"Os": p.OS, "Arch": p.Arch}); err != nil {
		return "", fmt.Errorf("%q: %w", text, err)
	}
	return out.String(), nil
}
