// SPDX-License-Identifier: MPL-2.0

package serverconfig

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/consts"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// kmsType is the type of plugins that unseal a server.
const kmsType = "kms"

// sumLength is how many characters a sha256 has.
const sumLength = 64

// Problems returns what the server finds wrong with a declared plugin. It only warns of
// it: what can't work fails later.
//
// Source: PluginConfig.Validate in command/server/config.go at v2.5.5 and v2.6.2.
func (p Plugin) Problems(d *dialect.Dialect) []string {
	problems := slices.Clone(p.unknown)
	add := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, unlocated(format, args...))
		}
	}
	slug, image := p.Slug(), p.Image != ""
	add(p.Name == "", "plugin name cannot be empty")
	add(p.Type == "", "plugin %q: type cannot be empty", p.Name)
	kms := p.Type == kmsType && d.Configuration.KMSPlugins
	if _, err := consts.ParsePluginType(p.Type); err != nil && !kms {
		add(true, "plugin %q: %s", p.Name, err)
	}
	add(!image && p.Command == "", "plugin %q: image and command cannot both be empty", slug)
	add(image && p.Command != "", "plugin %q: command must be empty if image is specified", slug)
	// 2.5 asks for the version first and for a reference also without an image.
	early := d.Configuration.OCIWords
	noVersion := p.Version == "" && (!kms || image)
	add(early && noVersion, "plugin %q: version cannot be empty", slug)
	if image || early {
		err := checkReference(p.Reference())
		add(err != nil, "plugin %q: image and version do not form a valid image reference. %v", slug, err)
	}
	add(image && p.BinaryName == "", "plugin %q: binary_name cannot be empty when image specified", slug)
	add(!early && noVersion, "plugin %q: version cannot be empty", slug)
	_, notHex := hex.DecodeString(p.SHA256Sum)
	add(len(p.SHA256Sum) != sumLength, "plugin %q: sha256sum must be exactly 64 characters, got %d", slug, len(p.SHA256Sum))
	add(len(p.SHA256Sum) == sumLength && notHex != nil, "plugin %q: sha256sum is not valid hex encoded", slug)
	for i, env := range p.Env {
		add(!strings.Contains(env, "="), "plugin %q: env %d: environment variable must contain '=' to separate variable name from value", slug, i)
	}
	return problems
}

// CheckKMS returns an error if two plugins unseal the server under one name.
//
// Source: NewCatalog in helper/kmsplugin/catalog.go at v2.6.2.
func (c *Config) CheckKMS(d *dialect.Dialect) error {
	names := map[string]bool{}
	for _, p := range c.Plugins {
		if p.Type != kmsType || !d.Configuration.KMSPlugins {
			continue
		}
		if names[p.Name] {
			return fmt.Errorf("cannot register several versions of plugin %q", p.Name)
		}
		names[p.Name] = true
	}
	return nil
}
