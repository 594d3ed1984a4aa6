// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/automatedrotationutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// configuration is one connection to a database as it is stored.
type configuration struct {
	PluginName    string `json:"plugin_name"`
	PluginVersion string `json:"plugin_version"`
	// ConnectionDetails are what the plugin returned of the details it was given.
	ConnectionDetails map[string]any `json:"connection_details"`
	AllowedRoles      []string       `json:"allowed_roles"`
	RotateStatements  []string       `json:"root_credentials_rotate_statements"`
	PasswordPolicy    string         `json:"password_policy"`
	// SkipVerify is what a write of verify_connection=false leaves behind.
	SkipVerify bool `json:"skip_verify,omitempty"`
	// OverridePin says that PluginVersion runs, whatever is pinned.
	OverridePin bool `json:"override_pinned_version,omitempty"`
	// Rotation says when the server is to rotate the root credentials.
	Rotation automatedrotationutil.AutomatedRotationParams `json:"rotation"`
}

func (c *configuration) supports(credential dbplugin.CredentialType) bool {
	supported, ok := c.ConnectionDetails[dbplugin.SupportedCredentialTypesKey].([]any)
	if !ok { // plugins that say nothing
		return credential == dbplugin.CredentialTypePassword
	}
	for _, s := range supported {
		if s == credential.String() {
			return true
		}
	}
	return false
}

// configFields are the fields that are the engine's; all others are the plugin's.
func (b *backend) configFields() fields {
	all := fields{
		"name":                     {Type: framework.TypeString, Description: "Name of this database connection"},
		"plugin_name":              {Type: framework.TypeString, Description: "The name of a builtin or previously registered plugin known to the server. This endpoint will create an instance of that plugin type."},
		"plugin_version":           {Type: framework.TypeString, Description: "The version of the plugin to use."},
		"verify_connection":        {Type: framework.TypeBool, Default: true, Description: "If true, the connection details are verified by actually connecting to the database. Defaults to true."},
		"allowed_roles":            {Type: framework.TypeCommaStringSlice, Description: `Comma separated string or array of the role names allowed to get creds from this database connection. If empty no roles are allowed. If "*" all roles are allowed.`},
		"root_rotation_statements": {Type: framework.TypeStringSlice, Description: "Specifies the database statements to be executed to rotate the root user's credentials."},
		"password_policy":          {Type: framework.TypeString, Description: "Password policy to use when generating passwords."},
	}
	if b.dialect.Catalog.PinOverrides {
		all["override_pinned_version"] = &framework.FieldSchema{Type: framework.TypeBool, Description: "Whether the connection uses plugin_version in spite of a pinned version."}
	}
	if b.dialect.Database.RotatesRoot {
		maps.Copy(all, rotationFields())
	}
	return all
}

func (b *backend) configPaths() []*framework.Path {
	config := b.configFields()
	name := fields{"name": config["name"]}
	one := path("config/"+framework.GenericNameRegex("name"), "Configure connection details to a database plugin.", config, operations{
		logical.CreateOperation: b.writeConfig, logical.UpdateOperation: b.writeConfig,
		logical.ReadOperation: b.readConfig, logical.DeleteOperation: b.deleteConfig,
	})
	one.ExistenceCheck = exists(configPrefix)
	// The SDK would leave out of its warning what most plugins know.
	one.TakesArbitraryInput = b.dialect.Database.WarnsOfDetails
	paths := []*framework.Path{
		path("config/?$", "Configure connection details to a database plugin.", nil, operations{logical.ListOperation: b.listConfigs}),
		one,
		path("reset/"+framework.GenericNameRegex("name"), "Resets a database plugin.", name, operations{logical.UpdateOperation: b.reset}),
	}
	if b.dialect.Database.Reload {
		plugin := fields{"plugin_name": {Type: framework.TypeString, Description: "Name of the database plugin"}}
		paths = append(paths, path("reload/"+framework.GenericNameRegex("plugin_name"), "Reloads all connections using a named database plugin.", plugin, operations{logical.UpdateOperation: b.reload}))
	}
	return paths
}

// config returns a configuration; it is an error if there is none.
func (b *backend) config(ctx context.Context, s logical.Storage, name string) (*configuration, error) {
	var c configuration
	found, err := storage.GetJSON(ctx, s, configPrefix+name, &c)
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to read connection configuration: %w", err)
	case !found:
		return nil, fmt.Errorf("failed to find entry for connection with name: %q", name)
	}
	return &c, nil
}

