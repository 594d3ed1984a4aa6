// SPDX-License-Identifier: MPL-2.0

package serverconfig

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/hcl"
	"github.com/hashicorp/hcl/hcl/ast"
	"github.com/hashicorp/hcl/hcl/parser"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// listenerStanza is what matters of a listener.
type listenerStanza struct {
	Type       string
	Address    string `hcl:"address"`
	TLSDisable any    `hcl:"tls_disable"`
	CertFile   string `hcl:"tls_cert_file"`
	KeyFile    string `hcl:"tls_key_file"`
}

// parseListeners takes the stanzas listener.
//
// Source: ParseListeners in configutil/listener.go.
func (c *Config) parseListeners(list *ast.ObjectList, file string, d *dialect.Dialect) error {
	for i, item := range list.Items {
		l, err := parseListener(item)
		if err != nil {
			return fmt.Errorf("listeners.%d: %w", i, located(item, err))
		}
		l.Where = where(item, file)
		if err := l.parseLimits(item, d); err != nil {
			return fmt.Errorf("listeners.%d: %w", i, located(item, err))
		}
		problems, err := unknownKeys(item.Val, file, d.Configuration.ListenerKeys)
		if err != nil {
			return fmt.Errorf("listeners.%d: %w", i, err)
		}
		c.Listeners = append(c.Listeners, l)
		c.Problems = append(c.Problems, problems...)
		for _, within := range []struct {
			name string
			keys []string
		}{{"telemetry", d.Configuration.ListenerTelemetryKeys}, {"profiling", []string{"unauthenticated_pprof_access"}}} {
			inner, err := unknownWithin(item, within.name, file, within.keys)
			if err != nil {
				return fmt.Errorf("listeners.%d: %w", i, err)
			}
			c.Problems = append(c.Problems, inner...)
		}
	}
	return nil
}

// unknownWithin is unknownKeys of a stanza within another.
func unknownWithin(item *ast.ObjectItem, name, file string, known []string) ([]string, error) {
	object, ok := item.Val.(*ast.ObjectType)
	if !ok {
		return nil, nil
	}
	var problems []string
	for _, inner := range object.List.Filter(name).Items {
		found, err := unknownKeys(inner.Val, file, known)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
	}
	return problems, nil
}

func parseListener(item *ast.ObjectItem) (Listener, error) {
	var s listenerStanza
	if err := hcl.DecodeObject(&s, item.Val); err != nil {
		return Listener{}, err
	}
	l := Listener{Type: s.Type, CertFile: s.CertFile, KeyFile: s.KeyFile}
	switch {
	case l.Type != "":
	case len(item.Keys) == 1:
		l.Type = text(item.Keys[0])
	default:
		return l, errors.New("listener type must be specified")
	}
	l.Type = strings.ToLower(l.Type)
	if l.Type != "tcp" && l.Type != "unix" {
		return l, fmt.Errorf("unsupported listener type %q", l.Type)
	}
	var err error
	if l.Address, err = address(s.Address); err != nil {
		return l, err
	}
	if s.TLSDisable != nil {
		if l.TLSDisable, err = parseutil.ParseBool(s.TLSDisable); err != nil {
			return l, fmt.Errorf("invalid value for tls_disable: %w", err)
		}
	}
	return l, nil
}

// located gives an error that has no position that of a stanza.
func located(item *ast.ObjectItem, err error) error {
	if errors.As(err, new(*parser.PosError)) {
		return err
	}
	return &parser.PosError{Pos: item.Pos(), Err: err}
}

// Plugin is a stanza plugin. Type and name stand before it or in it.
type Plugin struct {
	Type string
	Name string
	// Image is that of an OCI registry, without the tag, which is the version; empty for
	// a plugin with a command.
	Image   string `hcl:"image"`
	Version string `hcl:"version"`
	// BinaryName is the file in the image.
	BinaryName string   `hcl:"binary_name"`
	SHA256Sum  string   `hcl:"sha256sum"`
	Command    string   `hcl:"command"`
	Args       []string `hcl:"args"`
	Env        []string `hcl:"env"`

	// unknown is what the server says of its other keys.
	unknown []string
}

// pluginKeys are the keys of a stanza plugin. RawConfig is one by accident, as in servers.
func pluginKeys() []string {
	return []string{"type", "name", "rawconfig", "image", "version", "binary_name", "sha256sum", "command", "args", "env"}
}

// Slug names the plugin in messages and in the cache of images: secret-mine.
func (p Plugin) Slug() string { return p.Type + "-" + p.Name }

// Reference is that of the image with its tag.
func (p Plugin) Reference() string { return p.Image + ":" + p.Version }

// CommandPath is what is run, relative to the plugin directory: of an image the link
// to the downloaded file.
func (p Plugin) CommandPath() string {
	if p.Image != "" {
		return p.Slug() + "-" + p.Version
	}
	return p.Command
}

// parsePlugins takes the stanzas plugin.
//
// Source: parsePlugins in command/server/config.go at v2.6.2.
func (c *Config) parsePlugins(list *ast.ObjectList, file string, d *dialect.Dialect) error {
	for i, item := range list.Items {
		p, err := parsePlugin(item)
		if err != nil {
			return fmt.Errorf("plugin.%d: %w", i, located(item, err))
		}
		problems, err := unknownKeys(item.Val, file, pluginKeys())
		if err != nil {
			return fmt.Errorf("plugin.%d: %w", i, err)
		}
		p.unknown = problems
		c.Plugins = append(c.Plugins, p)
		c.Problems = append(c.Problems, p.Problems(d)...)
	}
	return nil
}

func parsePlugin(item *ast.ObjectItem) (Plugin, error) {
	var p Plugin
	if err := hcl.DecodeObject(&p, item.Val); err != nil {
		return p, err
	}
	// The servers' field for the whole stanza takes this key, and not every value.
	if err := hcl.DecodeObject(new(struct{ RawConfig map[string]any }), item.Val); err != nil {
		return p, err
	}
	for i, field := range []struct {
		name  string
		value *string
	}{{"type", &p.Type}, {"name", &p.Name}} {
		switch {
		case *field.value != "":
		case len(item.Keys) == 2:
			*field.value = text(item.Keys[i])
		default:
			return p, fmt.Errorf("plugin %s must be specified", field.name)
		}
	}
	return p, nil
}
