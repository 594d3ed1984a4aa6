// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// encodedText matches what may be a text in base64, as in HTTP's basic authentication, or
// in hexadecimal digits.
var encodedText = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}={0,2}`)

// decodings yields the encoded parts of a text, and what they are decoded to.
func decodings(text string) iter.Seq2[string, string] {
	return func(yield func(encoded, decoded string) bool) {
		for _, part := range encodedText.FindAllString(text, -1) {
			digits := strings.TrimRight(part, "=")
			for _, decode := range []func(string) ([]byte, error){
				base64.RawStdEncoding.DecodeString, base64.RawURLEncoding.DecodeString, hex.DecodeString,
			} {
				if decoded, err := decode(digits); err == nil && !yield(part, string(decoded)) {
					return
				}
			}
		}
	}
}

// fieldsWith names the fields of the profile that have a secret value.
func (p *Profile) fieldsWith(secret string) string {
	var names []string
	for _, write := range p.writes() {
		for name, value := range write.Data {
			if text, ok := value.(string); ok && text == secret && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// writes returns everything that the profile has to be written.
func (p *Profile) writes() []Write {
	writes := slices.Clone(p.Setup)
	for _, sample := range p.Samples {
		writes = append(writes, Write{Path: sample.Path, Data: sample.Data})
		if sample.Update != nil {
			writes = append(writes, Write{Path: sample.Path, Data: sample.Update})
		}
	}
	for _, login := range p.Logins {
		writes = append(writes, login.write())
		if login.Wrong != nil {
			writes = append(writes, Write{Path: login.Path, Data: login.Wrong})
		}
	}
	for _, credentials := range p.Credentials {
		if credentials.Data != nil {
			writes = append(writes, credentials)
		}
	}
	return writes
}

// profileDone sends everything that the profile names to a mount. What comes of it
// other requirements are about.
func (w *world) profileDone(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	for _, write := range profile.writes() {
		if err := w.write(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return err
		}
	}
	for _, credentials := range profile.Credentials {
		if credentials.Data != nil {
			continue
		}
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, credentials.Path), ""); err != nil {
			return err
		}
	}
	return nil
}

// readsHideSecrets reads what was written and wants no secret.
func (w *world) readsHideSecrets(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	paths := make(map[string]bool)
	for _, write := range profile.Setup {
		paths[write.Path] = true
	}
	for _, sample := range profile.Samples {
		paths[sample.Path] = true
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if err := w.asRoot(ctx, http.MethodGet, w.below(mount, path), ""); err != nil {
			return err
		}
		if secret, ok := w.shown(string(w.answer.body)); ok {
			return mismatch(fmt.Sprintf("no value of %s at %s", profile.fieldsWith(secret), path), describeAnswer(w.answer))
		}
	}
	return nil
}

// logHidesSecrets wants no secret of the profile in what the plugin logs.
func (w *world) logHidesSecrets(ctx context.Context) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	return w.watchLog(ctx, func(line string) error {
		if secret, ok := w.shown(line); ok {
			return mismatch("no value of "+installed.subject.Profile.fieldsWith(secret)+" in the plugin's log", w.mask(line))
		}
		return nil
	})
}

// wrongValues are sent in place of a field's value.
func wrongValues() []any {
	return []any{"::no value::", map[string]any{"plugproof": "wrong"}}
}

// errorsHideSecrets sends what the profile names with one wrong field at a time,
// and the logins that must be refused; no error may have a secret.
func (w *world) errorsHideSecrets(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	for _, write := range profile.writes() {
		if !slices.ContainsFunc(profile.Secrets, func(name string) bool { _, has := write.Data[name]; return has }) {
			continue
		}
		bodies := []map[string]any{write.Data}
		for _, name := range w.fieldsOf(write) {
			if slices.Contains(profile.Secrets, name) {
				continue
			}
			for _, wrong := range wrongValues() {
				changed := maps.Clone(write.Data)
				changed[name] = wrong
				bodies = append(bodies, changed)
			}
		}
		for _, data := range bodies {
			if err := w.write(ctx, w.below(mount, write.Path), data); err != nil {
				return err
			}
			secret, ok := w.shown(string(w.answer.body))
			if ok && w.answer.status >= http.StatusBadRequest {
				return mismatch(fmt.Sprintf("an error without the value of %s at %s", profile.fieldsWith(secret), write.Path), describeAnswer(w.answer))
			}
		}
	}
	return nil
}

// fieldsOf names the fields that a write has, and those that are documented for it.
func (w *world) fieldsOf(write Write) []string {
	names := slices.Collect(maps.Keys(write.Data))
	if document, err := w.document(); err == nil { // without one those have to do
		operation, _ := document.Find(http.MethodPost, write.Path)
		for _, field := range operation.Body {
			names = append(names, field.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// secretsDocumented wants every secret field that is stored to be marked in the
// document.
func (w *world) secretsDocumented() error {
	installed, document, err := w.documented()
	if err != nil {
		return err
	}
	found := false
	profile := &installed.subject.Profile
	for _, write := range profile.stored() {
		operation, _ := document.Find(http.MethodPost, write.Path)
		for _, field := range operation.Body {
			if !slices.Contains(profile.Secrets, field.Name) {
				continue
			}
			found = true
			if !field.Sensitive {
				return mismatch(fmt.Sprintf("%s of %s to be marked as sensitive in the OpenAPI document", field.Name, operation), "it is not")
			}
		}
	}
	if !found {
		return &NotCheckedError{Reason: "the plugin's OpenAPI document has none of the profile's secret fields where the setup and the samples write"}
	}
	return nil
}
