// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
)

// flagSet is a command's flags, grouped for its help. Parsing is the standard
// library's, as in Vault: -name and --name, -name=value and -name value, up to
// the first positional argument.
type flagSet struct {
	main   *flag.FlagSet
	groups []*flagGroup
	env    map[string]string
}

type flagGroup struct {
	title string
	set   *flag.FlagSet
}

func newFlagSet(env map[string]string) *flagSet {
	main := flag.NewFlagSet("", flag.ContinueOnError)
	main.Usage = func() {}
	main.SetOutput(io.Discard)
	return &flagSet{main: main, env: env}
}

// group begins a new heading of the help; following flags stand under it.
func (f *flagSet) group(title string) {
	f.groups = append(f.groups, &flagGroup{title: title, set: flag.NewFlagSet(title, flag.ContinueOnError)})
}

// given tells which flags were on the command line.
func (f *flagSet) given(name string) bool {
	found := false
	f.main.Visit(func(fl *flag.Flag) { found = found || fl.Name == name })
	return found
}

// parse reads args. Flags behind the first positional argument are not read as
// such; a warning says so, in the table format only, as Vault has it.
func (f *flagSet) parse(inv *invocation, args []string, rawAllowed bool) error {
	err := f.main.Parse(args)
	if trailing := trailingFlags(f.main.Args()); len(trailing) > 0 && inv.format == formatTable {
		inv.complain("Command flags must be provided before positional arguments. " +
			"The following arguments will not be parsed as flags: [" + strings.Join(trailing, ",") + "]")
	}
	if err != nil {
		return misuse("%w", err)
	}
	if inv.format == formatRaw && !rawAllowed {
		return misuse("This command does not support the -format=raw option.")
	}
	return nil
}

// trailingFlags are the positional arguments that look like flags; "-" means
// stdin, and global flags were found already.
func trailingFlags(args []string) []string {
	var found []string
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			continue
		}
		if name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "="); !isGlobal(name) {
			found = append(found, arg)
		}
	}
	return found
}

// flagOption changes how a flag is declared.
type flagOption func(*declaration)

type declaration struct {
	variable string
	alias    string
	hidden   bool
}

// fromEnv takes the flag's default from a variable, if that is set and valid.
func fromEnv(variable string) flagOption { return func(d *declaration) { d.variable = variable } }

// alias gives the flag a second name.
func alias(name string) flagOption { return func(d *declaration) { d.alias = name } }

// hidden leaves the flag out of the help.
func hidden() flagOption { return func(d *declaration) { d.hidden = true } }

// value is a flag.Value for any type. What the target holds when the flag is
// declared is the default.
type value[T any] struct {
	target *T
	set    func(target *T, text string) error
	show   func(T) string
	// example stands behind the name in the help: -path=<string>.
	example string
	boolean bool
}

func (v *value[T]) Set(text string) error { return v.set(v.target, text) }
func (v *value[T]) String() string        { return v.show(*v.target) }
func (v *value[T]) IsBoolFlag() bool      { return v.boolean }
func (v *value[T]) Example() string       { return v.example }

// declare adds a flag to the current group.
func declare[T any](f *flagSet, v *value[T], name, usage string, options []flagOption) {
	var d declaration
	for _, option := range options {
		option(&d)
	}
	if d.alias != "" {
		usage += fmt.Sprintf(` This is aliased as "-%s".`, d.alias)
	}
	if def := v.String(); def != "" {
		usage += fmt.Sprintf(" The default is %s.", def)
	}
	if d.variable != "" {
		usage += fmt.Sprintf(" This can also be specified via the %s environment variable.", d.variable)
		if text, ok := f.env[d.variable]; ok {
			// Vault ignores what it can't parse here.
			_ = v.Set(text)
		}
	}
	f.main.Var(v, name, usage)
	if d.alias != "" {
		f.main.Var(v, d.alias, "")
	}
	if !d.hidden {
		f.groups[len(f.groups)-1].set.Var(v, name, usage)
	}
}

// text takes any string, an empty one too.
func (f *flagSet) text(target *string, name, usage string, options ...flagOption) {
	declare(f, &value[string]{
		target: target, example: "string",
		set:  func(target *string, text string) error { *target = text; return nil },
		show: func(text string) string { return text },
	}, name, usage, options)
}

