// SPDX-License-Identifier: MPL-2.0

package compose

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// File is a file by its name, which need not exist.
type File struct{ Name, Text string }

// Options say how Compose files are read.
type Options struct {
	// Service chooses the service; empty takes the only one, or that of a server.
	Service string
	// Env are files for interpolation (docker compose --env-file). Without any, the
	// .env beside the first Compose file is.
	Env []File
	// Given are local files that stand for an env_file, by its path.
	Given map[string]string
}

// Read reads the environment of a service from Compose files, the later ones over
// the earlier (docker compose -f A -f B). The shell's variables are not those of
// whoever reads, so what depends on them is set without a value.
func Read(ctx context.Context, files []File, o Options) (hostenv.Environment, error) {
	r := reader{files: files, options: o}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		if err := checkAliases(f); err != nil {
			return hostenv.Environment{}, err
		}
	}
	r.source = strings.Join(names, ", ")
	if err := r.readEnv(); err != nil {
		return hostenv.Environment{}, err
	}
	project, err := r.load(ctx, false)
	if err != nil {
		return hostenv.Environment{}, fmt.Errorf("%w: Compose refuses %s%s; `docker compose config` says why", hostenv.ErrInput, r.source, where(err))
	}
	service, err := r.choose(project)
	if err != nil {
		return hostenv.Environment{}, err
	}
	// The same with variables for all that is not set, which shows what depends on
	// them.
	other, err := r.load(ctx, true)
	var shadow types.ServiceConfig
	if err == nil {
		shadow = service
		if s, ok := allServices(other)[service.Name]; ok {
			shadow = s
		}
	} else {
		shadow = service
	}
	return r.environment(service, shadow)
}

type reader struct {
	files   []File
	options Options
	source  string
	// env are the variables for interpolation.
	env    types.Mapping
	result hostenv.Environment
	// others are files that the Compose files name: included ones, or extended from.
	others []string
}

// readEnv reads the files for interpolation.
func (r *reader) readEnv() error {
	files := r.options.Env
	if len(files) == 0 {
		name := filepath.Join(filepath.Dir(r.files[0].Name), ".env")
		raw, err := os.ReadFile(name)
		if err == nil {
			files = []File{{name, string(raw)}}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	r.env = types.Mapping{}
	for _, f := range files {
		vars := make(hostenv.Set)
		if _, err := addFile(vars, f.Name, f.Text, "", r.env); err != nil {
			return err
		}
		for name, v := range vars {
			if v.Known {
				r.env[name] = v.Value
			}
		}
		r.result.Read = append(r.result.Read, f.Name)
	}
	return nil
}

// load loads the project. With fill, each variable that is not set has the value
// unset.
func (r *reader) load(ctx context.Context, fill bool) (*types.Project, error) {
	// Relative to a relative directory, paths would be resolved twice.
	directory, err := filepath.Abs(filepath.Dir(r.files[0].Name))
	if err != nil {
		return nil, err
	}
	details := types.ConfigDetails{WorkingDir: directory, Environment: maps.Clone(r.env)}
	for _, f := range r.files {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: f.Name, Content: []byte(versionLine.ReplaceAllString(strings.TrimPrefix(f.Text, "\ufeff"), ""))})
	}
	return loader.LoadWithContext(ctx, details, func(o *loader.Options) {
		o.SetProjectName("plugproof", false)
		o.SkipResolveEnvironment, o.SkipConsistencyCheck, o.SkipResolveLabels = true, true, true
		// What a second value would break elsewhere in the file is not looked at.
		o.SkipValidation = fill
		o.Profiles = []string{"*"}
		o.Listeners = []loader.Listener{func(event string, about map[string]any) { r.note(directory, event, about, fill) }}
		o.Interpolate = &interpolation.Options{
			LookupValue: func(name string) (string, bool) {
				if value, ok := r.env[name]; ok {
					return value, true
				}
				return unset, fill
			},
			Substitute: func(text string, mapping template.Mapping) (string, error) {
				return template.SubstituteWithOptions(text, mapping, template.WithoutLogging)
			},
		}
	})
}

