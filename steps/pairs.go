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

// takesBack is about what one path gives and another one takes back.
const takesBack = "PLG-332"

// gave is what the first path of a pair gave in a scenario.
type gave struct {
	pair Pair
	got  *answer
}

// pairsGive asks for what each pair of the profile gives.
func (w *world) pairsGive(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	for _, pair := range installed.subject.Profile.Pairs {
		given, err := w.pairGives(ctx, mount, pair)
		if err != nil {
			return err
		}
		w.gave = append(w.gave, given)
	}
	return nil
}

func (w *world) pairGives(ctx context.Context, mount string, pair Pair) (gave, error) {
	err := w.ofProfile(ctx, mount, pair.Write)
	if err == nil && !w.answer.ok() {
		err = w.seeOr(takesBack, "the plugin refuses "+pair.Path, mismatch("a success at "+pair.Path+", as the profile has it", describeAnswer(w.answer)))
	}
	return gave{pair, w.answer}, err
}

// ofProfile sends a request of the profile: a read if it has no data.
func (w *world) ofProfile(ctx context.Context, mount string, write Write) error {
	if write.Data == nil {
		return w.asRoot(ctx, http.MethodGet, w.below(mount, write.Path), "")
	}
	return w.write(ctx, w.below(mount, write.Path), write.Data)
}

// changeOfProfile sends a request of the profile that changes something, which may have no
// data.
func (w *world) changeOfProfile(ctx context.Context, mount string, write Write) error {
	if write.Data == nil {
		write.Data = map[string]any{}
	}
	return w.ofProfile(ctx, mount, write)
}

// backIn returns the request that takes something back, with the fields of what was given,
// changed. A value that is nothing but such a field is of the field's type, unless it is a
// text.
func (g gave) backIn(change func(string) string) (Write, error) {
	data := map[string]any{}
	for name, value := range g.pair.Back.Data {
		data[name] = value
		text, ok := value.(string)
		if !ok {
			continue
		}
		filled, err := filled(text, g.got, "in the answer of "+g.pair.Path+", which back in the profile names", change)
		if err != nil {
			return Write{}, err
		}
		data[name] = filled
		if field := proofField.FindStringSubmatch(text); field != nil && field[0] == text {
			given, _ := g.got.lookup("data." + field[1])
			if _, isText := given.(string); !isText {
				data[name] = given
			}
		}
	}
	return Write{Path: g.pair.Back.Path, Data: data}, nil
}

// taken reports whether an answer has what the profile says is given back.
func (g gave) taken(got *answer) bool {
	if !got.ok() {
		return false
	}
	for name, want := range g.pair.Gives {
		if value, ok := got.lookup("data." + name); !ok || render(value) != fmt.Sprint(want) {
			return false
		}
	}
	return true
}

// pairsTakeBack wants what was given to be taken back.
func (w *world) pairsTakeBack(ctx context.Context, mount string) error {
	return w.takenBack(ctx, mount, "")
}

func (w *world) takenBack(ctx context.Context, mount, after string) error {
	for _, given := range w.gave {
		back, err := given.backIn(unchanged)
		if err != nil {
			return err
		}
		if err := w.ofProfile(ctx, mount, back); err != nil {
			return err
		}
		if !given.taken(w.answer) {
			return mismatch(fmt.Sprintf("%s at %s for what %s gave%s", fieldsText(given.pair.Gives), back.Path, given.pair.Path, after), describeAnswer(w.answer))
		}
	}
	return nil
}

func fieldsText(fields map[string]any) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		all = append(all, fmt.Sprintf("%s=%v", name, fields[name]))
	}
	return strings.Join(all, ", ")
}

// pairsTakenBackLater wants what was given before to be taken back still after what is
// between in the profile, twice, and what is given then too.
func (w *world) pairsTakenBackLater(ctx context.Context, mount string) error {
	compared := false
	for _, first := range slices.Clone(w.gave) {
		if len(first.pair.Between) == 0 {
			continue
		}
		compared = true
		w.gave = []gave{first}
		for range 2 {
			for _, between := range first.pair.Between {
				if err := w.changeOfProfile(ctx, mount, between); err != nil {
					return err
				}
				if !w.answer.ok() {
					return mismatch("a success at "+between.Path+", as the profile has it between "+first.pair.Path+" and "+first.pair.Back.Path, describeAnswer(w.answer))
				}
			}
			given, err := w.pairGives(ctx, mount, first.pair)
			if err != nil {
				return err
			}
			w.gave = append(w.gave, given)
			if err := w.takenBack(ctx, mount, ", before "+pathsBetween(first.pair)+" or after it"); err != nil {
				return err
			}
		}
	}
	if !compared {
		return &NotCheckedError{Reason: "the pairs of the profile have nothing between them, such as the rotation of a key"}
	}
	return nil
}

func pathsBetween(pair Pair) string {
	var paths []string
	for _, write := range pair.Between {
		paths = append(paths, write.Path)
	}
	return strings.Join(paths, ", ")
}

// pairsRefuseAltered wants what was altered not to be taken for what was given.
func (w *world) pairsRefuseAltered(ctx context.Context, mount string) error {
	for _, given := range w.gave {
		for _, alter := range []func(string) string{alteredEnd, alteredMiddle} {
			altered := false
			back, err := given.backIn(func(text string) string {
				changed := alter(text)
				altered = altered || changed != text
				return changed
			})
			if err != nil {
				return err
			}
			if !altered {
				continue
			}
			if err := w.ofProfile(ctx, mount, back); err != nil {
				return err
			}
			if given.taken(w.answer) {
				return mismatch(fmt.Sprintf("not %s at %s for what %s gave and was altered since", fieldsText(given.pair.Gives), back.Path, given.pair.Path), describeAnswer(w.answer))
			}
		}
	}
	return nil
}

// alteredEnd changes a letter or digit near the end, where it counts also in base64.
func alteredEnd(text string) string { return alteredAt(text, len(text)-6) }

// alteredMiddle changes one in the second half.
func alteredMiddle(text string) string { return alteredAt(text, len(text)*3/4) }

func alteredAt(text string, at int) string {
	if at < 0 || at >= len(text) {
		return text
	}
	other := "a"
	if text[at] == 'a' {
		other = "b"
	}
	return text[:at] + other + text[at+1:]
}
