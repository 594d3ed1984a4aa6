// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"crypto/rand"
	"regexp"
	"strings"
)

// lastLines returns at most n lines from the end of text, blank ones left out.
func lastLines(text string, n int) string {
	var kept []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept[max(0, len(kept)-n):], "\n")
}

// newToken makes a root token for a server of our own. It has no dots: newer
// servers read tokens with dots as their own signed form.
func newToken() string { return "root-" + strings.ToLower(rand.Text()) }

// banner is what a development server says of its secrets when it starts.
var banner = regexp.MustCompile(`(?m)^((?:Unseal Key|Root Token): ).*$`)

// mask replaces the server's secrets in what it wrote.
func mask(text string, secrets ...string) string {
	text = banner.ReplaceAllString(text, "$1<masked>")
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "<masked>")
		}
	}
	return text
}
