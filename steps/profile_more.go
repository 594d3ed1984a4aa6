// SPDX-License-Identifier: MPL-2.0

package steps

// Pair is what one path gives, and how another one takes it back: encrypt and decrypt, sign
// and verify.
type Pair struct {
	// Write gives something.
	Write
	// Back takes it back: {{field}} in its data stands for that field of the answer.
	Back Write
	// Gives are fields of the answer to Back.
	Gives map[string]any
	// Between are requests after which that still holds, such as the rotation of a key.
	Between []Write
}

// Rotation is a request after which the plugin uses another secret than it was set up with.
type Rotation struct {
	Write
	// Setup are the writes of the setup, by their paths, that are others for this: with an
	// account whose password may change. {{random}} in their data is another text each
	// time.
	Setup []Write
}
