// SPDX-License-Identifier: MPL-2.0

package environ

import (
	"slices"
	"strings"
)

// Entry is one value of a variable and the layer it comes from.
type Entry struct {
	Layer Layer  `json:"layer"`
	Value string `json:"value"`
}

// Explanation is why a plugin sees the value it sees.
type Explanation struct {
	// Name is the variable asked for.
	Name string `json:"name"`
	// Set is false when no layer that takes part sets it; Winner is then zero.
	Set bool `json:"set"`
	// Winner is the value the plugin sees.
	Winner Entry `json:"winner"`
	// Shadowed are the values that lost, the strongest first. A layer that has
	// the name more than once is here more than once.
	Shadowed []Entry `json:"shadowed"`
	// Excluded are values of layers that take no part, as the host's for a
	// plugin in a container.
	Excluded []Entry `json:"excluded"`
	// Order is the rule that decided, with its source.
	Order Order `json:"order"`
}

// Explain returns which value the plugin sees for name, where it comes from and
// what it hides.
func Explain(in Input, name string) Explanation {
	e := Explanation{Name: name, Order: OrderOf(in)}
	for _, layer := range slices.Backward(e.Order.Layers) {
		for _, value := range valuesOf(in.entries(layer), name) {
			entry := Entry{Layer: layer, Value: value}
			if !e.Set {
				e.Set, e.Winner = true, entry
				continue
			}
			e.Shadowed = append(e.Shadowed, entry)
		}
	}
	for _, layer := range []Layer{Host, Registered, Server, GoPlugin} {
		if slices.Contains(e.Order.Layers, layer) {
			continue
		}
		for _, value := range valuesOf(in.entries(layer), name) {
			e.Excluded = append(e.Excluded, Entry{Layer: layer, Value: value})
		}
	}
	return e
}

// valuesOf returns the values of name, the last entry first, since the last one
// is the strongest.
func valuesOf(env []string, name string) []string {
	var values []string
	if name == "" {
		return nil
	}
	for _, entry := range slices.Backward(env) {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			values = append(values, value)
		}
	}
	return values
}
