// SPDX-License-Identifier: MPL-2.0

package dialect

import "slices"

// openbao25 is OpenBao 2.5.5. The server that was recorded was built without a
// version stamp and calls itself 2.0.0: it is openbao-2.5@2.0.0-HEAD.
func openbao25() *Dialect {
	return openbao24().derive(release{
		name: "openbao-2.5", version: "2.5.5", ground: "recorded from an OpenBao 2.5.5 (suites/replay/recordings/openbao-2.5.5.json)",
		changes: []edit{
			{"configuration: telemetry within a listener has disallow_metrics, metrics_only and metrics_path", "internalshared/configutil/listener.go at v2.5.5", Established,
				func(d *Dialect) {
					d.Configuration.ListenerTelemetryKeys = with(d.Configuration.ListenerTelemetryKeys, "disallow_metrics metrics_only metrics_path", "")
				}},
			{"configuration: there are plugin, plugin_auto_download, plugin_auto_register, plugin_download_behavior, since 2.5.3 plugin_download_max_size, and others", "changelog 2.5.0 #1824, 2.5.3 #2941, command/server/config.go at v2.5.5", Established,
				knows("disable_standby_reads plugin plugin_auto_download plugin_auto_register plugin_download_behavior plugin_download_max_size unsafe_relative_paths", "")},
			{"configuration: plugins are declared, downloaded and registered when the server starts", "changelog 2.5.0 #1824, vault/plugin_catalog.go at v2.5.5; measured on 2.5.5", Established,
				func(d *Dialect) { d.Configuration.DeclaredPlugins = true }},
			{"they are called OCI plugins, also those with a command", "vault/plugin_catalog.go and command/server/config.go at v2.5.5; measured on 2.5.5", Established,
				func(d *Dialect) { d.Configuration.OCIWords = true }},
			{"configuration: listeners have disable_unauthed_generate_root_endpoints", "internalshared/configutil/listener.go at v2.5.5", Established,
				knowsListener("disable_unauthed_generate_root_endpoints")},
			{"sys/rekey and sys/generate-root are not served without a token, unless a listener's configuration says so, which the mock does not look at", "deprecation notices unauthed-rekey and unauthed-generate-root; http/handler.go at v2.5.5; measured on 2.6.2", Established,
				func(d *Dialect) { d.State.KeysUnsupported = true }},
			{"sys/policies/detailed/acl lists also what is below a path", "vault/logical_system_paths.go at v2.5.5", Established,
				func(d *Dialect) { d.Policies.DetailedBelow = true }},
			{"sys/internal/ui/feature-flags does not exist", "http/handler.go at v2.5.5", Established,
				func(d *Dialect) { d.State.FeatureFlags = false }},
			{"reading a plugin shows oci and declarative", "changelog 2.5.0 #1824, #2132", Established,
				func(d *Dialect) { d.Catalog.ReadExtra = map[string]any{"oci": false, "declarative": false} }},
			{"plugins downloaded from OCI registries can be registered: oci", "changelog 2.5.0 #2132, vault/plugin_catalog.go at v2.5.5", Established,
				func(d *Dialect) { d.Catalog.OCI = true }},
			{"the lists of names contain plugins that have only versions", "changelog 2.5.5 #3186", Established,
				func(d *Dialect) { d.Catalog.ListsVersionedOnly = true }},
			{"anything after a request's JSON object is refused", "http/handler.go at v2.5.0", Established,
				func(d *Dialect) { d.Requests.StrictJSON = true }},
			{"tokens of other namespaces: their accessors are refused, and lookups say nothing of their end", "vault/token_store.go and vault/expiration.go at v2.5.5, beside v2.4.4; measured on 2.3.2 and 2.6.2", Established,
				func(d *Dialect) { d.Namespaces.OwnTokensOnly = true }},
			{"sys/tools/random names the field bytes in single quotes", "helper/random/random_api.go at v2.5.5, beside v2.4.4; measured on 2.3.2 and 2.6.2", Established,
				func(d *Dialect) { d.State.BytesQuoted = "'bytes'" }},
			{"a new mount's plugin that fails to initialize is ended; the mount stays", "mountInternalWithLock in vault/mount.go at v2.5.5, beside v2.4.4; measured on 2.6.2", Established,
				func(d *Dialect) { d.Mounts.UninitializedEnds = true }},
			{"a lease ID that is not a text is refused before the token is looked at", "vault/request_handling.go at v2.5.5; measured on 2.6.2", Established,
				func(d *Dialect) { d.Leases.IDChecked = true }},
			{"paths and keys may have two dots within one of their parts: only whole parts are relative", "sdk/logical/path.go at v2.5.5", Established,
				func(d *Dialect) { d.Requests.DottedKeys = true }},
			{"request paths with a part . or .. are refused before the token is looked at", "vault/request_handling.go and sdk/logical/path.go at v2.5.5; measured on 2.6.2", Established,
				func(d *Dialect) { d.Requests.DotsRefused = true }},
			{"malformed versions are told in small letters", "go.mod at v2.5.0: go-version 1.8.0", Established,
				func(d *Dialect) { d.Catalog.MalformedVersion = "malformed version" }},
			{"sys/renew, sys/revoke, sys/revoke-prefix and sys/revoke-force are gone", "2.5.4 #3152", Established,
				func(d *Dialect) { d.Leases.OldPaths = false }},
			{"a secrets engine may not log in anybody", "vault/request_handling.go at v2.5.5; measured on 2.6.2", Established,
				func(d *Dialect) { d.Tokens.SecretsLogIn = false }},
			{"the default policy does not allow sys/renew any more", "2.5.4 #3152, vault/policy_store.go at v2.5.5; measured on 2.6.2", Established,
				func(d *Dialect) { d.Policies.DefaultLacks = append(slices.Clone(d.Policies.DefaultLacks), "sys/renew") }},
			{"names of namespaces are checked before they are looked up", "vault/logical_system_namespaces.go at v2.5.5", Established,
				func(d *Dialect) { d.Namespaces.StrictNames = true }},
		},
	})
}
