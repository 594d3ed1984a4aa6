// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kr/text"
)

// lineLength is where Vault breaks the lines of help and of some messages.
const lineLength = 78

// rootHelp is what `vault` alone prints.
func rootHelp(all []command) string {
	common := []string{"read", "write", "delete", "list", "login", "status", "unwrap"}
	var b strings.Builder
	b.WriteString("Usage: vault <command> [args]\n\nCommon commands:\n")
	for _, name := range common {
		i := slices.IndexFunc(all, func(c command) bool { return c.name == name })
		fmt.Fprintf(&b, "    %-10s  %s\n", name, all[i].synopsis)
	}
	b.WriteString("\nOther commands:\n")
	for _, c := range children(all, "") {
		if !slices.Contains(common, c.name) {
			fmt.Fprintf(&b, "    %-10s  %s\n", c.name, c.synopsis)
		}
	}
	return strings.TrimSpace(b.String())
}

// children are the commands one word below parent, by name.
func children(all []command, parent string) []command {
	if parent != "" {
		parent += " "
	}
	var found []command
	for _, c := range all {
		if rest, ok := strings.CutPrefix(c.name, parent); ok && !strings.Contains(rest, " ") {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b command) int { return strings.Compare(a.name, b.name) })
	return found
}

// fullHelp is a command's help: its text, its flags, its subcommands.
func (c *command) fullHelp(all []command, env map[string]string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(c.help))
	if c.action != nil {
		inv := &invocation{env: env}
		b.WriteString("\n\n" + c.flagSet(c.action(), &inv.connection, inv).help())
	}
	if subs := children(all, c.name); len(subs) > 0 {
		longest := 0
		for _, sub := range subs {
			longest = max(longest, len(sub.lastWord()))
		}
		b.WriteString("\n\nSubcommands:")
		for _, sub := range subs {
			fmt.Fprintf(&b, "\n    %-*s    %s", longest, sub.lastWord(), sub.synopsis)
		}
	}
	return b.String() + "\n"
}

func (c *command) lastWord() string { return c.name[strings.LastIndex(c.name, " ")+1:] }

// help prints the flags under their headings.
func (f *flagSet) help() string {
	var b strings.Builder
	spaces := regexp.MustCompile(`\s+`)
	for _, group := range f.groups {
		b.WriteString(group.title + ":\n\n")
		group.set.VisitAll(func(fl *flag.Flag) {
			b.WriteString("  -" + fl.Name)
			if v, ok := fl.Value.(interface{ Example() string }); ok && v.Example() != "" {
				b.WriteString("=<" + v.Example() + ">")
			}
			b.WriteString("\n" + wrap(spaces.ReplaceAllString(fl.Usage, " "), 6) + "\n\n")
		})
	}
	return strings.TrimRight(b.String(), "\n")
}

// isEmpty tells whether a group has no flags, so that its title is left out.
func isEmpty(set *flag.FlagSet) bool {
	empty := true
	set.VisitAll(func(*flag.Flag) { empty = false })
	return empty
}

// wrap breaks s into lines of lineLength, indented by indent.
func wrap(s string, indent int) string {
	return text.Indent(text.Wrap(s, lineLength-indent), strings.Repeat(" ", indent))
}
