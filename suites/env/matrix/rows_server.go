// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// ownRows asks for each of the server's own variables four times: left alone,
// registered, in the host, in both. The values are ones that break no plugin.
func ownRows() []Row {
	var rows []Row
	for _, v := range []struct {
		id, name string
		volatile bool
	}{
		{"version", "VAULT_VERSION", true},
		{"metadata-mode", "VAULT_PLUGIN_METADATA_MODE", false},
		{"automtls", "VAULT_PLUGIN_AUTOMTLS_ENABLED", false},
		{"mlock", "VAULT_PLUGIN_MLOCK_ENABLED", false},
		{"unwrap-token", unwrapToken, false},
		{"bao-version", "BAO_VERSION", true},
		{"bao-metadata-mode", "BAO_PLUGIN_METADATA_MODE", false},
		{"bao-automtls", "BAO_PLUGIN_AUTOMTLS_ENABLED", false},
	} {
		rows = append(rows, fourTimes(v.id, v.name, v.volatile)...)
	}
	return inGroup(groupOwn, rows)
}

func fourTimes(id, name string, volatile bool) []Row {
	// The values are not versions, booleans or tokens, so that a winner is never in
	// doubt and no plugin acts on them.
	host, registered := []string{name + "=host"}, []string{name + "=plugin"}
	row := func(suffix, title string, host, registered []string) Row {
		r := Row{
			ID: id + suffix, Title: name + title, Name: name, Volatile: volatile,
			Host: host, Registered: registered, Sets: environ.Server,
		}
		if suffix != "" {
			r.Control = id
		}
		return r
	}
	return []Row{
		row("", ", left alone", nil, nil),
		row("-registered", " registered", nil, registered),
		row("-host", " in the host", host, nil),
		row("-both", " in both", host, registered),
	}
}

func goPluginRows() []Row {
	rows := []Row{
		both("cookie", "VAULT_BACKEND_PLUGIN, the magic cookie, in both", "VAULT_BACKEND_PLUGIN", "host", "plugin"),
		both("min-port", "PLUGIN_MIN_PORT in both", "PLUGIN_MIN_PORT", "1", "2"),
		both("max-port", "PLUGIN_MAX_PORT in both", "PLUGIN_MAX_PORT", "1", "2"),
		both("protocol-versions", "PLUGIN_PROTOCOL_VERSIONS in both", "PLUGIN_PROTOCOL_VERSIONS", "98", "99"),
		both("client-cert", "PLUGIN_CLIENT_CERT in both", "PLUGIN_CLIENT_CERT", "host", "plugin"),
	}
	for i := range rows {
		rows[i].Sets = environ.GoPlugin
	}
	// The certificate is made anew at each start.
	rows[len(rows)-1].Volatile = true
	return inGroup(groupGoPlugin, rows)
}

// optOutRows asks who wins a conflict with the opt-out in the server's
// environment, once for each spelling that somebody may try.
func optOutRows() []Row {
	var rows []Row
	for _, value := range []string{"true", "True", "TRUE", "t", "T", "1", "false", "0", "", "yes", "on"} {
		id, title := "opt-out-"+value, "="+value
		switch value {
		case "":
			id, title = "opt-out-empty", "= (empty)"
		case "True":
			id = "opt-out-capitalised-true" // IDs must differ on file systems without case
		case "TRUE":
			id = "opt-out-upper-true"
		case "T":
			id = "opt-out-upper-t"
		}
		row := both(id, strings.TrimSpace(title)+" in the server's environment", "PP_OPT_OUT", "host", "plugin")
		// Each spelling needs a server of its own, which is why there are not more.
		row.Host = append(row.Host, environ.OptOut+"="+value)
		rows = append(rows, row)
	}
	// In a plugin's registered env the opt-out is a variable like any other.
	registered := both("opt-out-registered", "=true registered", "PP_OPT_OUT", "host", "plugin")
	registered.Registered = append(registered.Registered, environ.OptOut+"=true")
	visible := Row{
		ID: "opt-out-visible", Title: "=true registered is an ordinary variable of the plugin", Name: environ.OptOut,
		Host: registered.Host, Registered: registered.Registered,
	}
	// The server reads the opt-out at each start of a plugin, so a reload is enough.
	on := both("opt-out-turned-on", "turned on while the server runs, then reload", "PP_OPT_OUT", "host", "plugin")
	on.ThenHost = append([]string{environ.OptOut + "=true"}, on.Host...)
	off := both("opt-out-turned-off", "turned off while the server runs, then reload", "PP_OPT_OUT", "host", "plugin")
	off.ThenHost = off.Host
	off.Host = append([]string{environ.OptOut + "=true"}, off.Host...)
	return inGroup(groupOptOut, append(rows, registered, visible, on, off))
}

// containerRows ask a plugin that runs from an image.
func containerRows() []Row {
	rows := []Row{
		{ID: "container-host", Title: "only in the server's environment", Name: "PP_IMAGE_HOST", Host: []string{"PP_IMAGE_HOST=host"}},
		{ID: "container-registered", Title: "only registered", Name: "PP_IMAGE_REGISTERED", Registered: []string{"PP_IMAGE_REGISTERED=plugin"}},
		both("container-both", "in both", "PP_IMAGE_BOTH", "host", "plugin"),
		both("container-opt-out", "in both, with the opt-out in the server's environment", "PP_IMAGE_OPT_OUT", "host", "plugin"),
		{
			ID: "container-version", Title: "VAULT_VERSION in both", Name: "VAULT_VERSION", Sets: environ.Server, Volatile: true,
			Host: []string{"VAULT_VERSION=host"}, Registered: []string{"VAULT_VERSION=plugin"},
		},
	}
	rows[3].Host = append(rows[3].Host, environ.OptOut+"=true")
	for i := range rows {
		rows[i].Container = true
	}
	return inGroup(groupImage, rows)
}
