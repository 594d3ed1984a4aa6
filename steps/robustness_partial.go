// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// maxPartial limits the mounts that are set up in part.
const maxPartial = 6

// tryPartial asks for credentials and logins, and writes the samples, on mounts of which
// one write of the setup is left out: on a mount with nothing, the first thing that is
// missing hides the others.
func (p *prober) tryPartial(ctx context.Context, document *Document) error {
	profile := &p.subject.Profile
	if len(profile.Setup) < 2 {
		return nil // the fresh mount has none of it
	}
	for n, left := range profile.Setup[:min(len(profile.Setup), maxPartial)] {
		err := p.onMount(ctx, fmt.Sprintf("partial%d%s", n, p.suffix), document, func(ctx context.Context, at string, document *Document) error {
			for _, write := range profile.Setup {
				if write.Path != left.Path {
					p.write(ctx, at+write.Path, write)
				}
			}
			for _, write := range slices.Concat(sampleWrites(profile.Samples), profile.Credentials, loginWrites(profile.Logins)) {
				if operation, ok := document.Find(write.method(), write.Path); ok {
					p.send(ctx, at, operation, attempt{kind: unconfigured, values: operation.Values(write.Path), data: write.Data, about: left.Path + " was not written"})
				}
			}
			if operation, ok := document.Find(http.MethodGet, left.Path); ok {
				p.send(ctx, at, operation, attempt{kind: unconfigured, values: operation.Values(left.Path)})
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}