// note remembers a file that a service is extended from, or that is included.
func (r *reader) note(directory, event string, about map[string]any, again bool) {
	var names []string
	switch event {
	case "extends":
		name, _ := about["file"].(string)
		names = []string{name}
	case "include":
		switch paths := about["path"].(type) {
		case types.StringList:
			names = paths
		case []string:
			names = paths
		}
	}
	for _, name := range names {
		if name == "" || again {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(directory, name)
		}
		if name = r.display(name); !slices.Contains(r.others, name) {
			r.others = append(r.others, name)
		}
	}
}

// versionLine is without meaning, and the library logs a warning about it.
var versionLine = regexp.MustCompile(`(?m)^version[ \t]*:.*$`)

func allServices(p *types.Project) types.Services {
	all := maps.Clone(p.Services)
	if all == nil {
		all = types.Services{}
	}
	maps.Copy(all, p.DisabledServices)
	return all
}

// choose finds the server's service.
func (r *reader) choose(p *types.Project) (types.ServiceConfig, error) {
	all := allServices(p)
	names := slices.Sorted(maps.Keys(all))
	fits := func(match func(types.ServiceConfig) bool) []string {
		return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !match(all[name]) })
	}
	var chosen []string
	switch {
	case len(names) == 0:
		return types.ServiceConfig{}, fmt.Errorf("%w: %s: %w", hostenv.ErrInput, r.source, errNoService)
	case r.options.Service != "":
		chosen = fits(func(s types.ServiceConfig) bool {
			return s.Name == r.options.Service || s.ContainerName == r.options.Service
		})
	case len(names) == 1:
		chosen = names
	default:
		chosen = fits(func(s types.ServiceConfig) bool {
			return slices.Contains([]string{"vault", "openbao", "bao"}, s.Name)
		})
		if len(chosen) == 0 {
			chosen = fits(func(s types.ServiceConfig) bool {
				image, _, _ := strings.Cut(path.Base(s.Image), ":")
				return slices.Contains([]string{"vault", "vault-enterprise", "openbao", "openbao-ubi"}, image)
			})
		}
	}
	if len(chosen) != 1 {
		return types.ServiceConfig{}, fmt.Errorf("%w: %s has the services %s: %w",
			hostenv.ErrInput, r.source, strings.Join(names, ", "), hostenv.ErrSeveral)
	}
	return all[chosen[0]], nil
}

