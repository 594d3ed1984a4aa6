// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// versionPaths are sys/version-history (vault/logical_system_paths.go).
func (b *backend) versionPaths() []*framework.Path {
	return []*framework.Path{path("version-history/?$", "Returns map of historical version change entries", nil,
		operations{logical.ListOperation: b.listVersions})}
}

// listVersions is handleVersionHistoryList in vault/logical_system.go. The mock has no
// build and no commit, hence no date of one.
func (b *backend) listVersions(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	versions, err := b.core.InstalledVersions(ctx)
	if err != nil {
		return nil, err
	}
	var keys []string
	info := map[string]any{}
	var previous any
	for _, v := range versions {
		keys = append(keys, v.Version)
		info[v.Version] = map[string]any{
			"timestamp_installed": v.Installed.Format(time.RFC3339), b.dialect.State.BuiltField(): "", "previous_version": previous,
		}
		previous = v.Version
	}
	return logical.ListResponseWithInfo(keys, info), nil
}
