// SPDX-License-Identifier: MPL-2.0

package serverconfig

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-sockaddr/template"
	"github.com/hashicorp/hcl"
	"github.com/hashicorp/hcl/hcl/ast"
	"github.com/hashicorp/hcl/hcl/parser"
	"github.com/hashicorp/hcl/hcl/token"
	jsonparser "github.com/hashicorp/hcl/json/parser"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// topLevel are the keys of a file that mean something here.
type topLevel struct {
	PluginDirectory string `hcl:"plugin_directory"`
	PluginTmpdir    string `hcl:"plugin_tmpdir"`
	PluginFileUID   int    `hcl:"plugin_file_uid"`
	Permissions     any    `hcl:"plugin_file_permissions,alias:PluginFilePermissions"`
	APIAddr         string `hcl:"api_addr"`
	LogLevel        string `hcl:"log_level"`
	LogFormat       string `hcl:"log_format"`
	Behavior        string `hcl:"plugin_download_behavior"`
	Download        any    `hcl:"plugin_auto_download"`
	Register        any    `hcl:"plugin_auto_register"`
	MaxSize         any    `hcl:"plugin_download_max_size"`
	DisableMlock    any    `hcl:"disable_mlock"`
}

// unused takes the keys of an object that no other field takes, which are all.
type unused struct {
	Keys map[string][]token.Pos `hcl:",unusedKeyPositions"`
}

// parse reads one file.
func (l loader) parse(text []byte, file string) (config *Config, err error) {
	defer func() {
		// HCL's scanner of JSON panics where a text ends within an escape: {"\0.
		if cause := recover(); cause != nil {
			config, err = nil, fmt.Errorf("the file can't be read: %v", cause)
		}
	}()
	d := l.dialect
	root, twice, err := l.parseAny(text)
	if err != nil {
		return nil, err
	}
	list, ok := root.Node.(*ast.ObjectList)
	if !ok {
		return nil, errors.New("error parsing: file doesn't contain a root object")
	}
	config = &Config{}
	problems, err := unknownKeys(list, file, slices.Concat(d.Configuration.Keys, labels(list)))
	if err != nil {
		return nil, err
	}
	if twice {
		config.Problems = append(config.Problems, fmt.Sprintf("WARNING: Duplicate keys found in the Vault server configuration file %q, duplicate keys in HCL files are deprecated and will be forbidden in a future release.", file))
	}
	config.Problems = append(config.Problems, problems...)
	list = known(list, d.Configuration.Keys)
	if err := l.parseValues(config, list); err != nil {
		return nil, err
	}
	if err := config.parseStorage(list, file); err != nil {
		return nil, err
	}
	if err := config.parseListeners(list.Filter("listener"), file, d); err != nil {
		return nil, fmt.Errorf("error parsing 'listener': %w", err)
	}
	for _, stanza := range []struct {
		name string
		keys []string
	}{
		{"telemetry", d.Configuration.TelemetryKeys},
		{"audit", strings.Fields("description local options path rawconfig type")},
	} {
		for _, item := range list.Filter(stanza.name).Items {
			problems, err := unknownKeys(item.Val, file, stanza.keys)
			if err != nil {
				return nil, fmt.Errorf("error parsing '%s': %w", stanza.name, err)
			}
			config.Problems = append(config.Problems, problems...)
		}
	}
	if err := config.parsePlugins(list.Filter("plugin"), file, d); err != nil {
		return nil, fmt.Errorf("error parsing 'plugin': %w", err)
	}
	if b := config.DownloadBehavior; b != "" && b != DownloadFail && b != DownloadContinue {
		config.Problems = append(config.Problems, unlocated("plugin_download_behavior must be either %q or %q, got %q", DownloadFail, DownloadContinue, b))
	}
	return config, nil
}

// duplicatesVariable allows keys to stand twice.
const duplicatesVariable = "VAULT_ALLOW_PENDING_REMOVAL_DUPLICATE_HCL_ATTRIBUTES"

