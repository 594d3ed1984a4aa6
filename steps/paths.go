// SPDX-License-Identifier: MPL-2.0

package steps

import "strings"

// helpDescribes wants words of the plugin's own in its help. The framework prints
// headings and its own sentences for a plugin that has no help at all.
func (w *world) helpDescribes() error {
	got, err := w.answered()
	if err != nil {
		return err
	}
	help, _ := got.lookup("help")
	text, _ := help.(string)
	if strings.TrimSpace(ownHelp(text)) == "" {
		return mismatch("help that says what the plugin is for", describeAnswer(got))
	}
	return nil
}

// ownHelp returns the part of a mount's help that the plugin wrote: what stands
// under the framework's heading, or all of a help that is not the framework's.
func ownHelp(text string) string {
	_, under, ok := strings.Cut(text, "## DESCRIPTION\n")
	if !ok {
		return text
	}
	description, _, _ := strings.Cut(under, "## PATHS\n")
	return description
}
