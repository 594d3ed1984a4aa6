// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
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
		for _, write := range rotation.Setup {
			data, err := withRandom(write.Data)
			if err != nil {
				return err
			}
			if err := w.mustWrite(ctx, w.below(mount, write.Path), data); err != nil {
				return err
			}
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
