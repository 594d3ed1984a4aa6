// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

// Difference is one place where an answer is not the wanted one.
type Difference struct {
	// Path is where in the answer: status, body.data.keys, stdout …
	Path string `json:"path"`
	// Want and Have are the values as JSON or text; "absent" without quotes
	// stands for a member that is not there.
	Want string `json:"want"`
	Have string `json:"have"`
}

// absent stands for a member that is not there.
const absent = "absent"

// Compare returns how have differs from want. Nothing that was not recorded is
// compared.
func Compare(want, have Answer) []Difference {
	if want.Empty() {
		return nil
	}
	var out []Difference
	if want.Exit != nil {
		if have.Exit == nil {
			return []Difference{{Path: "exit", Want: fmt.Sprint(*want.Exit), Have: absent}}
		}
		add(&out, "exit", fmt.Sprint(*want.Exit), fmt.Sprint(*have.Exit))
		lines(&out, "stdout", common(want.Stdout), common(have.Stdout))
		lines(&out, "stderr", common(want.Stderr), common(have.Stderr))
		return out
	}
	add(&out, "status", fmt.Sprint(want.Status), fmt.Sprint(have.Status))
	if want.Status == have.Status {
		values(&out, "body", withoutTimedWarnings(want.Body), withoutTimedWarnings(have.Body))
	} else {
		// A success and an error have no members in common.
		add(&out, "body", compact(bare(want.Body)), compact(bare(have.Body)))
	}
	add(&out, "type", want.Type, have.Type)
	return out
}

// bare takes the members off an answer's envelope that say nothing.
func bare(body any) any {
	m, ok := body.(map[string]any)
	if !ok {
		return body
	}
	out := map[string]any{}
	for k, v := range m {
		switch v {
		case nil, "", "<id>", false, json.Number("0"):
		default:
			out[k] = v
		}
	}
	return out
}

func add(out *[]Difference, path, want, have string) {
	if want != have {
		*out = append(*out, Difference{Path: path, Want: want, Have: have})
	}
}

// values compares two decoded JSON values.
func values(out *[]Difference, path string, want, have any) {
	w, wok := want.(map[string]any)
	h, hok := have.(map[string]any)
	if wok && hok {
		for _, k := range keys(w, h) {
			wv, inW := w[k]
			hv, inH := h[k]
			switch {
			case !inW:
				add(out, path+"."+k, absent, compact(hv))
			case !inH:
				add(out, path+"."+k, compact(wv), absent)
			default:
				values(out, path+"."+k, wv, hv)
			}
		}
		return
	}
	wl, wok := want.([]any)
	hl, hok := have.([]any)
	if wok && hok && len(wl) == len(hl) {
		for i := range wl {
			values(out, fmt.Sprintf("%s[%d]", path, i), wl[i], hl[i])
		}
		return
	}
	if wok && hok {
		list(out, path, wl, hl)
		return
	}
	if ttlDrift(path, want, have) || maximumDrift(want, have) {
		return
	}
	add(out, path, compact(want), compact(have))
}

// slack is how many seconds may lie between a token's making and a look at it,
// for lifetimes of at least long seconds.
const (
	slack = 10
	long  = 600
)

// ttlDrift reports whether two lifetimes differ only because one was asked for a
// moment later: what is left of a token, or what a renewal can still give.
func ttlDrift(path string, want, have any) bool {
	if !strings.HasSuffix(path, ".ttl") && !strings.HasSuffix(path, ".lease_duration") {
		return false
	}
	w, okW := want.(json.Number)
	h, okH := have.(json.Number)
	if !okW || !okH {
		return false
	}
	a, errA := w.Int64()
	b, errB := h.Int64()
	return errA == nil && errB == nil && max(a-b, b-a) <= slack && min(a, b) >= long-slack
}

// maximum is the part of a warning that says what a lifetime was cut to.
var maximum = regexp.MustCompile(`exceeded the effective max_ttl of "([0-9hms]+)"`)

