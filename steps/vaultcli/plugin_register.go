// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/api"
)

// pluginRegister follows Vault 1.21: the hash may be missing if there is a
// version (an Enterprise artifact), and warnings are shown.
type pluginRegister struct {
	args     []string
	command  string
	sha256   string
	version  string
	ociImage string
	runtime  string
	env      []string
	download bool
}

func (a *pluginRegister) flags(f *flagSet) {
	f.list(&a.args, "args", "Argument to pass to the plugin when starting. This flag can be specified multiple times to "+
		"specify multiple args.")
	f.text(&a.command, "command", "Command to spawn the plugin. If -sha256 is provided to register with a plugin binary, "+
		"this defaults to the name of the plugin if both oci_image and command are unspecified. Without -sha256 a plugin "+
		"artifact is expected, and this is ignored.")
	f.text(&a.sha256, "sha256", "SHA256 of the plugin binary or the OCI image provided. This is required to register with "+
		"a plugin binary but should not be specified when registering with a plugin artifact.")
	f.text(&a.version, "version", "Semantic version of the plugin. Used as the tag when specifying oci_image, but with any "+
		"leading 'v' trimmed. This is required to register with a plugin artifact but optional when registering with a "+
		"plugin binary.")
	f.text(&a.ociImage, "oci_image", "OCI image to run. If specified, setting command, args, and env will update the "+
		"container's entrypoint, args, and environment variables (append-only) respectively.")
	f.text(&a.runtime, "runtime", "Vault plugin runtime to use if oci_image is specified.")
	f.list(&a.env, "env", "Environment variables to set for the plugin when starting. This flag can be specified multiple "+
		"times to specify multiple environment variables.")
	f.boolean(&a.download, "download", "Enterprise only. If set, Vault will automatically download plugins from "+
		"releases.hashicorp.com")
}