// parseAny parses JSON if the text begins as JSON does, else HCL, and reports whether the
// server warns of a key that stands twice.
//
// Source: ParseConfig in sdk/helper/hclutil of OpenBao v2.6.2; helper/random/parser.go of
// Vault v1.20.4 and v1.21.1.
func (l loader) parseAny(text []byte) (file *ast.File, twice bool, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		file, err := jsonparser.Parse(text)
		return file, false, locatedJSON(text, err)
	}
	if l.dialect.Configuration.Duplicates == dialect.DuplicatesTaken {
		file, err := parser.ParseDontErrorOnDuplicateKeys(text)
		return file, false, err
	}
	file, err = parser.Parse(text)
	if err == nil || !strings.Contains(err.Error(), "Each argument can only be defined once") {
		return file, false, err
	}
	if l.dialect.Configuration.Duplicates == dialect.DuplicatesRefused {
		if allowed, unparsed := l.variable(duplicatesVariable); unparsed != nil || !allowed {
			return nil, false, cmp.Or(unparsed, err)
		}
	}
	file, err = parser.ParseDontErrorOnDuplicateKeys(text)
	return file, true, err
}

// variable returns the value of a variable that is true or false, or empty.
func (l loader) variable(name string) (bool, error) {
	for _, entry := range l.environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok && value != "" {
			set, err := strconv.ParseBool(value)
			if err != nil {
				return false, fmt.Errorf("error parsing %q environment variable: %w", name, err)
			}
			return set, nil
		}
	}
	return false, nil
}

// locatedJSON gives an error of the JSON parser, which has no position, that of the
// standard library's.
func locatedJSON(text []byte, err error) error {
	wrong := new(json.SyntaxError)
	if err == nil || !errors.As(json.Unmarshal(text, new(any)), &wrong) {
		return err
	}
	before := text[:min(max(int(wrong.Offset)-1, 0), len(text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return &parser.PosError{Pos: token.Pos{Line: line, Column: column}, Err: err}
}

// unlocated is what the server says of a stanza. It says it at "-": it does not know where.
func unlocated(format string, args ...any) string {
	return fmt.Sprintf(format, args...) + " at " + token.Pos{}.String()
}

// unknownKeys returns what the server says of keys that it does not know, in the
// order of the file.
//
// Source: ValidateUnusedFields in configutil/lint.go.
func unknownKeys(node ast.Node, file string, known []string) ([]string, error) {
	var u unused
	if err := hcl.DecodeObject(&u, node); err != nil {
		return nil, err
	}
	type problem struct {
		text string
		at   token.Pos
	}
	var all []problem
	for key, positions := range u.Keys {
		if knows(known, key) {
			continue
		}
		for _, at := range positions {
			at.Filename = file
			all = append(all, problem{fmt.Sprintf("unknown or unsupported field %s found in configuration at %s", key, at), at})
		}
	}
	slices.SortFunc(all, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.at.Line, b.at.Line), cmp.Compare(a.at.Column, b.at.Column))
	})
	var texts []string
	for _, p := range all {
		texts = append(texts, p.text)
	}
	return texts, nil
}

func knows(known []string, key string) bool {
	return slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, key) })
}

// known returns the items of a list whose keys are known.
func known(list *ast.ObjectList, keys []string) *ast.ObjectList {
	items := slices.DeleteFunc(slices.Clone(list.Items), func(item *ast.ObjectItem) bool {
		return len(item.Keys) > 0 && !knows(keys, text(item.Keys[0]))
	})
	return &ast.ObjectList{Items: items}
}

// where returns the file, line and column of a stanza.
func where(item *ast.ObjectItem, file string) string {
	at := item.Pos()
	at.Filename = file
	return at.String()
}

func text(key *ast.ObjectKey) string { return fmt.Sprint(key.Token.Value()) }

// errMlock is what OpenBao says of mlock.
var errMlock = errors.New(`OpenBao has dropped support for mlock. Please remove
the line "disable_mlock" = false from your config and disable
or encrypt swap instead. For more information, see:
https://openbao.org/docs/install/#post-installation-hardening`)

// labels are the types of storage and listeners: in JSON they can be taken for keys.
func labels(list *ast.ObjectList) []string {
	found := []string{"tcp", "unix"}
	for _, item := range list.Filter("storage").Items {
		if len(item.Keys) > 0 {
			found = append(found, text(item.Keys[0]))
		}
	}
	return found
}