// verifies reports whether a connection that is made again is verified: always, where
// servers do not remember what the configuration asked for.
func (b *backend) verifies(c *configuration) bool {
	return !b.dialect.Database.RemembersVerify || !c.SkipVerify
}

func (b *backend) listConfigs(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	names, err := req.Storage.List(ctx, configPrefix)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(names), nil
}

func (b *backend) readConfig(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	var c configuration
	found, err := storage.GetJSON(ctx, req.Storage, configPrefix+name, &c)
	if err != nil || !found {
		return nil, err
	}
	if raw, ok := c.ConnectionDetails["connection_url"].(string); ok {
		if u, err := url.Parse(raw); err == nil {
			c.ConnectionDetails["connection_url"] = u.Redacted()
		}
	}
	for _, secret := range b.dialect.Database.Hidden {
		delete(c.ConnectionDetails, secret)
	}
	resp := &logical.Response{Data: map[string]any{
		"plugin_name": c.PluginName, "plugin_version": c.PluginVersion, "connection_details": c.ConnectionDetails,
		"allowed_roles": c.AllowedRoles, "root_credentials_rotate_statements": c.RotateStatements, "password_policy": c.PasswordPolicy,
	}}
	if b.dialect.Database.RemembersVerify {
		resp.Data["verify_connection"] = !c.SkipVerify
	}
	if b.dialect.Database.RotatesRoot {
		c.showRotation(resp.Data)
	}
	if b.dialect.Database.RunningVersion {
		b.showRunning(ctx, req, name, &c, resp)
	}
	return resp, nil
}

func (b *backend) deleteConfig(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	if err := req.Storage.Delete(ctx, configPrefix+name); err != nil {
		return nil, fmt.Errorf("failed to delete connection configuration: %w", err)
	}
	b.disconnect(name)
	return nil, nil
}

// writeConfig starts the plugin with the details and stores what it returns of them.
func (b *backend) writeConfig(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := d.Get("name").(string)
	unlock, err := b.opening.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	c := &configuration{}
	if _, err := storage.GetJSON(ctx, req.Storage, configPrefix+name, c); err != nil {
		return nil, fmt.Errorf("failed to read connection configuration: %w", err)
	}
	create := req.Operation == logical.CreateOperation
	version, refused, err := b.readConfigFields(ctx, c, d, create)
	if refused != nil || err != nil {
		return refused, err
	}
	details := b.connectionDetails(d)
	if create || c.ConnectionDetails == nil {
		c.ConnectionDetails = map[string]any{}
	}
	maps.Copy(c.ConnectionDetails, details)
	conn, err := b.openConfigured(ctx, c, version)
	if err != nil {
		return logical.ErrorResponse("error creating database object: %s", err), nil
	}
	b.put(name, conn)
	if refused := b.scheduleRotation(ctx, req, c); refused != nil {
		return refused, nil
	}
	if isBuiltinVersion(c.PluginVersion) {
		c.PluginVersion = ""
	}
	if err := storage.PutJSON(ctx, req.Storage, configPrefix+name, c); err != nil {
		return nil, err
	}
	return b.configWarnings(c, conn, details), nil
}

// readConfigFields sets what the request gives, but for the connection's details, and
// returns the version of the plugin to run. The answer is not nil if the request is
// refused.
func (b *backend) readConfigFields(ctx context.Context, c *configuration, d *framework.FieldData, create bool) (version string, refused *logical.Response, err error) {
	verify := d.Get("verify_connection").(bool)
	if _, given := d.GetOk("verify_connection"); b.dialect.Database.RemembersVerify && !given && !create {
		verify = !c.SkipVerify
	}
	c.SkipVerify = !verify
	if given, ok := d.GetOk("plugin_name"); ok {
		c.PluginName = given.(string)
	}
	if c.PluginName == "" {
		return "", logical.ErrorResponse("empty plugin name"), nil
	}
	if version, refused, err = b.selectVersion(ctx, c, d, create); refused != nil || err != nil {
		return "", refused, err
	}
	for name, list := range map[string]*[]string{"allowed_roles": &c.AllowedRoles, "root_rotation_statements": &c.RotateStatements} {
		if _, given := d.GetOk(name); given || create {
			*list = d.Get(name).([]string)
		}
	}
	if given, ok := d.GetOk("password_policy"); ok {
		c.PasswordPolicy = given.(string)
	}
	if err := c.Rotation.ParseAutomatedRotationFields(d); err != nil {
		return "", logical.ErrorResponse("%s", err), nil
	}
	return version, nil, nil
}