func (a *pluginRegister) run(inv *invocation, args []string) error {
	if err := between(1, 2, "1 or 2", args); err != nil {
		return err
	}
	if a.sha256 == "" && a.version == "" {
		// Vault forgot the blanks between these sentences.
		return misuse("One of -sha256 or -version is required. " +
			"If registering with a binary, please provide at least -sha256 (-version optional)." +
			"If registering with an artifact, please provide -version only.")
	}
	// Without a TYPE the server is asked for type "unknown".
	if len(args) == 1 {
		args = []string{api.PluginTypeUnknown.String(), args[0]}
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	typ, err := pluginType(args[0])
	if err != nil {
		return err
	}
	name := strings.TrimSpace(args[1])
	if a.sha256 != "" && a.command == "" && a.ociImage == "" {
		a.command = name
	}
	answer, err := client.Sys().RegisterPluginWithContextDetailed(inv.ctx, &api.RegisterPluginInput{
		Name:     name,
		Type:     typ,
		Args:     a.args,
		Command:  a.command,
		SHA256:   a.sha256,
		Version:  a.version,
		OCIImage: a.ociImage,
		Runtime:  a.runtime,
		Env:      a.env,
		Download: a.download,
	})
	if err != nil {
		return refused("Error registering plugin %s: %w", name, err)
	}
	if answer != nil && len(answer.Warnings) > 0 {
		inv.complain(wrap(fmt.Sprintf("Warnings while registering plugin %s: %s",
			name, strings.Join(answer.Warnings, "\n\n")), 0) + "\n")
	}
	inv.say("Success! Registered plugin: " + name)
	return nil
}

// pluginDeregister follows Vault 2.x: it looks first, because the server says
// yes to deregistering what isn't there.
type pluginDeregister struct{ version string }

func (a *pluginDeregister) flags(f *flagSet) {
	f.text(&a.version, "version", "Semantic version of the plugin to deregister. If unset, only an unversioned plugin may "+
		"be deregistered.")
}

func (a *pluginDeregister) run(inv *invocation, args []string) error {
	if err := exactly(2, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	typ, err := pluginType(args[0])
	if err != nil {
		return err
	}
	name := strings.TrimSpace(args[1])
	if a.version != "" {
		if _, err := version.NewSemver(a.version); err != nil {
			return refused("version %q is not a valid semantic version: %w", a.version, err)
		}
	}
	exists, done, err := a.lookFor(inv, client, typ, name)
	if done || err != nil {
		return err
	}
	if err := client.Sys().DeregisterPluginWithContext(inv.ctx, &api.DeregisterPluginInput{
		Name:    name,
		Type:    typ,
		Version: a.version,
	}); err != nil {
		return refused("Error deregistering plugin named %s: %w", name, err)
	}
	if exists {
		inv.sayf("Success! Deregistered %s plugin: %s", typ, name)
	} else {
		inv.sayf("Success! Deregistered %s plugin (if it was registered): %s", typ, name)
	}
	return nil
}

// lookFor asks for the plugin. done means that all has been said; a failure that
// tells nothing about the plugin leaves it to the deregistration.
func (a *pluginDeregister) lookFor(inv *invocation, client *api.Client, typ api.PluginType, name string) (exists, done bool, err error) {
	// The typed call would drop the warnings, which matter here.
	var parameters map[string][]string
	if a.version != "" {
		parameters = map[string][]string{"version": {a.version}}
	}
	ctx, cancel := context.WithTimeout(inv.ctx, client.ClientTimeout())
	defer cancel()
	response, err := client.Logical().ReadRawWithDataWithContext(ctx, fmt.Sprintf("sys/plugins/catalog/%s/%s", typ, name), parameters)
	if err != nil {
		var refusal *api.ResponseError
		if !errors.As(err, &refusal) || refusal.StatusCode != http.StatusNotFound && refusal.StatusCode != http.StatusBadRequest {
			return false, false, nil
		}
		if len(refusal.Errors) > 0 {
			inv.complain(refusal.Errors[0])
		} else {
			inv.sayf("Plugin %q (type: %q, version %q) does not exist in the catalog", name, typ, a.version)
		}
		return false, true, nil
	}
	defer func() { _ = response.Body.Close() }()
	var found api.Secret
	if err := response.DecodeJSON(&found); err != nil {
		return false, false, nil
	}
	for _, warning := range found.Warnings {
		// Vault 2.1 chose a version because none was named.
		if !strings.Contains(warning, "no version was specified") {
			continue
		}
		if chosen, _ := found.Data["version"].(string); chosen != "" {
			inv.sayf("Plugin %q (type: %q, version %q) does not exist in the catalog as an unversioned entry; did you mean -version=%s?",
				name, typ, chosen, chosen)
		} else {
			inv.sayf("Plugin %q (type: %q) does not exist in the catalog as an unversioned entry; use -version to specify a version",
				name, typ)
		}
		return false, true, nil
	}
	if builtin, _ := found.Data["builtin"].(bool); builtin {
		return true, true, refused("Plugin %q (type: %q) is a builtin plugin and cannot be deregistered", name, typ)
	}
	return true, false, nil
}

// pluginReload follows Vault 1.16, whose root namespace has a path of its own
// for each plugin, with two deviations. Vault calls that path for -mounts too,
// with an empty name that no server understands; here -mounts goes to the path
// that takes mounts. And where a server doesn't know the newer path (Vault up to
// 1.15, OpenBao) the older one is called, unless -type asks for what it can't do.
type pluginReload struct {
	plugin, typ, scope string
	mounts             []string
}

func (a *pluginReload) flags(f *flagSet) {
	f.text(&a.plugin, "plugin", "The name of the plugin to reload, as registered in the plugin catalog.")
	f.list(&a.mounts, "mounts", "Array or comma-separated string mount paths of the plugin backends to reload.")
	f.text(&a.scope, "scope", "The scope of the reload, omitted for local, 'global', for replicated reloads.")
	f.text(&a.typ, "type", "The type of plugin to reload, one of auth, secret, or database. Mutually exclusive with "+
		"-mounts. If not provided, all plugins with a matching name will be reloaded.")
}

func (a *pluginReload) run(inv *invocation, _ []string) error {
	switch {
	case a.plugin == "" && len(a.mounts) == 0:
		return misuse("No plugins specified, must specify exactly one of -plugin or -mounts")
	case a.plugin != "" && len(a.mounts) > 0:
		return misuse("Must specify exactly one of -plugin or -mounts")
	case a.scope != "" && a.scope != "global":
		return misuse("Invalid reload scope: %s", a.scope)
	case len(a.mounts) > 0 && a.typ != "":
		return misuse("Cannot specify -type with -mounts")
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	id, err := a.reload(inv, client)
	var fail *failure
	if errors.As(err, &fail) {
		return err
	}
	if err != nil {
		return refused("Error reloading plugin/mounts: %w", err)
	}
	what := "plugin: " + a.plugin
	if len(a.mounts) > 0 {
		what = fmt.Sprintf("mounts: %s", a.mounts)
	}
	if id != "" {
		inv.sayf("Success! Reloading %s, reload_id: %s", what, id)
	} else {
		inv.say("Success! Reloaded " + what)
	}
	return nil
}

// reload returns the identifier of a global reload.
func (a *pluginReload) reload(inv *invocation, client *api.Client) (string, error) {
	if client.Namespace() != "" || len(a.mounts) > 0 {
		return a.reloadBackend(inv, client)
	}
	typ := api.PluginTypeUnknown
	if text := strings.TrimSpace(a.typ); text != "" {
		var err error
		if typ, err = api.ParsePluginType(text); err != nil {
			return "", misuse("Error parsing -type as a plugin type, must be unset or one of auth, secret, or database: %w", err)
		}
	}
	id, err := client.Sys().RootReloadPlugin(inv.ctx, &api.RootReloadPluginInput{Plugin: a.plugin, Type: typ, Scope: a.scope})
	var refusal *api.ResponseError
	if errors.As(err, &refusal) && refusal.StatusCode == http.StatusNotFound && a.typ == "" {
		return a.reloadBackend(inv, client)
	}
	return id, err
}

// reloadBackend takes the path that all versions have: by name whatever the type,
// or by mounts.
func (a *pluginReload) reloadBackend(inv *invocation, client *api.Client) (string, error) {
	return client.Sys().ReloadPluginWithContext(inv.ctx, &api.ReloadPluginInput{
		Plugin: a.plugin,
		Mounts: a.mounts,
		Scope:  a.scope,
	})
}