// maximumDrift reports whether two warnings differ only in a maximum of which a
// moment more or less had passed.
func maximumDrift(want, have any) bool {
	w, okW := want.(string)
	h, okH := have.(string)
	if !okW || !okH {
		return false
	}
	inW, inH := maximum.FindStringSubmatch(w), maximum.FindStringSubmatch(h)
	if inW == nil || inH == nil || maximum.ReplaceAllString(w, "") != maximum.ReplaceAllString(h, "") {
		return false
	}
	a, errA := time.ParseDuration(inW[1])
	b, errB := time.ParseDuration(inH[1])
	return errA == nil && errB == nil && (a-b).Abs() <= slack*time.Second && min(a, b) >= (long-slack)*time.Second
}

// asked are the lifetime that a warning says was asked for, and the maximum that
// it was cut to.
var asked = regexp.MustCompile(`^TTL of "([0-9hms]+)" exceeded the effective max_ttl of "([0-9hms]+)"`)

// timedWarning reports whether a warning is there only because a renewal came a moment
// after the login: the rest of the maximum is less than the TTL by that moment.
func timedWarning(warning any) bool {
	s, _ := warning.(string)
	found := asked.FindStringSubmatch(s)
	if found == nil {
		return false
	}
	ttl, errTTL := time.ParseDuration(found[1])
	rest, errRest := time.ParseDuration(found[2])
	return errTTL == nil && errRest == nil && ttl-rest <= slack*time.Second && rest >= (long-slack)*time.Second
}

// withoutTimedWarnings takes out of a body's warnings those that depend on the moment.
func withoutTimedWarnings(body any) any {
	m, ok := body.(map[string]any)
	if !ok {
		return body
	}
	warnings, ok := m["warnings"].([]any)
	if !ok {
		return body
	}
	rest := slices.DeleteFunc(slices.Clone(warnings), timedWarning)
	m = maps.Clone(m)
	m["warnings"] = rest
	if len(rest) == 0 {
		m["warnings"] = nil
	}
	return m
}

// list reports which elements two lists of different length do not share; that
// says more than both lists when they are long.
func list(out *[]Difference, path string, want, have []any) {
	texts := func(l []any) []string {
		t := make([]string, len(l))
		for i := range l {
			t[i] = compact(l[i])
		}
		return t
	}
	without := func(l, other []string) []string {
		return slices.DeleteFunc(slices.Clone(l), func(s string) bool { return slices.Contains(other, s) })
	}
	w, h := texts(want), texts(have)
	onlyW, onlyH := without(w, h), without(h, w)
	if len(onlyW)+len(onlyH) == 0 {
		add(out, path, strings.Join(w, " "), strings.Join(h, " "))
		return
	}
	add(out, path, "only here: "+strings.Join(onlyW, " "), "only here: "+strings.Join(onlyH, " "))
}

// lines compares texts and names the lines that differ.
func lines(out *[]Difference, path, want, have string) {
	if want == have {
		return
	}
	w, h := strings.Split(want, "\n"), strings.Split(have, "\n")
	if len(w) != len(h) {
		add(out, path, want, have)
		return
	}
	for i := range w {
		add(out, fmt.Sprintf("%s line %d", path, i+1), w[i], h[i])
	}
}

// keys are the members of both, sorted.
func keys(a, b map[string]any) []string {
	var out []string
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

// compact is v as JSON on a line. Strings are made common first.
func compact(v any) string {
	data, err := encode(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return common(string(data))
}

// What differs between two runs on one server, too. Recordings hold it as it
// happened to be.
var (
	// machineShape is what go-plugin says about the file and the machine when a
	// plugin can't be started.
	machineShape = regexp.MustCompile(`(Owner|Group): \d+ \[[^\]]*\] \(current: \d+ \[[^\]]*\]\)|ELF architecture: \S+ \(current architecture: \S+\)`)
	// goneShapes are the two answers of a request whose plugin dies meanwhile:
	// the SDK's client returns the second one if it heard of the end before it
	// looks at its error. OpenBao 2.5.5 answers either, by chance.
	goneShapes = regexp.MustCompile(`rpc error: code = Unavailable desc = error reading from server: <gone>|plugin is shut down`)
	// waitShape is written by `secrets move` when the first look at a migration
	// comes before its end.
	waitShape = regexp.MustCompile(`(?m)^Waiting for terminal status in migration .*\n`)
)

// common takes out of a text what is chance or about the machine only.
func common(s string) string {
	s = machineShape.ReplaceAllString(s, "<machine>")
	s = goneShapes.ReplaceAllString(s, "<plugin gone>")
	return waitShape.ReplaceAllString(s, "")
}
