// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// mountInfo is what listing and reading show of a mount. It is a struct because
// encoding a list of some hundred maps takes several times as long.
type mountInfo struct {
	Accessor        string            `json:"accessor"`
	Config          configInfo        `json:"config"`
	Deprecation     string            `json:"deprecation_status,omitempty"`
	Description     string            `json:"description"`
	ExternalEntropy bool              `json:"external_entropy_access"`
	Local           bool              `json:"local"`
	Options         map[string]string `json:"options"`
	PluginVersion   string            `json:"plugin_version"`
	RunningVersion  string            `json:"running_plugin_version"`
	RunningSHA256   string            `json:"running_sha256"`
	SealWrap        bool              `json:"seal_wrap"`
	Type            string            `json:"type"`
	UUID            string            `json:"uuid"`
}

// configInfo is the configuration in a mountInfo; optional fields stand there
// only when they were set.
type configInfo struct {
	DefaultLeaseTTL           int64    `json:"default_lease_ttl"`
	MaxLeaseTTL               int64    `json:"max_lease_ttl"`
	ForceNoCache              bool     `json:"force_no_cache"`
	TokenType                 string   `json:"token_type,omitempty"`
	ListingVisibility         string   `json:"listing_visibility,omitempty"`
	AuditNonHMACRequestKeys   []string `json:"audit_non_hmac_request_keys,omitempty"`
	AuditNonHMACResponseKeys  []string `json:"audit_non_hmac_response_keys,omitempty"`
	PassthroughRequestHeaders []string `json:"passthrough_request_headers,omitempty"`
	AllowedResponseHeaders    []string `json:"allowed_response_headers,omitempty"`
	AllowedManagedKeys        []string `json:"allowed_managed_keys,omitempty"`
	DelegatedAuthAccessors    []string `json:"delegated_auth_accessors,omitempty"`
	IdentityTokenKey          string   `json:"identity_token_key,omitempty"`
	TrimTrailingSlashes       bool     `json:"trim_request_trailing_slashes,omitempty"`
}

// shown is what the caller sees of a mount.
func (b *backend) shown(e *mounts.Entry) mountInfo {
	c := &e.Config
	info := mountInfo{
		Accessor: e.Accessor, Deprecation: b.status(e), Description: e.Description,
		ExternalEntropy: e.ExternalEntropy, Local: e.Local, Options: e.Options,
		PluginVersion: e.Version, RunningVersion: e.RunningVersion, RunningSHA256: e.RunningSHA256,
		SealWrap: e.SealWrap, Type: e.Type, UUID: e.UUID,
		Config: configInfo{
			DefaultLeaseTTL: int64(c.DefaultLeaseTTL.Seconds()), MaxLeaseTTL: int64(c.MaxLeaseTTL.Seconds()),
			ForceNoCache: c.ForceNoCache, ListingVisibility: c.ListingVisibility,
			AuditNonHMACRequestKeys: c.AuditNonHMACRequestKeys, AuditNonHMACResponseKeys: c.AuditNonHMACResponseKeys,
			PassthroughRequestHeaders: c.PassthroughRequestHeaders, AllowedResponseHeaders: c.AllowedResponseHeaders,
			AllowedManagedKeys: c.AllowedManagedKeys,
			IdentityTokenKey:   c.IdentityTokenKey, TrimTrailingSlashes: c.TrimTrailingSlashes,
		},
	}
	if e.Auth {
		info.Config.TokenType = c.TokenType.String()
	}
	if b.dialect.Mounts.DelegatedAuthShown {
		info.Config.DelegatedAuthAccessors = c.DelegatedAuthAccessors
	}
	return info
}

// visible is a mount as user interfaces are told of it.
func (b *backend) visible(e *mounts.Entry) mountInfo {
	info := b.shown(e)
	if !b.dialect.Mounts.VisibleTTLs {
		return info
	}
	for _, ttl := range []*int64{&info.Config.DefaultLeaseTTL, &info.Config.MaxLeaseTTL} {
		if *ttl == 0 {
			*ttl = int64(core.SystemTTL.Seconds())
		}
	}
	return info
}

// fields is a mountInfo as the data of an answer about one mount.
func (i mountInfo) fields() map[string]any {
	data := map[string]any{
		"accessor": i.Accessor, "config": i.Config, "description": i.Description,
		"external_entropy_access": i.ExternalEntropy, "local": i.Local, "options": i.Options,
		"plugin_version": i.PluginVersion, "running_plugin_version": i.RunningVersion,
		"running_sha256": i.RunningSHA256, "seal_wrap": i.SealWrap, "type": i.Type, "uuid": i.UUID,
	}
	if i.Deprecation != "" {
		data["deprecation_status"] = i.Deprecation
	}
	return data
}

// status is the deprecation status of mounts that run a builtin.
func (b *backend) status(e *mounts.Entry) string {
	if e.RunningSHA256 != "" {
		return ""
	}
	plug, err := b.core.Catalog().Builtin(e.PluginType(), e.Type)
	if err != nil {
		return ""
	}
	return plug.Status
}

// addOptional adds the fields of a mount's configuration that were set and that
// reading its tunables shows: delegated_auth_accessors is none of them.
func addOptional(data map[string]any, e *mounts.Entry) {
	for key, list := range map[string][]string{
		"audit_non_hmac_request_keys":  e.Config.AuditNonHMACRequestKeys,
		"audit_non_hmac_response_keys": e.Config.AuditNonHMACResponseKeys,
		"passthrough_request_headers":  e.Config.PassthroughRequestHeaders,
		"allowed_response_headers":     e.Config.AllowedResponseHeaders,
		"allowed_managed_keys":         e.Config.AllowedManagedKeys,
	} {
		if len(list) > 0 {
			data[key] = list
		}
	}
	if e.Config.ListingVisibility != "" {
		data["listing_visibility"] = e.Config.ListingVisibility
	}
	if e.Config.IdentityTokenKey != "" {
		data["identity_token_key"] = e.Config.IdentityTokenKey
	}
	if e.Config.UserLockout != nil {
		data["user_lockout_config"] = e.Config.UserLockout.Shown()
	}
	if e.Config.TrimTrailingSlashes {
		data["trim_request_trailing_slashes"] = true
	}
}
