// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/vault/api"
)

// pluginDeregister is DELETE sys/plugins/catalog/TYPE/NAME. Since Vault 1.16 it
// looks the plugin up first, because servers accept the deregistration of what is
// not registered (command/plugin_deregister.go).
func pluginDeregister(s *session) *command {
	c := s.command(2, "Deregister an existing plugin in the catalog", `Usage: vault plugin deregister [options] TYPE NAME

  Deregister an existing plugin in the catalog. If the plugin does not exist,
  no action is taken (the command is idempotent). The TYPE argument
  takes "auth", "database", or "secret".

  Deregister the auth plugin named my-custom-plugin, version 1.0.0:

      $ vault plugin deregister -version=v1.0.0 auth my-custom-plugin`)
	wanted := c.flags.String("version", "", "Semantic `version` of the plugin to deregister. If unset, only an unversioned "+
		"plugin may be deregistered.")
	c.check = func([]string) error {
		if _, err := version.NewSemver(*wanted); *wanted != "" && err != nil {
			return &exitError{exitServer, fmt.Errorf("version %q is not a valid semantic version: %w", *wanted, err)}
		}
		return nil
	}
	c.run = func(client *api.Client, args []string) error {
		typ, err := api.ParsePluginType(strings.TrimSpace(args[0]))
		if err != nil {
			return err
		}
		name := strings.TrimSpace(args[1])
		known := ""
		_, err = client.Sys().GetPluginWithContext(c.ctx, &api.GetPluginInput{Name: name, Type: typ, Version: *wanted})
		refusal := (*api.ResponseError)(nil)
		errors.As(err, &refusal)
		switch {
		case refusal != nil && (refusal.StatusCode == http.StatusNotFound || refusal.StatusCode == http.StatusBadRequest):
			if len(refusal.Errors) > 0 {
				c.Error(refusal.Errors[0])
			} else {
				c.Output(fmt.Sprintf("Plugin %q (type: %q, version %q) does not exist in the catalog", name, typ, *wanted))
			}
			return nil
		case err != nil:
			// It tells nothing of the plugin, and the token may do the one thing and
			// not the other.
			known = " (if it was registered)"
		}
		if err := client.Sys().DeregisterPluginWithContext(c.ctx, &api.DeregisterPluginInput{Name: name, Type: typ, Version: *wanted}); err != nil {
			return serverError("Error deregistering plugin named %s: %w", name, err)
		}
		c.Output(fmt.Sprintf("Success! Deregistered %s plugin%s: %s", typ, known, name))
		return nil
	}
	return c
}
