// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/catalog"
)

// catalogPaths are sys/plugins/catalog.
func (b *backend) catalogPaths() []*framework.Path {
	fields := map[string]*framework.FieldSchema{
		"name":    field(framework.TypeString, "The name of the plugin"),
		"type":    field(framework.TypeString, "The type of the plugin, may be auth, secret, or database"),
		"sha256":  field(framework.TypeString, "The SHA256 sum of the executable or container to be run, in hex."),
		"sha_256": field(framework.TypeString, "The SHA256 sum of the executable or container to be run, in hex."),
		"command": field(framework.TypeString, "The command used to start the plugin, relative to the plugin directory."),
		"args":    field(framework.TypeStringSlice, "The args passed to plugin command."),
		"env":     field(framework.TypeStringSlice, "The environment variables passed to plugin command: key=value."),
		"version": field(framework.TypeString, "The semantic version of the plugin to use, or image tag if oci_image is provided."),
	}
	if b.dialect.Catalog.Images {
		fields["oci_image"] = field(framework.TypeString, "The name of the OCI image to be run, without the tag or SHA256.")
		fields["runtime"] = field(framework.TypeString, "The plugin runtime to use when running with oci_image.")
	}
	if b.dialect.Catalog.OCI {
		fields["oci"] = field(framework.TypeBool, "Whether the plugin was downloaded from an OCI registry.")
	}
	if b.dialect.Catalog.DownloadRefused {
		fields["download"] = field(framework.TypeBool, "Whether to download the plugin. Enterprise only.")
	}
	return []*framework.Path{
		// The lists come first: the last path takes everything as a name.
		path("plugins/catalog/(?P<type>auth|database|secret)/?$", "Lists all the plugins of a type", map[string]*framework.FieldSchema{"type": fields["type"]}, operations{
			logical.ListOperation: b.listPlugins,
		}),
		path("plugins/catalog/?$", "Lists all the plugins known to the server", nil, operations{
			logical.ReadOperation: b.listAllPlugins,
		}),
		path("plugins/catalog(/(?P<type>auth|database|secret))?/(?P<name>.+)", "Configures the plugins known to the server", fields, operations{
			logical.UpdateOperation: b.registerPlugin,
			logical.ReadOperation:   b.readPlugin,
			logical.DeleteOperation: b.deregisterPlugin,
		}),
	}
}

func (b *backend) registerPlugin(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	v, bad := b.version(d)
	if bad != nil {
		return bad, nil
	}
	if catalog.IsBuiltinVersion(v) {
		return logical.ErrorResponse("version %q is not allowed because 'builtin' is a reserved metadata identifier", v), nil
	}
	sha := d.Get("sha256").(string)
	if sha == "" {
		sha = d.Get("sha_256").(string)
	}
	if sha == "" && (v == "" || !b.dialect.Catalog.Artifacts) {
		return logical.ErrorResponse("%s", b.dialect.Catalog.MissingHash), nil
	}
	if b.dialect.Catalog.DownloadRefused && d.Get("download").(bool) {
		return logical.ErrorResponse("download is an enterprise only feature"), nil
	}
	e := &catalog.Entry{Key: catalog.Key{Type: kind, Name: d.Get("name").(string), Version: v}, Args: d.Get("args").([]string), Env: d.Get("env").([]string)}
	if b.dialect.Catalog.OCI {
		e.OCI = d.Get("oci").(bool)
	}
	if command := d.Get("command").(string); command != "" && sha != "" && (!b.dialect.Catalog.Images || d.Get("oci_image").(string) == "") {
		if err := b.core.CheckPluginFile(command); err != nil {
			return nil, err
		}
	}
	artifact := sha == "" && b.dialect.Catalog.ArtifactsNeedNoCommand
	if resp := b.commandOrImage(ctx, d, e, artifact); resp != nil {
		return resp, nil
	}
	if e.SHA256, err = hex.DecodeString(sha); err != nil {
		text := b.dialect.Catalog.BadHash
		if strings.HasSuffix(text, " ") {
			text += sha + ": " + err.Error()
		}
		return logical.ErrorResponse("%s", text), nil
	}
	err = b.core.Catalog().Set(ctx, e, b.core)
	var mismatch *catalog.VersionMismatchError
	var unable *catalog.UnableToRunError
	if errors.Is(err, catalog.ErrNotFound) || errors.As(err, &mismatch) || errors.As(err, &unable) {
		return logical.ErrorResponse("%s", err.Error()), nil
	}
	if command := d.Get("command").(string); err == nil && artifact && command != "" {
		resp := &logical.Response{}
		resp.AddWarning(fmt.Sprintf("When sha256 is unspecified, a plugin artifact is expected for registration and the command parameter %q will be ignored.", command))
		return resp, nil
	}
	return nil, err
}

// commandOrImage sets the command or image of the entry, of which an artifact
// needs neither. It returns the error response for an invalid one, or nil.
func (b *backend) commandOrImage(ctx context.Context, d *framework.FieldData, e *catalog.Entry, artifact bool) *logical.Response {
	command := d.Get("command").(string)
	if b.dialect.Catalog.Images {
		e.Image, e.Runtime = d.Get("oci_image").(string), d.Get("runtime").(string)
	}
	if command == "" && e.Image == "" && !artifact {
		return logical.ErrorResponse("%s", b.dialect.Catalog.MissingCommand)
	}
	if e.Image != "" {
		e.Command = command
		if runtime.GOOS != "linux" {
			return logical.ErrorResponse("specifying oci_image is currently only supported on Linux")
		}
		if e.Runtime != "" {
			if _, err := b.core.Catalog().Runtime(ctx, e.Runtime); err != nil {
				return noRuntime(e.Runtime, err)
			}
		}
		return nil
	}
	// Arguments may stand behind the command, as they did before the field args.
	words := strings.Split(command, " ")
	if len(words) > 1 && len(e.Args) > 0 {
		return logical.ErrorResponse("must not specify args in command and args field")
	}
	e.Command = words[0]
	if len(words) > 1 {
		e.Args = words[1:]
	}
	return nil
}

