// SPDX-License-Identifier: MPL-2.0

package serverconfig

import "github.com/google/go-containerregistry/pkg/name"

// checkReference returns what is wrong with the reference of an image, as the library
// says it that the server uses.
func checkReference(reference string) error {
	_, err := name.ParseReference(reference)
	return err
}
