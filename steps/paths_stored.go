// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// maxTypo is the greatest edit distance of two names of storage of which one is likely a
// typo of the other.
const maxTypo = 2

// storageIsMeant wants no special path for storage at a mount to be a typo of what the
// plugin stores there. One that nothing stored resembles may be about what the profile
// does not make the plugin store.
func (w *world) storageIsMeant(ctx context.Context, mount string) error {
	path, err := w.outgoing(w.below(mount, ""))
	if err != nil {
		return err
	}
	special, err := MountSpecialPaths(ctx, w.server, path)
	if err != nil {
		return err
	}
	stored, err := StorageKeys(ctx, w.server, path, "")
	if err != nil {
		return err
	}
	for _, list := range []struct {
		name  string
		paths []string
	}{{"LocalStorage", special.LocalStorage}, {"SealWrapStorage", special.SealWrapStorage}} {
		for _, declared := range list.paths {
			if meant := typoOf(declared, stored); meant != "" {
				return mismatch("special paths for storage as the plugin stores them",
					fmt.Sprintf("PathsSpecial.%s has %q, which is nothing stored, but there is %q", list.name, declared, meant))
			}
		}
	}
	return nil
}

// typoOf returns what of the stored keys a declared special path was likely meant for:
// empty if it matches one, or if none resembles it.
func typoOf(declared string, stored []string) string {
	name := strings.TrimRight(declared, "*/")
	if slices.ContainsFunc(stored, func(key string) bool { return strings.HasPrefix(key, name) }) {
		return ""
	}
	depth := strings.Count(name, "/") + 1
	for _, key := range stored {
		segments := strings.SplitN(key, "/", depth+1)
		like := strings.Join(segments[:min(depth, len(segments))], "/")
		// Of short names most are alike.
		if distance := levenshtein.Distance(name, like, nil); distance <= min(maxTypo, (len(name)-1)/2) {
			return like
		}
	}
	return ""
}