// noRuntime is the answer to a registration with a runtime that can't be read. The
// servers format the error of vault/plugincatalog/plugin_runtime_catalog.go with %w, which
// logical.ErrorResponse does not know, so that its text is that of a Go value, with an
// address; so does fmt with that error and format.
func noRuntime(name string, err error) *logical.Response {
	return logical.ErrorResponse("specified plugin runtime %q, but failed to retrieve config: %%!w(*fmt.wrapError=&{%s %p})",
		name, err, catalog.ErrNoRuntime)
}

func (b *backend) readPlugin(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	name := d.Get("name").(string)
	if kind == consts.PluginTypeUnknown {
		resp := &logical.Response{}
		resp.AddWarning(fmt.Sprintf("Deprecated API endpoint, cannot read plugin information from catalog for %q", name))
		return resp, nil
	}
	v, bad := b.version(d)
	if bad != nil {
		return bad, nil
	}
	e, err := b.core.Catalog().Get(ctx, catalog.Key{Type: kind, Name: name, Version: v})
	var warning string
	if errors.Is(err, catalog.ErrNotFound) && v == "" && b.dialect.Catalog.ReadResolvesVersion {
		e, warning, bad, err = b.resolve(ctx, kind, name)
		if bad != nil {
			return bad, nil
		}
	}
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, nil // 404
	}
	if err != nil {
		return nil, err
	}
	resp := &logical.Response{Data: b.pluginInfo(e)}
	if warning != "" {
		resp.AddWarning(warning)
	}
	return resp, nil
}

// resolve finds the plugin that is meant when it has only versions: the one
// there is. With several the answer names them.
func (b *backend) resolve(ctx context.Context, kind consts.PluginType, name string) (*catalog.Entry, string, *logical.Response, error) {
	versions, err := b.core.Catalog().Versions(ctx, kind, name)
	switch {
	case err != nil:
		return nil, "", nil, err
	case len(versions) == 0:
		return nil, "", nil, catalog.ErrNotFound
	case len(versions) == 1:
		return versions[0], fmt.Sprintf("No version was given; %s is the only registered version of %s plugin %q", versions[0].Version, kind, name), nil, nil
	}
	var list []string
	for _, e := range versions {
		list = append(list, e.Version)
	}
	return nil, "", logical.ErrorResponse("%s plugin %q is registered with more than one version, choose one with -version. Available versions: %s", kind, name, strings.Join(list, ", ")), nil
}

// pluginInfo is what reading a plugin shows. Its env is disclosed nowhere.
func (b *backend) pluginInfo(e *catalog.Entry) map[string]any {
	data := map[string]any{
		"name": e.Name, "args": e.Args, "command": e.Command,
		"sha256": hex.EncodeToString(e.SHA256), "builtin": e.Builtin, "version": e.Version,
	}
	maps.Copy(data, b.dialect.Catalog.ReadExtra)
	if e.Command != "" {
		data["command"] = filepath.Clean(e.Command) // servers keep the whole path and show a part
	}
	if e.OCI {
		data["oci"] = true
	}
	if _, shown := data["declarative"]; shown && e.Declarative {
		data["declarative"] = true
	}
	if e.Builtin {
		data["deprecation_status"] = e.Status
	}
	if e.Image != "" {
		data["oci_image"] = e.Image
	}
	if e.Runtime != "" {
		data["runtime"] = e.Runtime
	}
	return data
}

func (b *backend) deregisterPlugin(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	v, bad := b.version(d)
	if bad != nil {
		return bad, nil
	}
	if catalog.IsBuiltinVersion(v) {
		return logical.ErrorResponse("version %q cannot be deleted", v), nil
	}
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	name := d.Get("name").(string)
	var resp *logical.Response
	if kind == consts.PluginTypeUnknown {
		resp = &logical.Response{}
		resp.AddWarning(fmt.Sprintf("Deprecated API endpoint, cannot deregister plugin from catalog for %q", name))
	}
	return resp, b.core.Catalog().Delete(ctx, catalog.Key{Type: kind, Name: name, Version: v})
}

func (b *backend) listPlugins(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	kind, err := pluginType(d)
	if err != nil {
		return nil, err
	}
	names, err := b.core.Catalog().Names(ctx, kind)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(names), nil
}

func (b *backend) listAllPlugins(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	data := map[string]any{}
	var detailed []map[string]any
	for _, kind := range consts.PluginTypes {
		if kind == consts.PluginTypeUnknown {
			continue
		}
		names, err := b.core.Catalog().Names(ctx, kind)
		if err != nil {
			return nil, err
		}
		if len(names) > 0 {
			data[kind.String()] = names
		}
		entries, err := b.core.Catalog().List(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			detailed = append(detailed, detail(e))
		}
	}
	data["detailed"] = detailed
	return &logical.Response{Data: data}, nil
}

// detail is one plugin in the detailed list.
func detail(e *catalog.Entry) map[string]any {
	info := map[string]any{"type": e.Type.String(), "name": e.Name, "version": e.Version, "builtin": e.Builtin}
	for key, value := range map[string]string{
		"sha256": hex.EncodeToString(e.SHA256), "deprecation_status": e.Status,
		"oci_image": e.Image, "runtime": e.Runtime,
	} {
		if value != "" {
			info[key] = value
		}
	}
	return info
}
