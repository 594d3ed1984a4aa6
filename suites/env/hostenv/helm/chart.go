// SPDX-License-Identifier: MPL-2.0

package helm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/kubernetes"
)

// chart is what the two charts differ in. Both set the same variables
// (templates/server-statefulset.yaml).
type chart struct {
	// container is the server's, prefix that of its variables.
	container, prefix, home string
	// secretsFirst: openbao-helm sets extraSecretEnvironmentVars before
	// extraEnvironmentVars, vault-helm after.
	secretsFirst bool
}

func vaultChart() chart { return chart{container: "vault", prefix: "VAULT_", home: "/home/vault"} }

func openbao() chart {
	return chart{container: "openbao", prefix: "BAO_", home: "/home/openbao", secretsFirst: true}
}

// environment returns the environment of the server that the chart installs: the
// container is put together as the chart does, and read as Kubernetes does.
func (v *values) environment(c chart, objects *kubernetes.Objects, given kubernetes.Given) (hostenv.Environment, error) {
	if v.external(c) {
		return hostenv.Environment{}, fmt.Errorf("%w: %s: the values install no server (server.enabled, global.enabled and global.externalVaultAddr decide that)",
			hostenv.ErrInput, v.files[len(v.files)-1].Source)
	}
	b := &builder{places: make(map[string]hostenv.Place)}
	v.own(c, b)
	if c.secretsFirst {
		v.secrets(b)
		v.extra(b)
	} else {
		v.extra(b)
		v.secrets(b)
	}
	source := v.files[len(v.files)-1].Source
	pod := mapping(
		text("kind"), text("StatefulSet"),
		text("metadata"), mapping(text("name"), text("of the chart")),
		text("spec"), mapping(text("template"), mapping(text("spec"), mapping(text("containers"), &yaml.Node{
			Kind: yaml.SequenceNode, Content: []*yaml.Node{mapping(text("name"), text(c.container), text("env"), &yaml.Node{Kind: yaml.SequenceNode, Content: b.env})},
		}))))
	all := objects.Clone()
	if err := all.AddNode(source, pod); err != nil {
		return hostenv.Environment{}, fmt.Errorf("%w: %s: %w", hostenv.ErrInput, source, err)
	}
	e, err := all.Environment(c.container, given)
	if err != nil {
		return hostenv.Environment{}, err
	}
	for i, variable := range e.Variables {
		if place, ok := b.places[variable.Name]; ok && variable.Place.File == source {
			e.Variables[i].Place = place
		}
	}
	return e, nil
}

// external reports whether the chart installs no server (vault.mode in
// templates/_helpers.tpl).
func (v *values) external(c chart) bool {
	if v.truth(false, "global", "externalVaultAddr") || v.truth(false, "global", "externalBaoAddr") && c.prefix == "BAO_" ||
		v.truth(false, "injector", "externalVaultAddr") && c.prefix == "VAULT_" {
		return true
	}
	switch enabled := v.text("server", "enabled"); enabled {
	case "true":
	case "", "-":
		if global := v.text("global", "enabled"); global != "" && global != "true" {
			return true
		}
	default:
		return true
	}
	if v.text("server", "dev", "enabled") == "true" || v.text("server", "ha", "enabled") == "true" {
		return false
	}
	standalone := v.text("server", "standalone", "enabled")
	return standalone != "" && standalone != "-" && standalone != "true"
}

// builder collects the entries of env.
type builder struct {
	env []*yaml.Node
	// places are where the values set a variable; the chart's own have none.
	places map[string]hostenv.Place
}

func (b *builder) set(name, value string, at hostenv.Place) {
	b.env = append(b.env, mapping(text("name"), text(name), text("value"), text(value)))
	b.places[name] = at
}

func (b *builder) from(name, kind string, ref *yaml.Node, at hostenv.Place) {
	b.env = append(b.env, mapping(text("name"), text(name), text("valueFrom"), mapping(text(kind), ref)))
	b.places[name] = at
}

func (b *builder) field(name, path string, at hostenv.Place) {
	b.from(name, "fieldRef", mapping(text("fieldPath"), text(path)), at)
}

