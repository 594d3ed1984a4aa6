// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// undocumented is the requirement that there is a document.
const undocumented = "PLG-102"

// documented returns the checked plugin and what it documents. Without that the scenario
// is not checked.
func (w *world) documented() (*Installed, *Document, error) {
	installed, err := w.installed()
	if err != nil {
		return nil, nil, err
	}
	document, err := installed.document()
	if err != nil {
		return nil, nil, &NotCheckedError{Reason: "the plugin has no OpenAPI document, see " + undocumented}
	}
	return installed, document, nil
}

// document returns what documented does of the document.
func (w *world) document() (*Document, error) {
	_, document, err := w.documented()
	return document, err
}

// patternCharacter is in a path that OpenAPI can't express.
var patternCharacter = regexp.MustCompile(`[\\^$*+?|()\[\]]`)

// pathsDocumented wants an OpenAPI document that has every path.
func (w *world) pathsDocumented() error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	document, err := installed.document()
	if err != nil {
		return mismatch("an OpenAPI document in the plugin's help", err.Error())
	}
	var patterns []string
	for _, path := range document.Paths {
		// One that takes every path has nothing to be expressed.
		if everything := strings.Trim(path.Path, "^$"); everything == ".*" || everything == ".+" {
			continue
		}
		if len(path.Operations) == 0 && patternCharacter.MatchString(path.Path) {
			patterns = append(patterns, path.Path)
		}
	}
	if len(patterns) > 0 {
		return mismatch("patterns that OpenAPI can express", strings.Join(patterns, "\n"))
	}
	if len(document.Paths) == 0 {
		return mismatch("a document with paths", "it has none")
	}
	return nil
}

// pathsHaveHelp wants a synopsis for every path.
func (w *world) pathsHaveHelp() error {
	document, err := w.document()
	if err != nil {
		return err
	}
	var without []string
	for _, path := range document.Paths {
		if strings.TrimSpace(path.Description) == "" {
			without = append(without, path.Path)
		}
	}
	if len(without) > 0 {
		return mismatch("help for every path", "none for "+listed(without))
	}
	return nil
}

// mostListed is how many things a failure names of a kind of which a large plugin has
// hundreds.
const mostListed = 10

// listed names things, and of many the first and the number of the others.
func listed(things []string) string {
	if more := len(things) - mostListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(things[:mostListed], ", "), more)
	}
	return strings.Join(things, ", ")
}

// operationsHaveHelp wants a summary for every operation.
func (w *world) operationsHaveHelp() error {
	document, err := w.document()
	if err != nil {
		return err
	}
	var without []string
	for _, operation := range document.Operations() {
		if strings.TrimSpace(operation.Summary) == "" {
			without = append(without, operation.String())
		}
	}
	if len(without) > 0 {
		return mismatch("a summary for every operation", "none for "+listed(without))
	}
	return nil
}

// noValue stands for a parameter in a path: a name of nothing that exists.
const noValue = "plugproof-none"

// readsHandled wants no documented read or list to be unsupported.
func (w *world) readsHandled(context.Context) error {
	probes, err := w.probed(string(emptyBody))
	if err != nil {
		return err
	}
	for _, probe := range probes {
		operation, answer := probe.operation, probe.trial.answer
		if answer == nil || operation.Method != http.MethodGet && operation.Method != "LIST" {
			continue
		}
		reasons, _ := answer.lookup("errors")
		unsupported := slices.ContainsFunc(asTexts(reasons), func(reason string) bool {
			return strings.Contains(reason, "unsupported path") || strings.Contains(reason, "unsupported operation")
		})
		// A name that does not exist may be one that the path's pattern excludes.
		if unsupported && len(operation.PathFields) == 0 {
			return mismatch(fmt.Sprintf("%s to be handled, as it is documented", operation), describeAnswer(answer))
		}
	}
	return nil
}

// pathsVisible asks each path for its help and wants the help of that path: the
// first pattern that fits a path hides the others.
func (w *world) pathsVisible(ctx context.Context) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	for _, path := range document.Paths {
		// What fits a parameter is only known of paths without one.
		if len(path.Operations) == 0 || strings.Contains(path.Path, "{") {
			continue
		}
		if err := w.asRoot(ctx, http.MethodGet, "{mount}/"+path.Path+"?help=1", ""); err != nil {
			return err
		}
		paths, _ := w.answer.lookup("openapi")
		answered, _ := lookup(paths, "paths")
		help, _ := answered.(map[string]any)
		if help == nil {
			continue
		}
		if _, ok := help["/"+path.Path]; !ok {
			var others []string
			for other := range help {
				others = append(others, strings.TrimPrefix(other, "/"))
			}
			slices.Sort(others)
			return mismatch(fmt.Sprintf("%s to be reached", path.Path), fmt.Sprintf("its requests go to %s, whose pattern fits it too and stands before it", strings.Join(others, ", ")))
		}
	}
	return nil
}
