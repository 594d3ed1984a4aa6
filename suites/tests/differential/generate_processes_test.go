// SPDX-License-Identifier: MPL-2.0

package differential

import (
	"strings"

	"github.com/plugproof/plugproof/suites/replay"
)

// host is how a server of a sequence about processes is started: with variables that its
// plugins are registered with too, and now and then with another address or none.
func (g generator) host() replay.ServerSpec {
	spec := replay.ServerSpec{Env: map[string]string{}}
	variables := map[string][]string{
		"A": {"host", "", "h=1"}, "PROXY": {"corp"}, "PROBE_TYPE": {"secret"}, "PROBE_VERSION": {"v1.0.0"}, "VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING": {"true", "1", "false", ""}, "BAO_PLUGIN_USE_LEGACY_ENV_LAYERING": {"true"},
		"VAULT_X": {"x"}, "BAO_X": {"x"}, "VAULT_VERSION": {"9.9.9"}, "VAULT_PLUGIN_METADATA_MODE": {"true"}, "VAULT_BACKEND_PLUGIN": {"host"}, "PLUGIN_MIN_PORT": {"1"}, "LANG": {"C"},
	}
	for _, name := range sortedKeys(variables) {
		if g.chance(4) {
			spec.Env[name] = pick(g, variables[name]...)
		}
	}
	if g.chance(6) {
		address := pick(g, "http://127.0.0.1:9", "", "https://x.example:8200")
		spec.APIAddr = &address
	}
	return spec
}

// prepareProcesses registers plugins that are asked what they see.
func (g generator) prepareProcesses() []replay.Step {
	return []replay.Step{
		{HTTP: "PUT sys/plugins/catalog/secret/probe", Body: raw(map[string]any{"command": "probe", "sha256": "{sha_probe}", "env": g.variables()})},
		{HTTP: "PUT sys/plugins/catalog/auth/pauth", Body: raw(map[string]any{"command": "probe", "sha256": "{sha_probe}", "env": append(g.variables(), "PROBE_TYPE=auth")})},
		{HTTP: "POST sys/mounts/m", Body: raw(map[string]any{"type": "probe"})},
		{HTTP: "POST sys/mounts/n", Body: raw(map[string]any{"type": "probe"})},
		{HTTP: "POST sys/auth/pa", Body: raw(map[string]any{"type": "pauth"})},
	}
}

func (g generator) variables() []string {
	all := []string{
		"A=plugin", "A=", "a=lower", "B=1=2", "PROXY=mine", "EMPTY=", "NONAME", "=x", "PROBE_SERVE=automtls", "PROBE_SERVE=wrapped", "PROBE_SERVE=multiplex", "PROBE_VERSION=v1.0.0", "PROBE_VERSION=v2.0.0", "PROBE_VERSION=nonsense", "PROBE_TYPE=secret", "VAULT_X=p", "BAO_X=p", "VAULT_VERSION=p",
		"VAULT_PLUGIN_METADATA_MODE=true", "VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING=true", "VAULT_BACKEND_PLUGIN=p", "PLUGIN_PROTOCOL_VERSIONS=9", "U=hä st", "LANG=p", "BAO_PLUGIN_AUTOMTLS_ENABLED=false", "VAULT_PLUGIN_AUTOMTLS_ENABLED=false",
	}
	chosen := []string{}
	for range g.rng.IntN(5) {
		chosen = append(chosen, pick(g, all...))
	}
	return chosen
}