// own adds the variables of the chart.
func (v *values) own(c chart, b *builder) {
	at := hostenv.Place{File: v.files[len(v.files)-1].Source}
	scheme := "https"
	if v.truth(true, "global", "tlsDisable") {
		scheme = "http"
	}
	b.field("HOST_IP", "status.hostIP", at)
	b.field("POD_IP", "status.podIP", at)
	b.field(c.prefix+"K8S_POD_NAME", "metadata.name", at)
	b.field(c.prefix+"K8S_NAMESPACE", "metadata.namespace", at)
	b.set(c.prefix+"ADDR", scheme+"://127.0.0.1:8200", at)
	api := scheme + "://$(POD_IP):8200"
	if v.truth(false, "server", "ha", "apiAddr") {
		api = v.text("server", "ha", "apiAddr")
	}
	b.set(c.prefix+"API_ADDR", api, v.place(at, "server", "ha", "apiAddr"))
	b.set("SKIP_CHOWN", "true", at)
	b.set("SKIP_SETCAP", "true", at)
	b.field("HOSTNAME", "metadata.name", at)
	// The release's name, which is part of the default, is not in the values; that
	// of the pod makes it unknown anyway.
	cluster := "https://$(HOSTNAME).internal:8201"
	if v.truth(false, "server", "ha", "clusterAddr") {
		cluster = v.text("server", "ha", "clusterAddr")
	}
	b.set(c.prefix+"CLUSTER_ADDR", cluster, v.place(at, "server", "ha", "clusterAddr"))
	if v.text("server", "ha", "raft", "enabled") == "true" {
		if v.text("server", "ha", "raft", "setNodeId") == "true" {
			b.field(c.prefix+"RAFT_NODE_ID", "metadata.name", at)
		}
		if c.prefix == "VAULT_" && v.text("server", "ha", "raft", "redundancyZones", "enabled") == "true" {
			b.field("VAULT_REDUNDANCY_ZONE", "metadata.labels['topology.kubernetes.io/zone']", at)
		}
	}
	b.set("HOME", c.home, at)
	for _, setting := range [][2]string{{"logLevel", "LOG_LEVEL"}, {"logFormat", "LOG_FORMAT"}} {
		if v.truth(false, "server", setting[0]) {
			b.set(c.prefix+setting[1], v.text("server", setting[0]), v.place(at, "server", setting[0]))
		}
	}
	if c.prefix == "VAULT_" && v.truth(false, "server", "enterpriseLicense", "secretName") {
		key := "license"
		if named := v.text("server", "enterpriseLicense", "secretKey"); named != "" {
			key = named
		}
		b.set("VAULT_LICENSE_PATH", "/vault/license/"+key, v.place(at, "server", "enterpriseLicense", "secretName"))
	}
	if v.text("server", "dev", "enabled") == "true" {
		token := "root"
		if v.at("server", "dev", "devRootToken") != nil {
			token = v.text("server", "dev", "devRootToken")
		}
		// Both charts name them so.
		b.set("VAULT_DEV_ROOT_TOKEN_ID", token, v.place(at, "server", "dev", "devRootToken"))
		b.set("VAULT_DEV_LISTEN_ADDRESS", "[::]:8200", at)
	}
}

// extra adds server.extraEnvironmentVars. The charts write the names in upper case,
// with _ for a dot, in the order of the keys.
func (v *values) extra(b *builder) {
	path := []string{"server", "extraEnvironmentVars"}
	vars, _ := v.at(path...).(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(vars)) {
		name := strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		value := ""
		if vars[key] != nil {
			value = fmt.Sprint(vars[key])
		}
		b.set(name, value, v.place(hostenv.Place{}, append(path, key)...))
	}
}

// secrets adds server.extraSecretEnvironmentVars.
func (v *values) secrets(b *builder) {
	list, _ := v.at("server", "extraSecretEnvironmentVars").([]any)
	for i, item := range list {
		entry, _ := item.(map[string]any)
		at := v.place(hostenv.Place{}, "server", "extraSecretEnvironmentVars", fmt.Sprint(i))
		ref := mapping(text("name"), text(fmt.Sprint(entry["secretName"])), text("key"), text(fmt.Sprint(entry["secretKey"])))
		b.from(fmt.Sprint(entry["envName"]), "secretKeyRef", ref, at)
	}
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func mapping(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: content}
}
