// SPDX-License-Identifier: MPL-2.0

package sources

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// errUnknown is said of a file that no reader is for.
var errUnknown = errors.New("it can't be told what kind of file this is; name it with a flag, as --env-file, --systemd-unit, --kubernetes or --nomad")

// unitName reports whether an argument names a systemd unit: a file of systemd's,
// or with a root directory the unit's name.
func unitName(path, root string) bool {
	if strings.HasSuffix(filepath.Dir(path), ".service.d") && filepath.Ext(path) == ".conf" {
		return false
	}
	_, err := os.Lstat(path)
	if filepath.Ext(path) != ".service" {
		return err != nil && root != "" && !strings.Contains(path, "/")
	}
	return err == nil || root != "" || !strings.Contains(path, "/")
}

var (
	// unitSection is a section's header that only units have.
	unitSection = regexp.MustCompile(`(?m)^\s*\[(?:Unit|Service|Install|Container)\]\s*$`)
	// nomadJob is the block that a job file of Nomad's has.
	nomadJob = regexp.MustCompile(`(?m)^[ \t]*job[ \t]+(?:"[^"\n]*"|[A-Za-z_][\w-]*)[ \t]*\{`)
	// hclBlock is the beginning of a block, as a server's configuration has it.
	hclBlock = regexp.MustCompile(`(?m)^[ \t]*[a-z_]+(?:[ \t]+"[^"\n]*")*[ \t]*\{[ \t]*$`)
	// dockerfile is the instruction that each Dockerfile has.
	dockerfile = regexp.MustCompile(`(?mi)^[ \t]*FROM[ \t]+(?:--platform=\S+[ \t]+)?[\w./:@${}-]+(?:[ \t]+AS[ \t]+\S+)?[ \t]*$`)
	// shownUnit are properties that systemctl show prints, and no other file has.
	shownUnit = regexp.MustCompile(`(?m)^(?:Environment=(?:\S*=.*)?|EnvironmentFiles=.*|FragmentPath=/.*)$`)
	// environBlock are entries that end with NUL.
	environBlock = regexp.MustCompile(`(?s)^[^=\x00\n]+=[^\x00]*\x00(?:.*\x00)?$`)
	// envLine is NAME=value, with what any of the programs allows before it.
	envLine = regexp.MustCompile(`(?m)^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*=`)
)

// detect finds out what a file is, by its content, and by its name where the
// content leaves it open. What would be read as an empty environment by mistake is
// an error: that would look like a server without conflicts.
func detect(path, text string) (Kind, error) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if strings.HasPrefix(text, mark) {
			return Any, errors.New("it is UTF-16, which no program reads variables from: save it as UTF-8")
		}
	}
	text = strings.TrimPrefix(text, "\ufeff")
	trimmed := strings.TrimSpace(text)
	base := filepath.Base(path)
	switch {
	// Without NUL it is what somebody made lines of.
	case environBlock.MatchString(text) || base == "environ" && (text == "" || strings.Contains(text, "\x00")):
		return ProcEnviron, nil
	case strings.Contains(text, "\x00"):
		return Any, errUnknown
	case filepath.Base(filepath.Dir(path)) == "environment.d":
		return EnvironmentD, nil
	case strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "["):
		if kind, ok := detectJSON(trimmed); ok {
			return kind, nil
		}
	}
	// Before the others, for a manifest may have any of them as text in it.
	if kind, ok, err := detectYAML(text); ok || err != nil {
		return kind, err
	}
	switch {
	case unitSection.MatchString(text):
		return SystemdUnit, nil
	case nomadJob.MatchString(text):
		return Nomad, nil
	case hclBlock.MatchString(text):
		return Any, errors.New("it has blocks of HCL and is not a Nomad job; a server's configuration sets no variables")
	case dockerfile.MatchString(text):
		return Any, errors.New("it is a Dockerfile: give what docker inspect prints of the image, which has the variables of its base too")
	case shownUnit.MatchString(text):
		return Any, errors.New("it is what systemctl show prints, which leaves out files and quotes: give the unit, or what systemctl cat prints")
	}
	named := strings.HasPrefix(base, ".env") || filepath.Ext(base) == ".env"
	switch {
	case envLine.MatchString(text) || named:
		return envLines, nil
	case trimmed == "":
		return Any, errors.New("it is empty; if it is to be read as a file without variables, name its kind with a flag, as --env-file")
	case onlyComments(trimmed):
		return envLines, nil
	}
	return Any, errUnknown
}

// onlyComments reports whether each line is a comment.
func onlyComments(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && line[0] != ';' {
			return false
		}
	}
	return true
}

// detectJSON looks at the keys of an object, or of the first one in a list.
func detectJSON(text string) (Kind, bool) {
	var list []map[string]json.RawMessage
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err == nil {
		if len(list) == 0 {
			return DockerInspect, true
		}
		object = list[0]
	} else if err := json.NewDecoder(strings.NewReader(text)).Decode(&object); err != nil {
		return Any, false
	}
	has := func(key string) bool { _, ok := object[key]; return ok }
	switch {
	case has("kind"):
		return Kubernetes, true
	case has("job") || has("Job") || has("TaskGroups"):
		return Nomad, true
	case has("services"):
		return Compose, true
	case has("Config") || has("Id") || has("ID"):
		return DockerInspect, true
	}
	return Any, false
}

// detectYAML looks at the keys of the first document that has any.
func detectYAML(text string) (Kind, bool, error) {
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document map[string]yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return Any, false, nil //nolint:nilerr // what is not YAML is something else
		}
		if len(document) > 0 {
			return kindOf(document)
		}
	}
}

// kindOf looks at a document's keys.
func kindOf(document map[string]yaml.Node) (Kind, bool, error) {
	has := func(key string) bool { _, ok := document[key]; return ok }
	kind, services := document["kind"], document["services"]
	switch {
	case services.Kind == yaml.MappingNode:
		return Compose, true, nil
	case kind.Value == "Kustomization" || has("resources") && !has("kind"):
		return Any, false, errors.New("it is a kustomization, which says how objects are made: give the output of `kubectl kustomize`")
	case has("kind") || has("apiVersion") && has("metadata"):
		return Kubernetes, true, nil
	case isValues(document):
		return HelmValues, true, nil
	}
	return Any, false, nil
}

// isValues reports whether a document has values of vault-helm or openbao-helm, or of
// a chart that depends on one of them.
func isValues(document map[string]yaml.Node) bool {
	isMap := func(key string) bool {
		node, ok := document[key]
		return ok && (node.Kind == yaml.MappingNode || node.Kind == yaml.AliasNode)
	}
	if _, compose := document["services"]; compose {
		return false
	}
	if isMap("server") || isMap("global") && (isMap("injector") || isMap("csi")) {
		return true
	}
	for key, node := range document {
		var inner map[string]yaml.Node
		if (strings.Contains(key, "vault") || strings.Contains(key, "bao")) && node.Decode(&inner) == nil && len(inner) > 0 {
			if _, ok := inner["server"]; ok {
				return true
			}
		}
	}
	return false
}
