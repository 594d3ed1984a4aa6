// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// TTLs are the mount's effective default and greatest lease time: its own, or
// the system's where it has none. The default may be the greater one; what is
// leased is bound by both.
func TTLs(e *mounts.Entry) (def, longest time.Duration) {
	def, longest = SystemTTL, SystemTTL
	if e.Config.MaxLeaseTTL != 0 {
		longest = e.Config.MaxLeaseTTL
	}
	if e.Config.DefaultLeaseTTL != 0 {
		def = e.Config.DefaultLeaseTTL
	}
	return def, longest
}

// systemView is what a backend may ask the server. What isn't answered here is
// answered by the SDK's static view: no replication, no features of Enterprise.
type systemView struct {
	logical.StaticSystemView
	core  *Core
	route *mounts.Route
}

func newSystemView(c *Core, r *mounts.Route) *systemView {
	v := &systemView{core: c, route: r}
	v.VersionString = c.dialect.Version
	v.ReplicationStateVal = consts.ReplicationDRDisabled | consts.ReplicationPerformanceDisabled
	v.ClusterUUID = c.cluster.ID
	v.PluginEnvironment = &logical.PluginEnvironment{VaultVersion: c.dialect.Version}
	return v
}

func (v *systemView) DefaultLeaseTTL() time.Duration {
	def, _ := TTLs(v.route.Entry())
	return def
}

func (v *systemView) MaxLeaseTTL() time.Duration {
	_, longest := TTLs(v.route.Entry())
	return longest
}

func (v *systemView) Tainted() bool         { return v.route.Tainted() }
func (v *systemView) CachingDisabled() bool { return v.route.Entry().Config.ForceNoCache }
func (v *systemView) LocalMount() bool      { return v.route.Entry().Local }

// EntityInfo tells a plugin about the entity of a caller.
func (v *systemView) EntityInfo(id string) (*logical.Entity, error) {
	return v.core.access.Entity(context.Background(), id)
}

// GroupsForEntity: the mock has no groups.
func (v *systemView) GroupsForEntity(string) ([]*logical.Group, error) { return nil, nil }

// ResponseWrapData puts data behind a single-use token.
func (v *systemView) ResponseWrapData(ctx context.Context, data map[string]any, ttl time.Duration, jwt bool) (*wrapping.ResponseWrapInfo, error) {
	return v.core.access.WrapData(ctx, data, ttl, jwt)
}

// LookupPluginVersion is refused: only the server itself starts plugins.
func (v *systemView) LookupPluginVersion(context.Context, string, consts.PluginType, string) (*pluginutil.PluginRunner, error) {
	return nil, fmt.Errorf("plugproof's mock server does not let plugins look up plugins")
}

// GeneratePasswordFromPolicy is not emulated.
func (v *systemView) GeneratePasswordFromPolicy(context.Context, string) (string, error) {
	return "", fmt.Errorf("plugproof's mock server does not emulate password policies")
}
