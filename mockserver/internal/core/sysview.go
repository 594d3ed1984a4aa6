// SPDX-License-Identifier: MPL-2.0

package core

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/helper/automatedrotationutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/helper/pluginidentityutil"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/rotation"

	"github.com/plugproof/plugproof/mockserver/internal/builtin/identity"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// TTLs returns the mount's effective default and maximum lease TTL: its own, or
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

// systemView implements logical.SystemView for a mount. What is not implemented
// here is answered by the SDK's static view: no replication, no features of Enterprise.
type systemView struct {
	logical.StaticSystemView
	core  *Core
	route *mounts.Route
}

func newSystemView(c *Core, r *mounts.Route) *systemView {
	v := &systemView{core: c, route: r}
	full, metadata, _ := strings.Cut(c.dialect.Version+c.dialect.VersionSuffix, "+")
	number, prerelease, _ := strings.Cut(full, "-")
	v.VersionString = number
	v.ReplicationStateVal = consts.ReplicationDRDisabled | consts.ReplicationPerformanceDisabled
	v.ClusterUUID = c.cluster.ID
	v.PluginEnvironment = &logical.PluginEnvironment{VaultVersion: number, VaultVersionPrerelease: prerelease, VaultVersionMetadata: metadata}
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

// EntityInfo returns the entity of a caller, nil if there is none: many tokens have
// no entity.
func (v *systemView) EntityInfo(id string) (*logical.Entity, error) {
	entity, err := v.core.access.Entity(v.core.within(context.Background(), v.route.Entry()), id)
	if errors.Is(err, identity.ErrNotFound) {
		return nil, nil //nolint:nilnil // as logical.SystemView has it
	}
	return entity, err
}

// GroupsForEntity returns the groups of a caller's entity, also those of which it is a
// member through others.
func (v *systemView) GroupsForEntity(id string) ([]*logical.Group, error) {
	return v.core.access.Groups(v.core.within(context.Background(), v.route.Entry()), id)
}

// ResponseWrapData puts data behind a single-use token.
func (v *systemView) ResponseWrapData(ctx context.Context, data map[string]any, ttl time.Duration, jwt bool) (*wrapping.ResponseWrapInfo, error) {
	return v.core.access.WrapData(v.core.within(ctx, v.route.Entry()), data, ttl, jwt)
}

// GenerateIdentityToken returns the error of community servers.
func (v *systemView) GenerateIdentityToken(context.Context, *pluginutil.IdentityTokenRequest) (*pluginutil.IdentityTokenResponse, error) {
	return nil, pluginidentityutil.ErrPluginWorkloadIdentityUnsupported
}

// RegisterRotationJob returns the error of community servers.
func (v *systemView) RegisterRotationJob(context.Context, *rotation.RotationJobConfigureRequest) (string, error) {
	return "", automatedrotationutil.ErrRotationManagerUnsupported
}

// RegisterRotationJobWithResponse returns the error of community servers.
func (v *systemView) RegisterRotationJobWithResponse(context.Context, *rotation.RotationJobConfigureRequest) (*rotation.RotationInfo, error) {
	return nil, automatedrotationutil.ErrRotationManagerUnsupported
}

// GetRotationInformation returns the error of community servers.
func (v *systemView) GetRotationInformation(context.Context, *rotation.RotationInfoRequest) (*rotation.RotationInfoResponse, error) {
	return nil, automatedrotationutil.ErrRotationManagerUnsupported
}

// DeregisterRotationJob succeeds, as in community servers: plugins call it whenever
// they are configured without automated rotation.
func (v *systemView) DeregisterRotationJob(context.Context, *rotation.RotationJobDeregisterRequest) error {
	return nil
}
