// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// checkPlugin finds what concerns one registration.
func checkPlugin(host hostenv.Environment, r Registration) []Finding {
	var findings []Finding
	add := func(level Level, rule string, e Entry, message, remedy string) {
		findings = append(findings, Finding{
			Level: level, Rule: rule, Plugin: r.String(), Variable: e.Name, Registered: e.Place, Message: message, Remedy: remedy,
		})
	}
	// Saying nothing would look like a clean bill.
	if r.EnvUnknown {
		add(Info, "env-not-disclosed", Entry{}, "The server discloses no registered env, so this plugin could not be checked.",
			"Add it to the file given with --registrations; env_names is enough.")
		return findings
	}
	// Of repeated names the second is reported, since the first has no effect.
	seen := make(map[string]bool)
	for _, e := range r.Env {
		switch {
		case e.Bare:
			add(Warning, "sets-nothing", e, "The registered entry has no =, so it sets nothing.", "Register "+e.Name+"=value, or leave it out.")
		case seen[e.Name]:
			add(Warning, "registered-twice", e, "It is registered more than once; the last value counts.", "Register it once.")
		}
		seen[e.Name] = seen[e.Name] || !e.Bare
		if len(e.Name)+len(e.Value)+2 > maxEntry {
			add(Warning, "too-long", e, fmt.Sprintf("NAME=value is longer than the %d bytes that Linux allows: the plugin can't be started.", maxEntry-1),
				"Put the value into a file and register its path.")
		}
		switch {
		case e.Name == environ.OptOut:
			add(Warning, "opt-out-without-effect", e, "The opt-out is read from the server's environment only; registered it has no effect.",
				"Set it for the server process.")
		case own(e.Name):
			add(Warning, "server-overrides", e, overridden(e.Name),
				"Choose another name, or leave it out.")
		case goPlugin(e.Name):
			add(Warning, "always-overridden", e, "go-plugin sets this one for every plugin, so the registered value has no effect.", "Leave it out.")
		}
	}
	findings = append(findings, checkConflicts(host, r)...)
	// Nothing of the server's proxies reaches a container.
	if !r.Container {
		findings = append(findings, checkProxies(host, r)...)
	}
	return findings
}

// overridden says which servers replace a registered variable of theirs.
func overridden(name string) string {
	if strings.HasPrefix(name, "BAO_") {
		return "OpenBao sets this variable for plugins itself and replaces the registered value."
	}
	return "The server sets this variable for plugins itself and replaces the registered value, in every version."
}

// checkConflicts reports what the server warns about with the opt-out on.
func checkConflicts(host hostenv.Environment, r Registration) []Finding {
	var findings []Finding
	for _, name := range environ.Conflicts(r.env(), host.Entries()) {
		h, _ := host.Get(name)
		// The last registered entry is the one that reaches the plugin.
		entry := r.last(name)
		f := Finding{
			Level: Conflict, Rule: "conflict", Plugin: r.String(), Variable: name, Place: h.Place, Registered: r.place(name),
			Message: "It is registered and in the server's environment. Up to Vault 1.15 and in OpenBao the plugin gets the server's value, from Vault 1.16 the registered one.",
			Remedy: "Decide which value is meant and remove the other, before the upgrade; or keep the old order for a while with " +
				environ.OptOut + "=true in the server's environment.",
		}
		switch {
		case r.Container:
			f.Level = Info
			f.Message = "The server warns about this name, though a plugin in a container inherits nothing: it gets the registered value in any case."
			f.Remedy = "None is needed."
		case entry.Name == "":
			// The server compares the names of entries without "=" as well.
			f.Level = Info
			f.Message = "The server warns about this name, though the registered entry has no = and so sets nothing."
			f.Remedy = "Leave the entry out."
		// checkPlugin has already said what happens to it.
		case own(name) || goPlugin(name):
			f.Level = Info
			f.Message = "The server warns about this name, though the registered value never reaches the plugin."
			f.Remedy = "Leave it out of both."
		case h.Known && entry.Known && h.Value == entry.Value:
			f.Message = "It is registered and in the server's environment, with equal values: nothing changes now, but the server warns, and the two can drift apart."
			f.Remedy = "Remove one of the two."
		case !h.Known && h.From != "":
			f.Message += " The server's value comes from " + h.From + "."
		}
		findings = append(findings, f)
	}
	return findings
}

// checkProxies looks at the variables that programs read under two names.
func checkProxies(host hostenv.Environment, r Registration) []Finding {
	var findings []Finding
	// Either may be the registered one.
	for _, upper := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"} {
		lower := strings.ToLower(upper)
		findings = append(findings, checkTwins(host, r, upper, lower)...)
		findings = append(findings, checkTwins(host, r, lower, upper)...)
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		registered, h := r.last(name), hostValue(host, name)
		if registered.Name == "" || h.Name == "" {
			continue
		}
		message := "The registered value replaces the server's from Vault 1.16 on; the two are not merged."
		if lost := missing(h, registered); len(lost) > 0 {
			message += " The plugin loses the exceptions " + strings.Join(lost, ", ") + " and will ask a proxy for them."
		}
		findings = append(findings, Finding{
			Level: Warning, Rule: "no-proxy-replaced", Plugin: r.String(), Variable: name,
			Place: h.Place, Registered: registered.Place,
			Message: message, Remedy: "Register the whole list, the server's exceptions included.",
		})
	}
	return findings
}

// checkTwins reports a registered proxy variable whose twin in the other case
// stays in the host's environment. The twin that has no conflict of its own
// goes unnoticed by the server.
func checkTwins(host hostenv.Environment, r Registration, name, twin string) []Finding {
	registered, other := r.last(name), hostValue(host, twin)
	if registered.Name == "" || other.Name == "" || r.last(twin).Name != "" {
		return nil
	}
	if registered.Known && other.Known && registered.Value == other.Value {
		return nil
	}
	return []Finding{{
		Level: Warning, Rule: "case-twin", Plugin: r.String(), Variable: name,
		Place: other.Place, Registered: registered.Place,
		Message: fmt.Sprintf("The server's environment has its twin %s, which the plugin gets too. Go programs prefer the upper case, curl and others the lower case.", twin),
		Remedy:  fmt.Sprintf("Register %s as well, with the same value.", twin),
	}}
}

// last returns the entry that sets the name, or the zero Entry.
func (r Registration) last(name string) Entry {
	for _, e := range slices.Backward(r.Env) {
		if e.Name == name && !e.Bare {
			return e
		}
	}
	return Entry{}
}

// place returns where the name is registered last, with a value or without.
func (r Registration) place(name string) hostenv.Place {
	for _, e := range slices.Backward(r.Env) {
		if e.Name == name {
			return e.Place
		}
	}
	return hostenv.Place{}
}

func hostValue(host hostenv.Environment, name string) hostenv.Variable {
	v, _ := host.Get(name)
	return v
}

// missing lists the exceptions of the host's NO_PROXY that the registered one
// lacks, when both are known.
func missing(h hostenv.Variable, registered Entry) []string {
	if !h.Known || !registered.Known {
		return nil
	}
	kept := strings.FieldsFunc(registered.Value, func(c rune) bool { return c == ',' || c == ' ' })
	var lost []string
	for item := range strings.FieldsFuncSeq(h.Value, func(c rune) bool { return c == ',' || c == ' ' }) {
		if !slices.Contains(kept, item) {
			lost = append(lost, item)
		}
	}
	return lost
}
