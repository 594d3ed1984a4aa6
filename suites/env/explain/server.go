// SPDX-License-Identifier: MPL-2.0

package explain

import (
	"fmt"
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/internal/show"
)

// Server is what the sources of a server's environment say about a variable. It has
// no value: values may be secrets.
type Server struct {
	// Read lists the files, in the order in which they apply.
	Read []string `json:"read"`
	// Set: the server's environment has the variable, or may have it where From says
	// so.
	Set bool `json:"set"`
	// Place is where it is set.
	Place hostenv.Place `json:"place,omitzero"`
	// From says where a value comes from that the sources do not have.
	From string `json:"from,omitempty"`
	// Complete: the server can have no variable but those that were seen.
	Complete bool `json:"complete"`
	// Remarks are about the variable, or about what could not be seen.
	Remarks []string `json:"remarks"`
	// Notes are what these sources can't show.
	Notes []string `json:"notes"`
}

// serverOf returns what an environment says about the variable of that name.
func serverOf(e hostenv.Environment, name string) *Server {
	s := &Server{Read: append([]string{}, e.Read...), Complete: e.Complete(), Remarks: []string{}, Notes: append([]string{}, e.Notes...)}
	if v, found := e.Get(name); found {
		s.Set, s.Place, s.From = true, v.Place, v.From
	}
	// With an opt-out whose value is not known, the order of the layers is not either.
	if v, found := e.Get(environ.OptOut); found && !v.Known && name != environ.OptOut {
		s.Remarks = append(s.Remarks, fmt.Sprintf("%s is set, and its value is not known here: if it is true, the server's environment wins in Vault 1.16 and later too.", environ.OptOut))
	}
	for _, r := range e.Remarks {
		if r.Variable == name || r.Kind == hostenv.Unseen {
			s.Remarks = append(s.Remarks, fmt.Sprintf("%s: %s %s", r.Place, r.Message, r.Remedy))
		}
	}
	return s
}

// entries returns the environment's entries, of which each value but the opt-out's
// is replaced by where it comes from.
func entries(e hostenv.Environment) []string {
	entries := make([]string, 0, len(e.Variables))
	for _, v := range e.Variables {
		value := "<" + origin(v, e.Source) + ">"
		if v.Name == environ.OptOut && v.Known {
			value = v.Value
		}
		entries = append(entries, v.Name+"="+value)
	}
	return entries
}

// origin says where a variable comes from.
func origin(v hostenv.Variable, source string) string {
	switch {
	case !v.Known && v.From != "":
		return v.From
	case v.Place != hostenv.Place{}:
		return v.Place.String()
	}
	return source
}

// write writes what the sources say, below the answers.
func (s *Server) write(w *show.Writer, name string) {
	if len(s.Read) > 0 {
		w.Printf("\nread    %s\n", strings.Join(s.Read, ", "))
	}
	if !s.Set && !s.Complete {
		w.Printf("\n%s was not seen in the server's environment, but not all of that could be seen.\n", name)
	}
	for _, text := range s.Remarks {
		w.Printf("\n%s\n", text)
	}
	for _, text := range s.Notes {
		w.Printf("\nNote: %s\n", text)
	}
}