// parseValues takes the values of the top level.
func (l loader) parseValues(c *Config, list *ast.ObjectList) error {
	var top topLevel
	if err := hcl.DecodeObject(&top, list); err != nil {
		return err
	}
	c.PluginDirectory, c.PluginTmpdir, c.PluginFileUID = top.PluginDirectory, top.PluginTmpdir, top.PluginFileUID
	c.LogLevel, c.LogFormat, c.DownloadBehavior = top.LogLevel, top.LogFormat, top.Behavior
	c.permissionsSet, c.downloadSet, c.registerSet = top.Permissions != nil, top.Download != nil, top.Register != nil
	var err error
	if c.APIAddr, err = address(top.APIAddr); err != nil {
		return at(list, "api_addr", err)
	}
	if top.DisableMlock != nil {
		disabled, err := parseutil.ParseBool(top.DisableMlock)
		if err != nil {
			return at(list, "disable_mlock", fmt.Errorf("error parsing 'disable_mlock': %w", err))
		}
		if l.dialect.Configuration.MlockRefused && !disabled {
			return at(list, "disable_mlock", errMlock)
		}
	}
	if top.Permissions != nil {
		if c.PluginFilePermissions, err = parseOctal(top.Permissions); err != nil {
			return at(list, "plugin_file_permissions", err)
		}
	}
	if top.Download != nil {
		if c.AutoDownload, err = parseutil.ParseBool(top.Download); err != nil {
			return at(list, "plugin_auto_download", err)
		}
	}
	if top.Register != nil {
		if c.AutoRegister, err = parseutil.ParseBool(top.Register); err != nil {
			return at(list, "plugin_auto_register", err)
		}
	}
	if top.MaxSize != nil {
		if c.DownloadMaxSize, err = parseutil.ParseInt(top.MaxSize); err != nil {
			return at(list, "plugin_download_max_size", err)
		}
	}
	return nil
}

// parseOctal returns permissions, which may be a number or a text.
func parseOctal(raw any) (int, error) {
	octal, err := parseutil.ParseString(raw)
	if err != nil {
		return 0, err
	}
	permissions, err := strconv.ParseInt(octal, 8, 64)
	return int(permissions), err
}

// at gives an error the position and the name of a key, of which servers do not tell.
func at(list *ast.ObjectList, key string, err error) error {
	for _, item := range slices.Backward(list.Items) {
		if len(item.Keys) > 0 && strings.EqualFold(text(item.Keys[0]), key) {
			return &parser.PosError{Pos: item.Keys[0].Pos(), Err: fmt.Errorf("%s: %w", key, err)}
		}
	}
	return err
}

// address returns an address that may be a template of go-sockaddr.
//
// Source: ParseSingleIPTemplate in configutil.
func address(tmpl string) (string, error) {
	out, err := template.Parse(tmpl)
	if err != nil {
		return "", fmt.Errorf("unable to parse address template %q: %w", tmpl, err)
	}
	if strings.Contains(out, " ") {
		return "", fmt.Errorf("multiple addresses found (%q), please configure one", out)
	}
	return out, nil
}

// parseStorage takes the stanza storage, or backend where there is none.
//
// Source: ParseStorage in command/server/config.go.
func (c *Config) parseStorage(list *ast.ObjectList, file string) error {
	name := "storage"
	stanzas := list.Filter(name)
	if len(stanzas.Items) == 0 {
		name = "backend"
		if stanzas = list.Filter(name); len(stanzas.Items) == 0 {
			return nil
		}
	}
	if len(stanzas.Items) > 1 {
		return fmt.Errorf("error parsing '%s': %w", name, &parser.PosError{Pos: stanzas.Items[1].Pos(), Err: fmt.Errorf("only one %q block is permitted", name)})
	}
	kind := name
	if keys := stanzas.Items[0].Keys; len(keys) > 0 {
		kind = text(keys[0])
	}
	var values map[string]any
	if err := hcl.DecodeObject(&values, stanzas.Items[0].Val); err != nil {
		return fmt.Errorf("error parsing '%s': %s.%s: %w", name, name, kind, err)
	}
	c.Storage = &Storage{Where: where(stanzas.Items[0], file), Type: strings.ToLower(kind), Config: map[string]string{}}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value, ok := values[key].(string)
		if !ok {
			encoded, err := json.Marshal(values[key])
			if err != nil {
				return err
			}
			value = string(encoded)
		}
		c.Storage.Config[key] = value
	}
	return nil
}
