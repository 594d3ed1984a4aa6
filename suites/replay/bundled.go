// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"embed"
	"fmt"
	"strings"

	"github.com/plugproof/plugproof/features"
	"github.com/plugproof/plugproof/suites/internal/deviations"
)

//go:embed recordings/*.json recordings/deviations.yaml
var recordings embed.FS

// deviationsFile stands among the recordings but is none.
const deviationsFile = "recordings/deviations.yaml"

// Bundled is a recording of this project and the mock's dialect that must equal it.
type Bundled struct {
	// Name is the recording's name, without ending.
	Name string
	// Dialect is the mock's, with the version that the recorded server reported if
	// it was another one: see dialect.Lookup.
	Dialect string
}

// BundledRecordings lists the project's recordings.
func BundledRecordings() []Bundled {
	return []Bundled{
		{Name: "vault-1.14.3", Dialect: "vault-1.14"},
		// It was built without a version stamp, and says so.
		{Name: "openbao-2.5.5", Dialect: "openbao-2.5@2.0.0-HEAD"},
		{Name: "openbao-2.5.5-more", Dialect: "openbao-2.5@2.0.0-HEAD"},
		{Name: "openbao-2.6.2", Dialect: "openbao-2.6"},
		// How the first version with that code starts plugins; later ones do alike.
		{Name: "vault-sdk-0.25.1-env", Dialect: "vault-1.16"},
	}
}

// Load reads the recording.
func (o Bundled) Load() (*Recording, error) {
	return Load(recordings, "recordings/"+o.Name+".json")
}

// BundledDigest returns the digest of the project's recordings, sha256:HEX.
func BundledDigest() (string, error) { return features.Digest(recordings, "recordings/*.json") }

// BundledNames are the names that stand for the project's recordings where files are
// named, for people.
func BundledNames() string {
	var names []string
	for _, own := range BundledRecordings() {
		names = append(names, own.Name+".json")
	}
	return strings.Join(names, ", ")
}

// loadBundled reads the recording that a file's name stands for.
func loadBundled(file string) (*Recording, error) {
	for _, own := range BundledRecordings() {
		if file == own.Name+".json" {
			return own.Load()
		}
	}
	return nil, fmt.Errorf("recording: there is no file %s; the program itself has %s", file, BundledNames())
}

// BundledDeviations are the differences between the project's recordings and the
// mock that are meant, with their reasons.
func BundledDeviations() (Deviations, error) {
	data, err := recordings.ReadFile(deviationsFile)
	if err != nil {
		return nil, fmt.Errorf("list of deviations: %w", err)
	}
	list, err := deviations.Parse("suites/replay/"+deviationsFile, data)
	return Deviations(list.Cases()), err
}
