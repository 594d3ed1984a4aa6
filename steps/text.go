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
var placeholder = regexp.MustCompile(`\{([A-Za-z][A-Za-z0-9 ._-]*)\}`)

// commandField keeps file names as they are: binaries lie in the plugin
// directory under the names of the features.
var commandField = regexp.MustCompile(`"command"\s*:\s*"[^"]*"|-command=\S+`)

// expand puts saved values in place of their names.
func (w *world) expand(text string) (string, error) {
	var missing []string
	expanded := placeholder.ReplaceAllStringFunc(text, func(found string) string {
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

// outgoing makes a text of the feature into one for the server: saved values
// filled in, names of its own in place of the written ones.
func (w *world) outgoing(text string) (string, error) {
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

// secret makes a value one that no report shows.
func (w *world) secret(value string) {
	// Short values would blank out ordinary words; real tokens are longer. The
	// root token of a dev server is often "root": its header is masked instead.
	if len(value) >= 8 && !slices.Contains(w.secrets, value) {
		w.secrets = append(w.secrets, value)
	}
}

// mask blanks the tokens out of a text for people.
func (w *world) mask(text string) string {
	for _, secret := range w.secrets {
		if len(secret) >= 8 {
			text = strings.ReplaceAll(text, secret, "<token>")
		}
	}
	return text
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
		// Only an auth block stands for a token that was made just now.
		if _, made := in["client_token"]; made {
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
	text = strings.TrimSpace(text)
	if len(text) <= maxShown {
		return text
	}
	return text[:maxShown] + fmt.Sprintf("… (%d bytes in all)", len(text))
}