// connectionDetails returns what a request has beside the fields of the configuration
// itself.
func (b *backend) connectionDetails(d *framework.FieldData) map[string]any {
	details := maps.Clone(d.Raw)
	fields := b.configFields()
	maps.DeleteFunc(details, func(key string, _ any) bool {
		return fields[key] != nil || b.dialect.Database.RotatesRoot && key == skipImport
	})
	return details
}

// openConfigured starts the plugin of a configuration, which returns what is to be stored
// of the details.
func (b *backend) openConfigured(ctx context.Context, c *configuration, version string) (*connection, error) {
	conn, err := b.open(ctx, c.PluginName, version)
	if err != nil {
		return nil, err
	}
	initialized, err := conn.Initialize(ctx, dbplugin.InitializeRequest{Config: c.ConnectionDetails, VerifyConnection: !c.SkipVerify})
	if err != nil {
		conn.close()
		return nil, err
	}
	c.ConnectionDetails = initialized.Config
	return conn, nil
}

// configWarnings returns the answer to a configuration that was written; nil without
// warnings.
func (b *backend) configWarnings(c *configuration, conn *connection, details map[string]any) *logical.Response {
	resp := &logical.Response{}
	if hasPasswordInURL(c) {
		resp.AddWarning("Password found in connection_url, use a templated url to enable root rotation and prevent read access to password information.")
	}
	if conn.old != nil && c.PasswordPolicy != "" {
		resp.AddWarning(b.policyWarning(c))
	}
	if len(resp.Warnings) == 0 {
		return nil
	}
	if b.dialect.Database.WarnsOfDetails {
		ignored := slices.Sorted(maps.Keys(details))
		resp.AddWarning(fmt.Sprintf("Endpoint ignored these unrecognized parameters: %v", ignored))
	}
	return resp
}

// hasPasswordInURL reports whether reading the configuration could show a password.
func hasPasswordInURL(c *configuration) bool {
	raw, _ := c.ConnectionDetails["connection_url"].(string)
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	_, given := u.User.Password()
	return given
}

func (b *backend) reset(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	return nil, b.reconnect(ctx, req.Storage, d.Get("name").(string))
}

// reconnect closes the connection of a configuration and makes another one.
func (b *backend) reconnect(ctx context.Context, s logical.Storage, name string) error {
	b.disconnect(name)
	c, err := b.connect(ctx, s, name, true)
	if err != nil {
		return err
	}
	c.release()
	return nil
}

// reload makes all connections of a plugin anew. One that fails stops the rest, in the
// versions of which that was read.
func (b *backend) reload(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	plugin := d.Get("plugin_name").(string)
	names, err := req.Storage.List(ctx, configPrefix)
	if err != nil {
		return nil, err
	}
	reloaded, failed := []string{}, false
	for _, name := range names {
		c, err := b.config(ctx, req.Storage, name)
		if err != nil || c.PluginName != plugin {
			continue
		}
		err = b.reconnect(ctx, req.Storage, name)
		switch {
		case err == nil:
			reloaded = append(reloaded, name)
		case b.dialect.Database.ReloadGoesOn:
			failed = true
			b.Logger().Error("failed to reload connection", "name", name, "error", err)
		default:
			return nil, reloadError(reloaded, name, err)
		}
	}
	resp := &logical.Response{Data: map[string]any{"connections": reloaded, "count": len(reloaded)}}
	if len(reloaded) == 0 && !failed && !b.dialect.Database.ReloadGoesOn {
		resp.AddWarning(fmt.Sprintf("no connections were found with plugin_name %q", plugin))
	}
	return resp, nil
}

func reloadError(reloaded []string, name string, err error) error {
	text := fmt.Sprintf("failed to reload connection %q: %s", name, err)
	if len(reloaded) > 0 {
		text = fmt.Sprintf("successfully reloaded %d connection(s): %s; %s", len(reloaded), joined(reloaded), text)
	}
	return errors.New(text)
}
