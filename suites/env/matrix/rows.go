// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"strings"

	"github.com/plugproof/plugproof/mockserver/environ"
)

// Row is one question of the matrix: a variable, what the server's environment
// and the registered env say about it, and so which value the plugin sees.
type Row struct {
	// ID is the row's name in files; it never changes.
	ID string
	// Group is the class of variable that the row belongs to.
	Group string
	// Title says what the row is about.
	Title string
	// Name is the variable that the plugin is asked for.
	Name string
	// Host is added to the server's environment, Registered is registered.
	Host, Registered []string
	// Sets is the layer that may set the variable although neither side of the
	// row does; Host where none is meant.
	Sets environ.Layer
	// Control is the row that shows whether that layer does: the same
	// variable, left alone. Empty where Sets always does.
	Control string
	// Volatile: the value differs between versions or starts, so only the
	// winner is compared.
	Volatile bool
	// Container: the plugin runs from an image.
	Container bool
	// ThenHost replaces Host while the server runs; the plugin is reloaded and
	// asked again. Nil leaves things as they are.
	ThenHost []string
}

// The groups, in the order of the matrix.
const (
	groupConflict = "Registered against host"
	groupValues   = "Values"
	groupNames    = "Names"
	groupProxy    = "Proxies"
	groupOwn      = "The server's own variables"
	groupGoPlugin = "go-plugin's variables"
	groupOptOut   = "The opt-out " + environ.OptOut
	groupImage    = "Plugins in containers"
)

// Rows returns every row, group by group. Names of variables that no server
// knows begin with PP_ and occur in one setting only, so that many rows share a
// server and a plugin.
func Rows() []Row {
	var rows []Row
	for _, group := range [][]Row{
		conflictRows(), valueRows(), nameRows(), proxyRows(), ownRows(), goPluginRows(), optOutRows(), containerRows(),
	} {
		rows = append(rows, group...)
	}
	return rows
}

// inGroup names the group of rows.
func inGroup(group string, rows []Row) []Row {
	for i := range rows {
		rows[i].Group = group
	}
	return rows
}

func conflictRows() []Row {
	return inGroup(groupConflict, []Row{
		{ID: "neither", Title: "set by nobody", Name: "PP_NEITHER"},
		{ID: "host-only", Title: "only in the server's environment", Name: "PP_HOST", Host: []string{"PP_HOST=host"}},
		{ID: "registered-only", Title: "only registered", Name: "PP_REGISTERED", Registered: []string{"PP_REGISTERED=plugin"}},
		both("registered-over-host", "in both", "PP_BOTH", "host", "plugin"),
	})
}

// both is a row whose variable is in both environments.
func both(id, title, name, host, plugin string) Row {
	return Row{ID: id, Title: title, Name: name, Host: []string{name + "=" + host}, Registered: []string{name + "=" + plugin}}
}

func valueRows() []Row {
	const large = 100_000
	return inGroup(groupValues, []Row{
		both("empty-registered", "registered empty over a value", "PP_EMPTY_REG", "host", ""),
		both("empty-host", "registered value over an empty one", "PP_EMPTY_HOST", "", "plugin"),
		{ID: "empty-registered-only", Title: "registered empty", Name: "PP_EMPTY", Registered: []string{"PP_EMPTY="}},
		{
			ID: "repeated", Title: "registered twice", Name: "PP_TWICE",
			Registered: []string{"PP_TWICE=first", "PP_TWICE=last"},
		},
		{
			ID: "repeated-over-host", Title: "registered twice, and in the server's environment", Name: "PP_TWICE_BOTH",
			Host: []string{"PP_TWICE_BOTH=host"}, Registered: []string{"PP_TWICE_BOTH=first", "PP_TWICE_BOTH=last"},
		},
		{ID: "without-equals", Title: "registered without =", Name: "PP_BARE", Registered: []string{"PP_BARE"}},
		{
			ID: "without-equals-over-host", Title: "registered without =, with a value in the server's environment", Name: "PP_BARE_BOTH",
			Host: []string{"PP_BARE_BOTH=host"}, Registered: []string{"PP_BARE_BOTH"},
		},
		both("equals-in-value", "value with =", "PP_EQUALS", "host=1=2", "plugin=x=y="),
		both("unicode", "Unicode", "PP_UNICODE", "höst ☂", "plügin ✓ 漢字"),
		both("newline", "value of several lines", "PP_LINES", "host\n2", "plugin\n2"),
		both("spaces", "spaces around the value", "PP_SPACES", " host ", " plugin "),
		both("quotes", "quotes, backslash and $", "PP_QUOTES", `host"'\$HOME`, `plugin"'\$HOME`),
		both("large", "100,000 characters", "PP_LARGE", "host"+strings.Repeat("h", large-4), "plugin"+strings.Repeat("p", large-6)),
	})
}

func nameRows() []Row {
	return inGroup(groupNames, []Row{
		{
			ID: "case-registered", Title: "names differ by case: the registered one", Name: "PP_CASE",
			Host: []string{"pp_case=host"}, Registered: []string{"PP_CASE=plugin"},
		},
		{
			ID: "case-host", Title: "names differ by case: the host's", Name: "pp_case",
			Host: []string{"pp_case=host"}, Registered: []string{"PP_CASE=plugin"},
		},
		both("dotted", "dot in the name", "pp.dotted", "host", "plugin"),
		both("dashed", "dash in the name", "pp-dashed", "host", "plugin"),
		both("digit", "digit at the beginning", "9pp", "host", "plugin"),
		both("unicode-name", "Unicode in the name", "PP_ÄÖ", "host", "plugin"),
	})
}

func proxyRows() []Row {
	const hostProxy, pluginProxy = "http://host.invalid:3128", "http://plugin.invalid:3128"
	twins := Row{
		Name: "HTTPS_PROXY", Host: []string{"https_proxy=" + hostProxy}, Registered: []string{"HTTPS_PROXY=" + pluginProxy},
	}
	upper, lower := twins, twins
	upper.ID, upper.Title = "proxy-twins-upper", "HTTPS_PROXY registered, https_proxy in the host: the upper"
	lower.ID, lower.Title, lower.Name = "proxy-twins-lower", "HTTPS_PROXY registered, https_proxy in the host: the lower", "https_proxy"
	return inGroup(groupProxy, []Row{
		both("http-proxy", "HTTP_PROXY in both", "HTTP_PROXY", hostProxy, pluginProxy),
		both("http-proxy-lower", "http_proxy in both", "http_proxy", hostProxy, pluginProxy),
		upper,
		lower,
		both("no-proxy", "NO_PROXY in both: replaced, not merged", "NO_PROXY", "127.0.0.1,localhost,host.invalid", "127.0.0.1,localhost,plugin.invalid"),
		both("no-proxy-lower", "no_proxy in both", "no_proxy", "127.0.0.1,localhost,host.invalid", "127.0.0.1,localhost,plugin.invalid"),
		{ID: "all-proxy", Title: "ALL_PROXY only in the host", Name: "ALL_PROXY", Host: []string{"ALL_PROXY=" + hostProxy}},
	})
}
