// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxChanges bounds how many fields of the setup are changed.
const maxChanges = 12

// fieldChange is a write of the setup with one field that is another.
type fieldChange struct {
	write int
	field string
	data  map[string]any
}

// changes returns the changes of the setup that can be made without knowing more of it:
// texts but addresses, numbers and truth values.
func (p *Profile) changes() []fieldChange {
	var all []fieldChange
	for n, write := range p.Setup {
		for _, field := range slices.Sorted(maps.Keys(write.Data)) {
			if value, ok := changedValue(write.Data[field]); ok {
				data := maps.Clone(write.Data)
				data[field] = value
				all = append(all, fieldChange{n, field, data})
			}
		}
	}
	return all[:min(len(all), maxChanges)]
}

func changedValue(value any) (any, bool) {
	switch value := value.(type) {
	case string:
		return value + "x", value != "" && !strings.Contains(value, "://")
	case bool:
		return !value, true
	case int:
		return value + 1, true
	case float64:
		return value + 1, true
	}
	return nil, false
}

// setupChangesTakeEffect changes one field of the setup after the other, and wants what is
// given not to be as before where another mount, which was set up so from the start, gives
// something else.
func (w *world) setupChangesTakeEffect(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	asked := profile.asked()
	if len(asked) == 0 {
		return &NotCheckedError{Reason: profile.missing(CredentialsOrLogins)}
	}
	before, err := w.aspects(ctx, mount, asked)
	if err != nil {
		return err
	}
	if err := w.subjectOwnMount(ctx, mount+"-same"); err != nil {
		return err
	}
	same, err := w.aspects(ctx, mount+"-same", asked)
	if err != nil {
		return err
	}
	// What differs from mount to mount tells nothing.
	maps.DeleteFunc(before, func(name, value string) bool { return same[name] != value })
	compared := false
	for n, change := range profile.changes() {
		done, err := w.changeTakesEffect(ctx, mount, fmt.Sprintf("%s-%d", mount, n), change, asked, before)
		if err != nil {
			return err
		}
		compared = compared || done
	}
	if !compared {
		return &NotCheckedError{Reason: "no change of a field of the setup shows in the credentials and logins"}
	}
	return nil
}

// changeTakesEffect reports whether a change shows at another mount that was set up so, and
// wants it then to show at a mount that was set up otherwise before.
func (w *world) changeTakesEffect(ctx context.Context, mount, other string, change fieldChange, asked []Write, before map[string]string) (shows bool, err error) {
	setup := w.suite.config.Installed.subject.Profile.Setup
	adds, err := w.addsAt(setup[change.write].Path)
	if err != nil {
		return false, err
	}
	if err := w.subjectFreshMount(ctx, other); err != nil {
		return false, err
	}
	for n, write := range setup {
		data := write.Data
		if n == change.write {
			data = change.data
		}
		if err := w.write(ctx, w.below(other, write.Path), data); err != nil {
			return false, err
		}
		if !w.answer.ok() {
			return false, nil // it may be refused
		}
	}
	fresh, err := w.aspects(ctx, other, asked)
	if err != nil {
		return false, err
	}
	path := setup[change.write].Path
	if err := w.write(ctx, w.below(mount, path), change.data); err != nil || !w.answer.ok() {
		return false, err
	}
	after, err := w.aspects(ctx, mount, asked)
	if err != nil {
		return false, err
	}
	got := w.answer
	for _, name := range slices.Sorted(maps.Keys(before)) {
		want, known := fresh[name]
		if !known || want == before[name] || adds && want == notGiven {
			continue
		}
		shows = true
		if after[name] == before[name] {
			w.answer = got
			return true, mismatch(fmt.Sprintf("%s to follow the change of %s at %s, as at a mount that is set up so from the start: %s", name, change.field, path, w.mask(want)),
				"it is as before the change: "+w.mask(after[name]))
		}
	}
	return shows, w.mustWrite(ctx, w.below(mount, path), setup[change.write].Data)
}

// addsAt reports whether a write to a path may add something beside what was written there
// before, as a second key of a role: nothing is read there, so that it is not what is there.
func (w *world) addsAt(path string) (bool, error) {
	document, err := w.document()
	if err != nil {
		return false, err
	}
	write, documented := document.Find(http.MethodPost, path)
	read, reads := document.Find(http.MethodGet, path)
	return documented && (!reads || read.Path != write.Path), nil
}

// samplesOfAspects is how often something is asked for, to tell what is the same each time.
const samplesOfAspects = 4

// notGiven is the aspect of what is refused.
const notGiven = "a refusal"

// aspects returns what is the same each time something is asked for: whether it is given,
// the values of fields, how long texts are and how they begin.
func (w *world) aspects(ctx context.Context, mount string, asked []Write) (map[string]string, error) {
	found := map[string]string{}
	for _, write := range asked {
		var times []map[string]string
		for range samplesOfAspects {
			given, err := w.givenOften(ctx, mount, write)
			if err != nil {
				return nil, err
			}
			if !given {
				times = []map[string]string{nil}
				break
			}
			times = append(times, givenFields(w.answer))
		}
		if found[write.Path] = notGiven; times[0] != nil {
			found[write.Path] = "a success"
			maps.Copy(found, sameEachTime(write.Path, times))
		}
	}
	return found, nil
}

// givenFields are the fields of an answer that are about what is given.
func givenFields(a *answer) map[string]string {
	fields := map[string]string{}
	for _, path := range []string{"data", "auth"} {
		value, _ := a.lookup(path)
		members, _ := value.(map[string]any)
		for name, member := range members {
			if !slices.Contains([]string{"client_token", "accessor", "entity_id", "orphan", "mfa_requirement"}, name) {
				fields[path+"."+name] = render(member)
			}
		}
	}
	fields["lease_duration"] = fmt.Sprint(secondsAt(a, "lease_duration"))
	return fields
}

// sameEachTime returns what is the same in all answers of a path.
func sameEachTime(path string, times []map[string]string) map[string]string {
	same := map[string]string{}
	for name := range times[0] {
		begin, length, equal := times[0][name], len(times[0][name]), true
		for _, other := range times[1:] {
			equal = equal && other[name] == times[0][name]
			if len(other[name]) != length {
				length = -1
			}
			begin = begin[:common(begin, other[name])]
		}
		aspect := name + " of " + path
		if equal {
			same[aspect] = times[0][name]
			continue
		}
		// A letter may be the same by chance, and in a time for long.
		if end := strings.LastIndexAny(begin, "-_.:/@ "); end >= 0 {
			same["the beginning of "+aspect] = begin[:end+1]
		}
		if length >= 0 {
			same["the length of "+aspect] = fmt.Sprint(length)
		}
	}
	return same
}

// common returns how many bytes two texts begin with alike.
func common(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