// environment joins what a service sets: the files of env_file in their order, then
// environment (Compose's documentation, "Environment variables precedence").
func (r *reader) environment(service, shadow types.ServiceConfig) (hostenv.Environment, error) {
	for _, f := range r.files {
		r.result.Read = append(r.result.Read, f.Name)
	}
	r.result.Read = append(r.result.Read, r.others...)
	vars := make(hostenv.Set)
	for _, name := range []string{"PATH", "HOSTNAME", "HOME"} {
		vars.Unknown(name, "the container engine", hostenv.Place{File: r.files[0].Name})
	}
	for _, f := range service.EnvFiles {
		if err := r.envFile(f, service, vars); err != nil {
			return hostenv.Environment{}, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(service.Environment)) {
		at := r.place(service.Name, name)
		value, second := service.Environment[name], shadow.Environment[name]
		switch {
		case hostenv.CheckWritten(name) != nil:
			r.remark(hostenv.Ignored, "compose-name", at, "An entry of environment has a name that no variable should have.", "Write NAME: value, or NAME=value.")
		case strings.Contains(name, unset):
		case value == nil:
			if own, ok := r.env[name]; ok {
				vars.Known(name, own, at)
				continue
			}
			if !hostenv.TakenForName(name) {
				r.result.Remarks = append(r.result.Remarks, hostenv.NameAlone("compose-name-alone", "Compose", at))
				continue
			}
			vars.Unknown(name, whoever, at)
		case second != nil && strings.Contains(*second, unset):
			vars.Unknown(name, whoever, at)
		default:
			vars.Known(name, *value, at)
		}
	}
	if len(service.Profiles) > 0 {
		r.result.Notes = append(r.result.Notes, fmt.Sprintf("The service %s is started only with the profile %s.", service.Name, strings.Join(service.Profiles, " or ")))
	}
	r.result.Source = fmt.Sprintf("%s, service %s", r.source, service.Name)
	r.result.Variables = vars.Sorted()
	r.result.ImageUnseen = true
	r.result.Notes = append(r.result.Notes, "Variables of the shell that runs docker compose are stronger than those of .env; they were not seen.")
	return r.result, nil
}

func (r *reader) remark(kind hostenv.Kind, rule string, at hostenv.Place, message, remedy string) {
	r.result.Remarks = append(r.result.Remarks, hostenv.Remark{Kind: kind, Rule: rule, Place: at, Message: message, Remedy: remedy})
}

// display returns an absolute path as the Compose file was named: relative to the
// working directory if that was.
func (r *reader) display(absolute string) string {
	here, err := os.Getwd()
	if err != nil || filepath.IsAbs(r.files[0].Name) {
		return absolute
	}
	short, err := filepath.Rel(here, absolute)
	if err != nil || strings.HasPrefix(short, "..") {
		return absolute
	}
	return short
}

// envFile adds a file of env_file.
func (r *reader) envFile(f types.EnvFile, service types.ServiceConfig, vars hostenv.Set) error {
	at := r.place(service.Name, "env_file")
	if strings.Contains(f.Path, unset) {
		r.remark(hostenv.Unseen, "compose-env-file-unseen", at, "The path of an env_file depends on the shell: its variables are unknown.", "Give the variable in a file: .env.")
		return nil
	}
	name := r.display(f.Path)
	for what, local := range r.options.Given {
		if path := filepath.Clean(what); f.Path == path || strings.HasSuffix(f.Path, "/"+strings.TrimPrefix(path, "/")) {
			name = local
		}
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !bool(f.Required) {
			r.remark(hostenv.Unseen, "compose-env-file-unseen", at,
				fmt.Sprintf("The env_file %s does not exist here and is not required: if it exists where the service is started, its variables are unknown.", name), "Give the file, or take it out.")
			return nil
		}
		r.remark(hostenv.Unseen, "compose-env-file-unseen", at,
			fmt.Sprintf("The env_file %s can't be read here: its variables are unknown, and Compose does not start the service without it.", name), "Give the file.")
		return nil
	}
	r.result.Read = append(r.result.Read, name)
	lookup := maps.Clone(r.env)
	for variable, v := range vars {
		if _, ok := lookup[variable]; !ok && v.Known {
			lookup[variable] = v.Value
		}
	}
	remarks, err := addFile(vars, name, string(raw), f.Format, lookup)
	r.result.Remarks = append(r.result.Remarks, remarks...)
	return err
}

// place finds where a service's variable stands.
func (r *reader) place(service, name string) hostenv.Place {
	header := regexp.MustCompile(`(?m)^[ \t]+["']?` + regexp.QuoteMeta(service) + `["']?[ \t]*:`)
	files := slices.Clone(r.files)
	slices.Reverse(files)
	for _, other := range r.others {
		if raw, err := os.ReadFile(other); err == nil {
			files = append(files, File{other, string(raw)})
		}
	}
	for _, f := range files {
		start := 0
		if at := header.FindStringIndex(f.Text); at != nil {
			start = at[0]
		}
		if line := lineOf(f.Text[start:], name, true); line > 0 {
			return hostenv.Place{File: f.Name, Line: line + strings.Count(f.Text[:start], "\n")}
		}
	}
	return hostenv.Place{File: r.files[0].Name}
}

// field is the place in a file that an error of Compose's names: services.vault.
var field = regexp.MustCompile(`\bservices\.[A-Za-z0-9_.-]+`)

// where returns the place that an error names, and nothing else of it: it may
// quote a value.
func where(err error) string {
	if m := field.FindString(err.Error()); m != "" {
		return " at " + m
	}
	return lineIn(err)
}
