// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// wildcardBesideText matches a + that is not a whole segment of a path.
var wildcardBesideText = regexp.MustCompile(`\+[^/]|[^/]\+`)

// checkSpecialPaths returns the error of Vault's and OpenBao's router for
// unauthenticated paths with misplaced wildcards. The other lists are not
// checked there: in root paths a + is an ordinary character.
//
// Source: isValidUnauthenticatedPath in vault/router.go.
func checkSpecialPaths(paths *logical.Paths) error {
	if paths == nil {
		return nil
	}
	for _, path := range paths.Unauthenticated {
		var reason string
		switch {
		case strings.Count(path, "*") > 1:
			reason = "multiple '*' is forbidden"
		case strings.Contains(path, "+*"):
			reason = "'+*' is forbidden"
		case strings.Contains(path, "*") && !strings.HasSuffix(path, "*"):
			reason = "'*' is only allowed at the end of a path"
		case wildcardBesideText.MatchString(path):
			reason = "'+' is not allowed next to a non-slash"
		default:
			continue
		}
		return fmt.Errorf("path %q: invalid use of wildcards (%s)", path, reason)
	}
	return nil
}

// SpecialPaths returns those that the plugin at a mount declares.
func (c *Core) SpecialPaths(ctx context.Context, mount string) (logical.Paths, error) {
	r, err := c.MountAt(ctx, mount)
	if err != nil {
		return logical.Paths{}, err
	}
	b, leave, err := r.Enter(ctx)
	if err != nil {
		return logical.Paths{}, err
	}
	defer leave()
	if paths := b.SpecialPaths(); paths != nil {
		return *paths, nil
	}
	return logical.Paths{}, nil
}
