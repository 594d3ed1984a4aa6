// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
)

// mountEnable is `secrets enable` and `auth enable`.
type mountEnable struct {
	kind mountKind
	tuning
	path         string
	pluginName   string
	local        bool
	sealWrap     bool
	entropy      bool
	forceNoCache bool
}

func (a *mountEnable) flags(f *flagSet) {
	a.tuning.flags(f, a.kind, "Select the semantic version of the plugin to enable.")
	f.text(&a.path, "path", "Place where the "+a.kind.one+" will be accessible. This must be unique across all of them. "+
		`This defaults to the "type" of the `+a.kind.one+".")
	f.text(&a.pluginName, "plugin-name", "Name of the "+a.kind.one+" plugin. This plugin name must already exist in Vault's "+
		"plugin catalog.")
	f.boolean(&a.local, "local", "Mark the "+a.kind.one+" as local-only. Local ones are neither replicated nor removed by "+
		"replication.")
	f.boolean(&a.sealWrap, "seal-wrap", "Enable seal wrapping of critical values in the "+a.kind.one+".")
	f.boolean(&a.entropy, "external-entropy-access", "Enable the "+a.kind.one+" to access Vault's external entropy source.")
	if !a.kind.auth {
		f.boolean(&a.forceNoCache, "force-no-cache", "Force the secrets engine to disable caching. This does not affect "+
			"caching of the underlying encrypted data storage.")
	}
}

func (a *mountEnable) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	typ := strings.TrimSpace(args[0])
	if typ == "plugin" {
		typ = a.pluginName
	}
	path := a.path
	if path == "" {
		path = typ
	}
	path = mountPath(path)
	a.finish(strconv.Itoa(a.version))

	input := &api.MountInput{
		Type:                  typ,
		Description:           a.description,
		Local:                 a.local,
		SealWrap:              a.sealWrap,
		ExternalEntropyAccess: a.entropy,
		Options:               a.options,
		Config:                a.config(inv.set.given),
	}
	var suffix string
	if a.pluginVersion != "" {
		suffix = " version " + a.pluginVersion
	}
	if a.kind.auth {
		if err := client.Sys().EnableAuthWithOptionsWithContext(inv.ctx, path, input); err != nil {
			return refused("Error enabling %s auth: %w", typ, err)
		}
		inv.sayf("Success! Enabled %s auth method%s at: %s", typ, suffix, path)
		return nil
	}
	if err := client.Sys().MountWithContext(inv.ctx, path, input); err != nil {
		return refused("Error enabling: %w", err)
	}
	inv.sayf("Success! Enabled the %s secrets engine%s at: %s", typ, suffix, path)
	return nil
}

// config sends what was given; the TTLs always.
func (a *mountEnable) config(given func(string) bool) api.MountConfigInput {
	config := api.MountConfigInput{
		DefaultLeaseTTL:            a.defaultLeaseTTL.String(),
		MaxLeaseTTL:                a.maxLeaseTTL.String(),
		ForceNoCache:               a.forceNoCache,
		ListingVisibility:          a.listingVisibility,
		AuditNonHMACRequestKeys:    a.auditRequestKeys,
		AuditNonHMACResponseKeys:   a.auditResponseKeys,
		PassthroughRequestHeaders:  a.requestHeaders,
		AllowedResponseHeaders:     a.responseHeaders,
		AllowedManagedKeys:         a.managedKeys,
		DelegatedAuthAccessors:     a.delegatedAccessors,
		TokenType:                  a.tokenType,
		PluginVersion:              a.pluginVersion,
		OverridePinnedVersion:      a.overridePinned.pointer(),
		TrimRequestTrailingSlashes: a.trimSlashes.pointer(),
	}
	if given(flagIdentityKey) {
		config.IdentityTokenKey = a.identityTokenKey
	}
	return config
}

// mountTune is `secrets tune` and `auth tune`.
type mountTune struct {
	kind mountKind
	tuning
	lockoutThreshold uint
	lockoutDuration  time.Duration
	lockoutReset     time.Duration
	lockoutDisable   bool
}

const (
	flagLockoutThreshold = "user-lockout-threshold"
	flagLockoutDuration  = "user-lockout-duration"
	flagLockoutReset     = "user-lockout-counter-reset-duration"
	flagLockoutDisable   = "user-lockout-disable"
)

