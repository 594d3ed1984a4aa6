// SPDX-License-Identifier: MPL-2.0

package dialect

import (
	"net/http"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// vault114 is Vault 1.14.3: recorded, and the ground that all others stand on.
func vault114() *Dialect {
	d := &Dialect{
		Name:        "vault-1.14",
		Product:     Vault,
		DisplayName: "Vault",
		Command:     "vault",
		Ground:      "recorded from a Vault 1.14.3 (suites/replay/recordings/vault-1.14.3.json)",

		BuiltinSuffix: "builtin.vault",
		Builtins:      builtins(vault114Builtins()),

		Processes: Processes{
			Environment:  environ.HostWins,
			OwnVariables: []string{"VAULT_"},
			// Recorded in env-names: Vault's main turns SHA-1 certificates back on.
			ServerVariables: []string{"GODEBUG=x509sha1=1"},
			// vault/sdk 0.9.2.
			Callbacks: []string{"Events"},
		},
		Catalog: Catalog{
			MissingHash:      "missing SHA-256 value",
			BadHash:          "Could not decode SHA-256 value from Hex",
			MissingCommand:   "missing command value",
			CheckUnparsed:    "Error parsing the environment variable VAULT_ENABLE_FILE_PERMISSIONS_CHECK",
			MalformedVersion: "Malformed version",
		},
		Reloads: Reloads{Scope: true},
		Mounts:  Mounts{ManagedKeys: true},
		Requests: Requests{
			PolicyOverride: true,
			// logical_system_helpers.go at v1.15.1; that 1.14 does alike is inferred.
			EnterpriseStubs: true,
			FieldErrors:     FieldErrorsWithInput,
			RelativePaths:   true,
			// Go 1.20, .go-version at v1.14.3; measured.
			RedirectStatus: http.StatusMovedPermanently,
		},
		State: State{LeaderStandbys: true, HealthStandby: true, FeatureFlags: true, Experiments: true, BytesQuoted: `"bytes"`},
		// vault/token_store.go since 1.10.
		Tokens:        Tokens{ServicePrefix: "hvs.", BatchPrefix: "hvb.", Signed: true},
		Leases:        Leases{OldPaths: true},
		Database:      Database{Hidden: []string{"password", "private_key"}},
		Configuration: Configuration{Keys: vaultKeys(), ListenerKeys: vaultListenerKeys(), ListenerTelemetryKeys: []string{"unauthenticated_metrics_access"}, TelemetryKeys: vaultTelemetryKeys()},
	}
	d.addGaps([]Gap{
		{What: "the OpenAPI document has every path of sys/, identity/ and the other builtins", Source: "vault/logical_system.go, pathInternalOpenAPI",
			Why: "of the server's own backends it has what the mock has, as its framework words it; of plugins it has what they say"},
		{What: "identity tokens and their provider, MFA methods", Source: "vault/identity of OpenBao 2.6.2, which has it from 1.14",
			Why: "no part of plugin management; identity/oidc and identity/mfa answer 501"},
		{What: "the running of a server: sealing it, new unseal keys and root tokens, what audit devices write, metrics, its log and its requests", Source: "vault/logical_system_paths.go",
			Why: "no part of plugin management: their paths below sys/ answer 501 and say so; a rotation counts the term, for nothing is encrypted"},
		{What: "builtin plugins but kv, database, cubbyhole and identity can be listed and mounted, but answer nothing", Source: "list-all in the recording",
			Why: "the plugins themselves are not part of plugin management"},
		{What: "VAULT_ALLOW_PENDING_REMOVAL_MOUNTS turns the refusal of builtins that await removal into a warning", Source: "vault/logical_system.go",
			Why: "no version from 1.13 on has a builtin of that status"},
	})
	d.report("1.14.3")
	return d
}

// vault114Builtins is recorded in list-all; the removed ones, which no list
// shows, are from helper/builtinplugins/registry.go since 1.13.0 (#18039).
func vault114Builtins() map[string]string {
	return map[string]string{
		"auth": "alicloud=0.15.0 app-id!removed approle aws azure=0.16.0 centrify=0.15.1 cert cf=0.15.0 gcp=0.16.0 github " +
			"jwt=0.16.0 kerberos=0.10.0 kubernetes=0.16.0 ldap oci=0.14.0 oidc okta pcf!deprecated " +
			"radius userpass",
		"database": databasePlugins("cassandra couchbase=0.9.2 elasticsearch=0.13.2 hana influxdb mongodb mongodbatlas=0.10.0 " +
			"mssql mysql mysql-aurora mysql-legacy mysql-rds postgresql redis=0.2.1 " +
			"redis-elasticache=0.2.1 redshift snowflake=0.9.0"),
		"secret": "ad=0.16.0!deprecated alicloud=0.15.0 aws azure=0.16.1 cassandra!removed consul gcp=0.16.0 gcpkms=0.15.0 " +
			"kubernetes=0.5.0 kv=0.15.0 ldap mongodb!removed mongodbatlas=0.10.0 mssql!removed mysql!removed nomad " +
			"openldap=0.11.1 pki postgresql!removed rabbitmq ssh terraform=0.7.1 totp transit",
	}
}