// process is a request about processes, files and what plugins see.
func (g generator) process() replay.Step {
	mount := pick(g, "m", "m", "n", "auth/pa", "w")
	switch g.rng.IntN(16) {
	case 0, 1, 2, 3:
		return replay.Step{HTTP: "GET " + mount + "/env/" + pick(g, "A", "A", "a", "B", "PROXY", "EMPTY", "NONAME", "PROBE_SERVE", "PROBE_VERSION", "VAULT_X", "BAO_X", "VAULT_VERSION", "BAO_VERSION", "VAULT_PLUGIN_METADATA_MODE", "VAULT_BACKEND_PLUGIN", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_MIN_PORT", "U", "LANG", "VAULT_PLUGIN_USE_LEGACY_ENV_LAYERING", "BAO_PLUGIN_AUTOMTLS_ENABLED", "VAULT_PLUGIN_AUTOMTLS_ENABLED", "VAULT_UNWRAP_TOKEN", "PLUGIN_MULTIPLEX_GRPC", "PATH2")}
	case 4:
		return replay.Step{HTTP: "GET " + mount + "/process", Keep: []string{"errors", "warnings", "data.args", "data.factory_calls", "data.mount_type", "data.mount_point"}}
	case 5:
		return replay.Step{HTTP: "GET " + mount + "/" + pick(g, "environ", "system", "public", "kv/a")}
	case 6:
		return replay.Step{HTTP: pick(g, "GET ", "POST ") + mount + "/crash"}
	case 7:
		return replay.Step{Shell: pick(g, "rm -f {plugin_dir}/probe", "chmod 000 {plugin_dir}/probe", "chmod 755 {plugin_dir}/probe || true", "cp {plugin_dir}/memdb {plugin_dir}/new && mv {plugin_dir}/new {plugin_dir}/probe", "mkdir -p {plugin_dir}/sub && cp {plugin_dir}/memdb {plugin_dir}/sub/probe", "ln -sf {plugin_dir}/memdb {plugin_dir}/alias", "ln -sf /bin/true {plugin_dir}/out", "mkdir -p {plugin_dir}/dir", "echo hi > {plugin_dir}/text", "ln -sf nowhere {plugin_dir}/dangling", "cp {plugin_dir}/memdb {plugin_dir}/copy")}
	case 8, 9, 10, 11:
		return replay.Step{HTTP: "PUT sys/plugins/catalog/" + pick(g, "secret/probe", "secret/probe", "secret/other", "auth/pauth", "secret/pauth", "auth/other", "database/probe"), Body: raw(g.registration())}
	case 12, 13:
		return replay.Step{HTTP: "POST sys/" + pick(g, "mounts/w", "mounts/w", "auth/w", "mounts/n"), Body: g.need(g.fields(map[string]any{"plugin_version": pick(g, "v1.0.0", "v2.0.0", "")}), map[string]any{"type": pick(g, "probe", "other", "pauth", "kv")})}
	case 14:
		return replay.Step{HTTP: "PUT sys/plugins/reload/backend", Body: raw(pick(g, map[string]any{"plugin": "probe"}, map[string]any{"plugin": "pauth"}, map[string]any{"mounts": []string{"m"}}, map[string]any{"mounts": []string{"auth/pa"}}, map[string]any{"plugin": "other"}))}
	}
	return replay.Step{HTTP: pick(g, "DELETE sys/mounts/w", "DELETE sys/auth/w", "DELETE sys/mounts/n", "GET sys/mounts/m", "GET sys/mounts/w", "GET sys/auth/pa", "DELETE sys/plugins/catalog/secret/probe", "GET sys/plugins/catalog/secret/probe", "GET sys/plugins/catalog/secret/other", "GET sys/plugins/catalog", "POST m/kv/a", "POST sys/mounts/m/tune", "LIST sys/plugins/catalog/secret"), Body: nil}
}

func (g generator) registration() map[string]any {
	body := map[string]any{"command": pick(g, "probe", "probe", "probe", "probe", "sub/probe", "alias", "out", "dir", "text", "dangling", "copy", "probe-v4", "memdb"), "sha256": pick(g, "{sha_probe}", "{sha_probe}", "{sha_probe}", "{sha_probe_v4}", "{sha_memdb}", "{sha_zero}"), "env": g.variables()}
	if g.chance(3) {
		body["env"] = append(g.variables(), "PROBE_FAULT="+pick(g, "exit-at-start", "fail-setup", "garbage-handshake"))
	}
	if g.chance(3) {
		body["version"] = pick(g, "v1.0.0", "v2.0.0")
	}
	if g.chance(3) {
		body["args"] = pick[any](g, []string{"-x", "y z"}, "-x", []string{""})
	}
	return body
}

// settled adds a pause after what ends a process, which servers notice a moment later, and
// a request to each mount: a mount that is not asked between two crashes of the process
// that it shares is left with a dead one in OpenBao 2.6, and a later request hangs there.
func settled(s replay.Step) []replay.Step {
	all := []replay.Step{s}
	if strings.HasSuffix(s.HTTP, "/crash") {
		all = append(all, replay.Step{Sleep: 0.5})
		for _, mount := range []string{"m", "n", "auth/pa", "w", "auth/w"} {
			all = append(all, replay.Step{HTTP: "GET " + mount + "/public"})
		}
	}
	return all
}