func (a *mountTune) flags(f *flagSet) {
	a.tuning.flags(f, a.kind, "Select the semantic version of the plugin to run. The new version must be registered in the "+
		"plugin catalog, and will not start running until the plugin is reloaded.")
	if !a.kind.auth {
		return
	}
	f.unsigned(&a.lockoutThreshold, flagLockoutThreshold, "The threshold for user lockout for this auth method.")
	f.duration(&a.lockoutDuration, flagLockoutDuration, "The user lockout duration for this auth method.")
	f.duration(&a.lockoutReset, flagLockoutReset, "The user lockout counter reset duration for this auth method.")
	f.boolean(&a.lockoutDisable, flagLockoutDisable, "Disable user lockout for this auth method.")
}

func (a *mountTune) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	a.finish(strconv.Itoa(a.version))
	path := mountPath(cleanPath(args[0]))
	target := path
	if a.kind.auth {
		target = "/auth/" + path
	}
	if err := client.Sys().TuneMountAllowNilWithContext(inv.ctx, target, a.config(inv.set.given)); err != nil {
		return refused("Error tuning %s %s: %w", a.kind.one, path, err)
	}
	inv.sayf("Success! Tuned the %s at: %s", a.kind.one, path)
	return nil
}

// config sends what was given, empty values too; TTLs and options always.
func (a *mountTune) config(given func(string) bool) api.TuneMountConfigInput {
	defaultTTL, maxTTL := ttlText(a.defaultLeaseTTL), ttlText(a.maxLeaseTTL)
	config := api.TuneMountConfigInput{
		DefaultLeaseTTL:            &defaultTTL,
		MaxLeaseTTL:                &maxTTL,
		Options:                    &a.options,
		OverridePinnedVersion:      a.overridePinned.pointer(),
		TrimRequestTrailingSlashes: a.trimSlashes.pointer(),
	}
	text := func(name string, from *string, into **string) {
		if given(name) {
			*into = from
		}
	}
	list := func(name string, from []string, into **[]string) {
		if !given(name) {
			return
		}
		// One empty value empties the list.
		if len(from) == 1 && from[0] == "" {
			from = []string{}
		}
		*into = &from
	}
	text(flagDescription, &a.description, &config.Description)
	text(flagListing, &a.listingVisibility, &config.ListingVisibility)
	text(flagTokenType, &a.tokenType, &config.TokenType)
	text(flagPluginVersion, &a.pluginVersion, &config.PluginVersion)
	text(flagIdentityKey, &a.identityTokenKey, &config.IdentityTokenKey)
	list(flagAuditRequest, a.auditRequestKeys, &config.AuditNonHMACRequestKeys)
	list(flagAuditResponse, a.auditResponseKeys, &config.AuditNonHMACResponseKeys)
	list(flagRequestHeaders, a.requestHeaders, &config.PassthroughRequestHeaders)
	list(flagResponseHeaders, a.responseHeaders, &config.AllowedResponseHeaders)
	list(flagManagedKeys, a.managedKeys, &config.AllowedManagedKeys)
	list(flagDelegated, a.delegatedAccessors, &config.DelegatedAuthAccessors)
	config.UserLockoutConfig = a.lockout(given)
	return config
}

// lockout is nil unless one of its flags was given.
func (a *mountTune) lockout(given func(string) bool) *api.TuneUserLockoutConfigInput {
	var lockout api.TuneUserLockoutConfigInput
	any := false
	set := func(name, val string, into **string) {
		if given(name) {
			*into, any = &val, true
		}
	}
	set(flagLockoutThreshold, strconv.FormatUint(uint64(a.lockoutThreshold), 10), &lockout.LockoutThreshold)
	set(flagLockoutDuration, ttlText(a.lockoutDuration), &lockout.LockoutDuration)
	set(flagLockoutReset, ttlText(a.lockoutReset), &lockout.LockoutCounterResetDuration)
	if given(flagLockoutDisable) {
		lockout.DisableLockout, any = &a.lockoutDisable, true
	}
	if !any {
		return nil
	}
	return &lockout
}

// mountDisable is `secrets disable` and `auth disable`.
type mountDisable struct{ kind mountKind }

func (*mountDisable) flags(*flagSet) {}

func (a *mountDisable) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	path := mountPath(cleanPath(args[0]))
	disable := client.Sys().UnmountWithContext
	if a.kind.auth {
		disable = client.Sys().DisableAuthWithContext
	}
	if err := disable(inv.ctx, path); err != nil {
		return refused("Error disabling %s at %s: %w", a.kind.one, path, err)
	}
	inv.sayf("Success! Disabled the %s (if it existed) at: %s", a.kind.one, path)
	return nil
}
