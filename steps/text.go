// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// placeholder is {name} with a name that no JSON object can begin with, since
// JSON puts its keys in quotes: {sha256 of probe}, {reader}, {eu.example.com}.
// What stands in two braces is a template of the server's.
var placeholder = regexp.MustCompile(`\{\{[^{}]*\}\}|\{([A-Za-z][A-Za-z0-9 ._-]*)\}`)

// commandField keeps file names as they are: binaries lie in the plugin
// directory under the names of the features.
var commandField = regexp.MustCompile(`"command"\s*:\s*"[^"]*"|-command=\S+`)

// mark begins and ends what is sent as it is. No path and no JSON has that byte.
const mark = "\x00"

// verbatim marks a text that is not of the feature, as what a profile has: words in
// it that happen to be names of the scenario are not names, and braces stand for
// themselves.
func verbatim(text string) string { return mark + text + mark }

// plain removes the marks.
func plain(text string) string { return strings.ReplaceAll(text, mark, "") }

// outside changes what is not marked, and removes the marks.
func outside(text string, change func(string) (string, error)) (string, error) {
	parts := strings.Split(text, mark)
	for n := 0; n < len(parts); n += 2 {
		var err error
		if parts[n], err = change(parts[n]); err != nil {
			return "", err
		}
	}
	return strings.Join(parts, ""), nil
}

// expand puts saved values in place of their names.
func (w *world) expand(text string) (string, error) {
	var missing []string
	expanded := placeholder.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "{{") {
			return found
		}
		name := found[1 : len(found)-1]
		value, ok := w.saved[name]
		if !ok {
			missing = append(missing, name)
		}
		return value
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("nothing was kept as %q before it is used", missing)
	}
	return expanded, nil
}

// outgoing turns a text of the feature into one for the server: saved values are
// filled in and the scenario's names get their suffix.
func (w *world) outgoing(text string) (string, error) { return outside(text, w.renamed) }

func (w *world) renamed(text string) (string, error) {
	expanded, err := w.expand(text)
	if err != nil {
		return "", err
	}
	var result strings.Builder
	at := 0
	for _, span := range commandField.FindAllStringIndex(expanded, -1) {
		result.WriteString(w.names.out(expanded[at:span[0]]))
		result.WriteString(expanded[span[0]:span[1]])
		at = span[1]
	}
	result.WriteString(w.names.out(expanded[at:]))
	return result.String(), nil
}

// secret adds a value that reports must not show.
func (w *world) secret(value string) {
	// Short values would blank out ordinary words; real tokens are longer. The
	// root token of a dev server is often "root": its header is masked instead.
	if len(value) >= 8 && !slices.Contains(w.secrets, value) {
		w.secrets = append(w.secrets, value)
	}
}

// learnSecrets finds the tokens in an answer, and the accessors of tokens that
// the scenario has to revoke.
func (w *world) learnSecrets(content any) {
	switch in := content.(type) {
	case map[string]any:
		for key, value := range in {
			text, isText := value.(string)
			switch {
			case isText && (key == "client_token" || key == "token" || key == "id"):
				w.secret(text)
			default:
				w.learnSecrets(value)
			}
		}
		// Only an auth block is about a new token.
		if _, created := in["client_token"]; created {
			if accessor, ok := in["accessor"].(string); ok && accessor != "" {
				w.accessors = append(w.accessors, accessor)
			}
		}
	case []any:
		for _, value := range in {
			w.learnSecrets(value)
		}
	}
}

// maxShown bounds a body in a report, in bytes.
const maxShown = 2000

func shorten(text string) string {
	text = shortenRuns(strings.TrimSpace(text))
	if len(text) <= maxShown {
		return text
	}
	return text[:maxShown] + fmt.Sprintf("… (%d bytes in all)", len(text))
}

// shortenRuns shortens what repeats one letter or digit very often, as a very long
// value does.
func shortenRuns(text string) string {
	const most, shown = 100, 10
	var out strings.Builder
	begin, kept := 0, 0 // of the run, and of what is not written yet
	for i := 1; i <= len(text); i++ {
		if i < len(text) && text[i] == text[begin] {
			continue
		}
		if n := i - begin; n > most && isLetterOrDigit(text[begin]) {
			_, _ = fmt.Fprintf(&out, "%s… (%d times %c)", text[kept:begin+shown], n, text[begin])
			kept = i
		}
		begin = i
	}
	return out.String() + text[kept:]
}

func isLetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
