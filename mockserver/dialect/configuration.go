// SPDX-License-Identifier: MPL-2.0

package dialect

import (
	"slices"
	"strings"
)

// Configuration says what differs in the files that servers are configured with.
type Configuration struct {
	// Keys are the keys of the top level that the server knows; it warns of others.
	Keys []string
	// ListenerKeys are the keys of a listener that the server knows.
	ListenerKeys []string
	// ListenerTelemetryKeys are the keys of telemetry within a listener, and
	// TelemetryKeys those of telemetry beside it.
	ListenerTelemetryKeys, TelemetryKeys []string
	// MlockRefused: the server has no mlock and says so where it is asked for.
	MlockRefused bool
	// Duplicates is what becomes of keys that stand twice.
	Duplicates Duplicates
	// DeclaredPlugins: `plugin` declares plugins, which the server downloads and
	// registers when it starts.
	DeclaredPlugins bool
	// OCIWords: log and errors call all declared plugins OCI plugins, and an image
	// is also missed where a command is given.
	OCIWords bool
	// KMSPlugins: plugins of type kms may be declared, which are in no catalog.
	KMSPlugins bool
}

// Duplicates is what a server does with keys that stand twice in a configuration file.
type Duplicates int

const (
	// DuplicatesTaken lets the last one win.
	DuplicatesTaken Duplicates = iota
	// DuplicatesWarned lets it win with a warning (Vault 1.20).
	DuplicatesWarned
	// DuplicatesRefused makes them an error unless a variable allows them (Vault 1.21).
	DuplicatesRefused
)

// vaultKeys are the keys of Vault 1.14's files: the tags of Config and SharedConfig,
// and the stanzas that are parsed by hand.
//
// Source: command/server/config.go and internalshared/configutil/config.go at v1.14.10.
func vaultKeys() []string {
	return strings.Fields("administrative_namespace_path api_addr backend cache_size cloud cluster_addr cluster_cipher_suites cluster_name " +
		"default_lease_ttl default_max_request_duration detect_deadlocks disable_cache disable_clustering disable_indexing " +
		"disable_mlock disable_performance_standby disable_printable_check disable_sealwrap disable_sentinel_trace " +
		"enable_response_header_hostname enable_response_header_raft_node_id entropy experiments ha_backend ha_storage hsm " +
		"imprecise_lease_role_tracking introspection_endpoint kms license_path listener log_file log_format log_level " +
		"log_requests_level log_rotate_bytes log_rotate_duration log_rotate_max_files max_lease_ttl pid_file " +
		"plugin_directory plugin_file_permissions plugin_file_uid raw_storage_endpoint seal service_registration storage " +
		"telemetry ui user_lockout")
}

// vaultListenerKeys are the keys of a listener in Vault 1.14's files.
//
// Source: internalshared/configutil/listener.go at v1.14.10.
func vaultListenerKeys() []string {
	return strings.Fields("address agent_api cluster_address " +
		"cors_allowed_headers cors_allowed_origins cors_enabled custom_response_headers http_idle_timeout " +
		"http_read_header_timeout http_read_timeout http_write_timeout inflight_requests_logging max_request_duration " +
		"max_request_size profiling proxy_api proxy_protocol_authorized_addrs proxy_protocol_behavior purpose rawconfig " +
		"require_request_header role socket_group socket_mode socket_user telemetry tls_cert_file tls_cipher_suites " +
		"tls_client_ca_file tls_disable tls_disable_client_certs tls_key_file tls_max_version tls_min_version " +
		"tls_require_and_verify_client_cert type x_forwarded_for_authorized_addrs x_forwarded_for_hop_skips " +
		"x_forwarded_for_reject_not_authorized x_forwarded_for_reject_not_present")
}

// vaultTelemetryKeys are the keys of telemetry in Vault 1.14's files.
//
// Source: internalshared/configutil/telemetry.go at v1.14.10.
func vaultTelemetryKeys() []string {
	return strings.Fields("add_lease_metrics_namespace_labels circonus_api_app circonus_api_token circonus_api_url " +
		"circonus_broker_id circonus_broker_select_tag circonus_check_display_name " +
		"circonus_check_force_metric_activation circonus_check_id circonus_check_instance_id " +
		"circonus_check_search_tag circonus_check_tags circonus_submission_interval circonus_submission_url " +
		"disable_hostname dogstatsd_addr dogstatsd_tags enable_hostname_label filter_default " +
		"lease_metrics_epsilon maximum_gauge_cardinality metrics_prefix num_lease_metrics_buckets " +
		"prefix_filter prometheus_retention_time stackdriver_debug_logs stackdriver_location " +
		"stackdriver_namespace stackdriver_project_id statsd_address statsite_address usage_gauge_period")
}

// with returns the words of a list and those of added, without those of removed.
func with(list []string, added, removed string) []string {
	all := slices.Concat(list, strings.Fields(added))
	return slices.DeleteFunc(all, func(word string) bool { return slices.Contains(strings.Fields(removed), word) })
}

// knows returns a change to the keys of the top level, and knowsListener one to
// those of a listener.
func knows(added, removed string) func(*Dialect) {
	return func(d *Dialect) { d.Configuration.Keys = with(d.Configuration.Keys, added, removed) }
}

func knowsListener(added string) func(*Dialect) {
	return func(d *Dialect) { d.Configuration.ListenerKeys = with(d.Configuration.ListenerKeys, added, "") }
}
