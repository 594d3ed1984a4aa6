// SPDX-License-Identifier: MPL-2.0

//go:build race

package sensitivity_test

// raceDetector reports whether the test was built with -race.
const raceDetector = true
