// SPDX-License-Identifier: MPL-2.0

package sources

import (
	"path/filepath"
	"slices"

	"github.com/plugproof/plugproof/suites/env/hostenv/nomad"
)

// nomadVariables is a file of values for the variables of a Nomad job.
const nomadVariables Kind = "variables of a Nomad job"

// forNomad reports whether lines of NAME=value beside a job are values for its
// variables, as for nomad job run -var-file.
func forNomad(path string) bool {
	return slices.Contains([]string{".hcl", ".vars", ".nomadvars", ".tfvars"}, filepath.Ext(path))
}

// jobVariables returns the files of values for the job's variables.
func (r *reader) jobVariables() []nomad.File {
	var files []nomad.File
	for _, s := range r.sources {
		if s.Kind == nomadVariables {
			files = append(files, nomad.File{Source: s.title, Text: s.text})
		}
	}
	return files
}
