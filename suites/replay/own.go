// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed recordings/*.json
var recordings embed.FS

// deviationsFile stands among the recordings but is none.
const deviationsFile = "recordings/deviations.json"

// Own is a recording of this project and the mock's dialect that must equal it.
type Own struct {
	// Name is the recording's name, without ending.
	Name string
	// Dialect is the mock's, with the version that the recorded server reported if
	// it was another one: see dialect.Lookup.
	Dialect string
}

// OwnRecordings lists the project's recordings.
func OwnRecordings() []Own {
	return []Own{
		{Name: "vault-1.14.3", Dialect: "vault-1.14"},
		// It was built without a version stamp, and says so.
		{Name: "openbao-2.5.5", Dialect: "openbao-2.5@2.0.0-HEAD"},
		{Name: "openbao-2.5.5-more", Dialect: "openbao-2.5@2.0.0-HEAD"},
		// How the first version with that code starts plugins; later ones do alike.
		{Name: "vault-sdk-0.25.1-env", Dialect: "vault-1.16"},
	}
}

// Load reads the recording.
func (o Own) Load() (*Recording, error) {
	return Load(recordings, "recordings/"+o.Name+".json")
}

// OwnFiles are the names that stand for the project's recordings where files are
// named, for people.
func OwnFiles() string {
	var names []string
	for _, own := range OwnRecordings() {
		names = append(names, own.Name+".json")
	}
	return strings.Join(names, ", ")
}

// loadOwn reads the recording that a file's name stands for.
func loadOwn(file string) (*Recording, error) {
	for _, own := range OwnRecordings() {
		if file == own.Name+".json" {
			return own.Load()
		}
	}
	return nil, fmt.Errorf("recording: there is no file %s; the program itself has %s", file, OwnFiles())
}

// OwnDeviations are the differences between the project's recordings and the
// mock that are meant, with their reasons.
func OwnDeviations() (Deviations, error) {
	data, err := recordings.ReadFile(deviationsFile)
	if err != nil {
		return nil, fmt.Errorf("list of deviations: %w", err)
	}
	return ParseDeviations(data)
}
