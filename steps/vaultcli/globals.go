// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"slices"
	"strconv"
	"strings"
)

// globals are the options that Vault looks for anywhere on the command line
// before any command parses its flags: they count behind positional arguments
// too, where other flags don't.
type globals struct {
	format   string
	detailed bool
	// instead: something is printed in place of making the request.
	instead bool
}

const (
	flagFormat       = "format"
	flagDetailed     = "detailed"
	flagOutputCurl   = "output-curl-string"
	flagOutputPolicy = "output-policy"

	envFormat   = "VAULT_FORMAT"
	envDetailed = "VAULT_DETAILED"
)

// isGlobal tells whether a flag's name is one that scanGlobals looks for.
func isGlobal(name string) bool {
	return slices.Contains([]string{flagFormat, flagDetailed, flagOutputCurl, flagOutputPolicy}, name)
}

// scanGlobals reads the global options up to `--`; the environment fills in what
// the command line leaves open.
func scanGlobals(args []string, env map[string]string) globals {
	var g globals
	g.detailed, _ = strconv.ParseBool(env[envDetailed])
	formatNext := false
	for _, arg := range args {
		if formatNext {
			g.format, formatNext = arg, false
			continue
		}
		if arg == "--" {
			break
		}
		name, value, hasValue := cutFlag(arg)
		switch name {
		case flagOutputCurl, flagOutputPolicy:
			g.instead = g.instead || !hasValue
		case flagFormat:
			if hasValue {
				g.format = value
			} else {
				formatNext = true
			}
		case flagDetailed:
			g.detailed = true
			if hasValue {
				g.detailed, _ = strconv.ParseBool(value)
			}
		}
	}
	if g.format == "" {
		g.format = env[envFormat]
	}
	g.format = strings.ToLower(g.format)
	if g.format == "" {
		g.format = formatTable
	}
	return g
}

// cutFlag splits -name=value and --name=value; name is empty when arg is no flag.
func cutFlag(arg string) (name, value string, hasValue bool) {
	if !strings.HasPrefix(arg, "-") {
		return "", "", false
	}
	return strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
}
