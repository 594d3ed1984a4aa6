// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// randomField stands for another text each time.
const randomField = "{{random}}"

// rotationsKept sets a mount up as each rotation of the profile says, lets the plugin
// change its secret, and wants credentials and logins to be given as before: at once, and
// when the plugin's process is another one.
func (w *world) rotationsKept(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	asked := profile.asked()
	for _, rotation := range profile.Rotations {
		if _, err := w.rotationSetUp(ctx, mount, rotation); err != nil {
			return err
		}
		gives, err := w.thoseGiven(ctx, mount, asked)
		if err != nil {
			return err
		}
		if len(gives) == 0 {
			return &NotCheckedError{Reason: "nothing is given with the setup of the rotation " + rotation.Path}
		}
		if err := w.changeOfProfile(ctx, mount, rotation.Write); err != nil {
			return err
		}
		if !w.answer.ok() {
			return mismatch("the rotation at "+rotation.Path+" to succeed, as the profile has it", describeAnswer(w.answer))
		}
		after := "after the rotation at " + rotation.Path
		if err := w.stillGiven(ctx, mount, gives, after); err != nil {
			return err
		}
		if err := w.reloadMount(ctx, mount); err != nil {
			return err
		}
		if err := w.stillGiven(ctx, mount, gives, after+" and a reload"); err != nil {
			return err
		}
	}
	return nil
}

// stillGiven wants all that was given before to be given.
func (w *world) stillGiven(ctx context.Context, mount string, before []Write, after string) error {
	for _, write := range before {
		given, err := w.given(ctx, mount, write)
		if err != nil {
			return err
		}
		if !given {
			return mismatch("a success at "+write.Path+" as before, "+after, describeAnswer(w.answer))
		}
	}
	return nil
}

// withRandom returns data with other texts for what is random in it.
func withRandom(data map[string]any) (map[string]any, error) {
	random, err := newUserName()
	changed := map[string]any{}
	for name, value := range data {
		if text, ok := value.(string); ok {
			value = strings.ReplaceAll(text, randomField, random)
		}
		changed[name] = value
	}
	return changed, err
}

// rotationSetUp sets a mount up as a rotation says, and returns what was written.
func (w *world) rotationSetUp(ctx context.Context, mount string, rotation Rotation) ([]Write, error) {
	var written []Write
	for _, write := range rotation.Setup {
		data, err := withRandom(write.Data)
		if err != nil {
			return nil, err
		}
		if err := w.mustWrite(ctx, w.below(mount, write.Path), data); err != nil {
			return nil, err
		}
		written = append(written, Write{Path: write.Path, Data: data})
	}
	return written, nil
}

// rotationsReported carries the rotations out while writes to the storage fail, and wants an
// error where the plugin tried to write: the new secret is lost otherwise.
func (w *world) rotationsReported(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	tried := false
	for _, rotation := range installed.subject.Profile.Rotations {
		if _, err := w.rotationSetUp(ctx, mount, rotation); err != nil {
			return err
		}
		if err := w.writesFail(ctx, mount); err != nil {
			return err
		}
		before := w.refused
		if err := w.changeOfProfile(ctx, mount, rotation.Write); err != nil {
			return err
		}
		got := w.answer
		if err := w.writesSucceed(ctx, mount); err != nil { // it returns the number
			return err
		}
		if w.refused == before {
			continue
		}
		tried = true
		if got.ok() {
			return mismatch("an error for the rotation at "+rotation.Path+", whose write to the storage failed", describeAnswer(got))
		}
	}
	if !tried {
		return &NotCheckedError{Reason: "the plugin writes nothing to its storage for the profile's rotations"}
	}
	return nil
}

// rotatedSecretsEnd wants the secret from before a rotation not to serve any more: what is
// set up with it once more gives no more than what is set up with a wrong one.
func (w *world) rotatedSecretsEnd(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	asked := profile.asked()
	compared := false
	for _, rotation := range profile.Rotations {
		before, err := w.rotationSetUp(ctx, mount, rotation)
		if err != nil {
			return err
		}
		gives, err := w.thoseGiven(ctx, mount, asked)
		if err != nil {
			return err
		}
		gives, err = w.refusedWith(ctx, mount, profile.wrongSecrets(before), gives)
		if err != nil {
			return err
		}
		if len(gives) == 0 {
			continue // the secret does not matter for what is given
		}
		if _, err := w.writesAccepted(ctx, mount, before); err != nil {
			return err
		}
		if err := w.changeOfProfile(ctx, mount, rotation.Write); err != nil {
			return err
		}
		if !w.answer.ok() {
			continue
		}
		compared = true
		still, err := w.refusedWith(ctx, mount, before, gives)
		if err != nil {
			return err
		}
		if len(still) < len(gives) {
			return mismatch("nothing given with the secret from before the rotation at "+rotation.Path+", as with a wrong one", describeAnswer(w.answer))
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "no rotation of the profile changes a secret without which nothing is given"}
	}
	return nil
}

// wrongSecrets returns writes with other values of the secret fields.
func (p *Profile) wrongSecrets(writes []Write) []Write {
	var wrong []Write
	for _, write := range writes {
		data := maps.Clone(write.Data)
		for name, value := range data {
			if text, ok := value.(string); ok && slices.Contains(p.Secrets, name) {
				data[name] = text + "-wrong"
			}
		}
		wrong = append(wrong, Write{Path: write.Path, Data: data})
	}
	return wrong
}

// writesAccepted reports whether a mount takes all writes.
func (w *world) writesAccepted(ctx context.Context, mount string, writes []Write) (bool, error) {
	for _, write := range writes {
		if err := w.write(ctx, w.below(mount, write.Path), write.Data); err != nil {
			return false, err
		}
		if !w.answer.ok() {
			return false, nil
		}
	}
	return true, nil
}

// refusedWith returns which of the requests are refused when a mount is set up so, all if it
// can't be.
func (w *world) refusedWith(ctx context.Context, mount string, setup, asked []Write) ([]Write, error) {
	accepted, err := w.writesAccepted(ctx, mount, setup)
	if err != nil || !accepted {
		return asked, err
	}
	var refused []Write
	for _, write := range asked {
		given, err := w.given(ctx, mount, write)
		if err != nil {
			return nil, err
		}
		if given {
			return refused, nil
		}
		refused = append(refused, write)
	}
	return refused, nil
}