// boolean is true when given without a value; -name=false needs the equals sign.
func (f *flagSet) boolean(target *bool, name, usage string, options ...flagOption) {
	declare(f, &value[bool]{
		target: target, boolean: true,
		set: func(target *bool, text string) error {
			b, err := strconv.ParseBool(text)
			if err == nil {
				*target = b
			}
			return err
		},
		show: strconv.FormatBool,
	}, name, usage, options)
}

// integer takes decimal numbers.
func (f *flagSet) integer(target *int, name, usage string, options ...flagOption) {
	declare(f, &value[int]{
		target: target, example: "int",
		set: func(target *int, text string) error {
			n, err := parseutil.SafeParseInt(text)
			if err == nil {
				*target = n
			}
			return err
		},
		show: func(n int) string {
			if n == 0 {
				return ""
			}
			return strconv.Itoa(n)
		},
	}, name, usage, options)
}

// duration takes Go durations, days (3d) and bare seconds; "system" means the
// server's default and is stored as -1 s.
func (f *flagSet) duration(target *time.Duration, name, usage string, options ...flagOption) {
	declare(f, &value[time.Duration]{
		target: target, example: "duration",
		set: func(target *time.Duration, text string) error {
			if text == "system" {
				text = "-1"
			}
			d, err := parseutil.ParseDurationSecond(text)
			if err == nil {
				*target = d
			}
			return err
		},
		show: func(d time.Duration) string {
			if d == 0 {
				return ""
			}
			return d.String()
		},
	}, name, usage, options)
}

// list takes one entry each time it is given; commas are kept.
func (f *flagSet) list(target *[]string, name, usage string, options ...flagOption) {
	declare(f, &value[[]string]{
		target: target, example: "string",
		set: func(target *[]string, text string) error {
			*target = append(*target, strings.TrimSpace(text))
			return nil
		},
		show: func(entries []string) string { return strings.Join(entries, ",") },
	}, name, usage, options)
}

// pairs takes one key=value each time it is given.
func (f *flagSet) pairs(target *map[string]string, name, usage string, options ...flagOption) {
	declare(f, &value[map[string]string]{
		target: target, example: "key=value",
		set: func(target *map[string]string, text string) error {
			key, val, ok := strings.Cut(text, "=")
			if !ok {
				return errors.New("missing = in KV pair: " + strconv.Quote(text))
			}
			if *target == nil {
				*target = make(map[string]string)
			}
			(*target)[key] = val
			return nil
		},
		show: func(m map[string]string) string {
			entries := make([]string, 0, len(m))
			for _, key := range slices.Sorted(maps.Keys(m)) {
				entries = append(entries, key+"="+m[key])
			}
			return strings.Join(entries, ",")
		},
	}, name, usage, options)
}

// optionalBool knows whether it was given.
type optionalBool struct{ given, on bool }

// pointer is nil for what was not given.
func (o optionalBool) pointer() *bool {
	if !o.given {
		return nil
	}
	return &o.on
}

// optional is a boolean that is sent only when it was given.
func (f *flagSet) optional(target *optionalBool, name, usage string, options ...flagOption) {
	declare(f, &value[optionalBool]{
		target: target, boolean: true, example: "*bool",
		set: func(target *optionalBool, text string) error {
			b, err := strconv.ParseBool(text)
			if err == nil {
				*target = optionalBool{given: true, on: b}
			}
			return err
		},
		show: func(o optionalBool) string {
			if !o.given {
				return ""
			}
			return strconv.FormatBool(o.on)
		},
	}, name, usage, options)
}

// unsigned takes decimal numbers, and 0x and 0 as in Go.
func (f *flagSet) unsigned(target *uint, name, usage string, options ...flagOption) {
	declare(f, &value[uint]{
		target: target, example: "uint",
		set: func(target *uint, text string) error {
			n, err := strconv.ParseUint(text, 0, strconv.IntSize)
			if err == nil {
				*target = uint(n)
			}
			return err
		},
		show: func(n uint) string {
			if n == 0 {
				return ""
			}
			return strconv.FormatUint(uint64(n), 10)
		},
	}, name, usage, options)
}
