// SPDX-License-Identifier: MPL-2.0

package lint

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// maxEntry is how long NAME=value with its final NUL may be on Linux
// (MAX_ARG_STRLEN, 32 pages of 4 KiB); exec fails with E2BIG above it.
const maxEntry = 131_072

// checkHost finds what concerns the server's environment as a whole.
func checkHost(host hostenv.Environment, registrations []Registration) []Finding {
	var findings []Finding
	// How many plugins a secret reaches decides how urgent it is.
	inherit := 0
	for _, r := range registrations {
		if !r.Container {
			inherit++
		}
	}
	for _, v := range host.Variables {
		if why := secretReason(v); why != "" {
			findings = append(findings, Finding{
				Level: Warning, Rule: "secret-inherited", Variable: v.Name, Place: v.Place,
				Message: fmt.Sprintf("%s, and every plugin that doesn't run in a container inherits it (%s).", why, plural(inherit, "registered plugin")),
				Remedy:  "Give it to the server in its configuration or in a file, or register the plugins as containers.",
			})
		}
		switch {
		case own(v.Name):
			findings = append(findings, Finding{
				Level: Warning, Rule: "host-hides-server-variable", Variable: v.Name, Place: v.Place,
				Message: "Up to Vault 1.15, in OpenBao and with the opt-out, plugins see the host's value instead of what the server means to tell them (hashicorp/docker-vault#140); otherwise the host's value reaches no plugin.",
				Remedy:  "Take it out of the server's environment.",
			})
		case goPlugin(v.Name):
			findings = append(findings, Finding{
				Level: Warning, Rule: "always-overridden", Variable: v.Name, Place: v.Place,
				Message: "go-plugin sets this one for every plugin, so the host's value has no effect.",
				Remedy:  "Take it out of the server's environment.",
			})
		}
	}
	return append(findings, checkOptOut(host)...)
}

func checkOptOut(host hostenv.Environment) []Finding {
	v, ok := host.Get(environ.OptOut)
	if !ok {
		return nil
	}
	f := Finding{Variable: environ.OptOut, Place: v.Place}
	// Whether the order of the layers changes at all depends on it.
	if !v.Known {
		f.Level, f.Rule = Info, "opt-out-unknown"
		f.Message = "It is set, and its value is not known here: if it is true, the server keeps the old order."
		f.Remedy = "Give what has the value, or look at the running server."
		return []Finding{f}
	}
	_, err := strconv.ParseBool(v.Value)
	switch {
	case err != nil:
		f.Level, f.Rule = Warning, "opt-out-not-a-bool"
		f.Message = fmt.Sprintf("The value %q means false: the server parses it as Go's strconv.ParseBool does.", v.Value)
		f.Remedy = "Write true, or take it out."
	// It is meant to be temporary, so it is worth a line.
	case environ.OptedOut(host.Entries()):
		f.Level, f.Rule = Info, "opt-out-on"
		f.Message = "The server keeps the old order: its environment is stronger than what is registered."
		f.Remedy = "Resolve the conflicts, then take it out."
	default:
		return nil
	}
	return []Finding{f}
}

// secretReason says why a variable looks like a secret, or nothing. It never
// shows the value.
func secretReason(v hostenv.Variable) string {
	name := strings.ToUpper(v.Name)
	if strings.HasSuffix(name, "_FILE") || strings.HasSuffix(name, "_PATH") || strings.HasSuffix(name, "_DIR") || strings.HasSuffix(name, "_DIRECTORY") {
		return "" // where a secret lies is none itself
	}
	// An empty value is often set to keep a secret out.
	if v.Known && v.Value == "" {
		return ""
	}
	if strings.HasPrefix(v.From, "Secret ") {
		return "It comes from a Kubernetes Secret"
	}
	// Not KEY alone: AWS_KMS_KEY_ID and the like are names of keys.
	for _, part := range []string{"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE_KEY", "ACCESS_KEY", "API_KEY", "APIKEY", "CLIENT_KEY"} {
		if strings.Contains(name, part) && !strings.HasSuffix(name, "ACCESS_KEY_ID") {
			return "Its name says that it is a secret"
		}
	}
	if v.Known {
		// Values are looked at only for what no ordinary value looks like: a wrong
		// alarm teaches people to ignore the right ones.
		if u, err := url.Parse(v.Value); err == nil && u.User != nil {
			if _, has := u.User.Password(); has {
				return "Its value is a URL with a password"
			}
		}
		if strings.Contains(v.Value, "PRIVATE KEY-----") {
			return "Its value is a private key"
		}
		for _, prefix := range []string{"hvs.", "hvb.", "hvr."} {
			if strings.HasPrefix(v.Value, prefix) {
				return "Its value is a Vault token"
			}
		}
	}
	return ""
}

// own reports whether a server sets the variable for plugins itself: those of
// vault/sdk helper/pluginutil, under both prefixes that exist.
func own(name string) bool {
	rest, vault := strings.CutPrefix(name, "VAULT_")
	if !vault {
		var bao bool
		if rest, bao = strings.CutPrefix(name, "BAO_"); !bao {
			return false
		}
	}
	return slices.Contains([]string{"VERSION", "PLUGIN_METADATA_MODE", "PLUGIN_AUTOMTLS_ENABLED", "PLUGIN_MLOCK_ENABLED", "UNWRAP_TOKEN"}, rest)
}

// goPlugin reports whether go-plugin sets the variable for every plugin; the
// first is Vault's magic cookie.
func goPlugin(name string) bool {
	return slices.Contains([]string{
		"VAULT_BACKEND_PLUGIN", "VAULT_DATABASE_PLUGIN",
		"PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_CLIENT_CERT",
	}, name)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
