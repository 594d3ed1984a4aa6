// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/vault/api"
)

// ErrServer marks a running server that didn't answer as needed.
var ErrServer = errors.New("reading the server's catalog")

// ReadCatalog lists the external plugins in the catalog of the server that
// client talks to. The token needs sudo on sys/plugins/catalog. No endpoint
// discloses what was registered as env, so EnvUnknown is set in all of them.
func ReadCatalog(ctx context.Context, client *api.Client) ([]Registration, error) {
	secret, err := client.Logical().ReadWithContext(ctx, "sys/plugins/catalog")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrServer, err)
	}
	if secret == nil {
		return nil, fmt.Errorf("%w: %s has none", ErrServer, client.Address())
	}
	detailed, _ := secret.Data["detailed"].([]any)
	var registrations []Registration
	for _, item := range detailed {
		fields, _ := item.(map[string]any)
		if builtin, _ := fields["builtin"].(bool); builtin || fields == nil {
			continue
		}
		text := func(name string) string { s, _ := fields[name].(string); return s }
		registrations = append(registrations, Registration{
			Type: text("type"), Name: text("name"), Version: text("version"),
			Container:  text("oci_image") != "",
			EnvUnknown: true,
		})
	}
	return registrations, nil
}

// Join completes the catalog's plugins with what the manifest says about
// them. A registration without version in the manifest is for all versions of
// its name. stale are those of the manifest that the catalog doesn't have.
func Join(catalog, manifest []Registration) (joined, stale []Registration) {
	used := make([]bool, len(manifest))
	for _, plugin := range catalog {
		best := -1
		for i, m := range manifest {
			if m.Type != plugin.Type || m.Name != plugin.Name {
				continue
			}
			same := strings.TrimPrefix(m.Version, "v") == strings.TrimPrefix(plugin.Version, "v")
			if same || m.Version == "" && best < 0 {
				best = i
			}
		}
		if best >= 0 {
			used[best] = true
			plugin.Env, plugin.EnvUnknown = manifest[best].Env, false
			plugin.Container = plugin.Container || manifest[best].Container
		}
		joined = append(joined, plugin)
	}
	for i, m := range manifest {
		if !used[i] {
			stale = append(stale, m)
		}
	}
	return joined, stale
}
