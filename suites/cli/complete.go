// SPDX-License-Identifier: MPL-2.0

package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeValues gives the flags and arguments of all commands their completions
// in shells:
//
//  1. a choice has its values;
//  2. what valueSources names has those of its source;
//  3. otherwise the help's word for the value decides: a FILE is completed as a
//     file, a DIR as a directory, and anything else not at all.
//
// Without a completion of their own, shells would offer files for all of them.
func completeValues(command *cobra.Command) {
	command.Flags().VisitAll(func(flag *pflag.Flag) { completeFlag(command, flag) })
	command.PersistentFlags().VisitAll(func(flag *pflag.Flag) { completeFlag(command, flag) })
	if command.ValidArgsFunction == nil && !command.DisableFlagParsing {
		command.ValidArgsFunction = completeArguments
	}
	for _, child := range command.Commands() {
		completeValues(child)
	}
}

func completeFlag(command *cobra.Command, flag *pflag.Flag) {
	if flag.NoOptDefVal != "" { // it takes no value
		return
	}
	complete := cobra.NoFileCompletions
	if set, ok := flag.Value.(*choice); ok {
		complete = cobra.FixedCompletions(set.values, cobra.ShellCompDirectiveNoFileComp)
	} else if source, ok := valueSources()[flag.Name]; ok {
		complete = completeFrom(source, flag)
	} else {
		word, _ := pflag.UnquoteUsage(flag)
		switch kindOf(word) {
		case aDirectory:
			complete = directories
		case aFile:
			return
		}
	}
	if err := command.RegisterFlagCompletionFunc(flag.Name, complete); err != nil {
		panic(err) // it is registered twice
	}
}

// completeArguments completes arguments by the words of the command's usage line.
func completeArguments(command *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	words := strings.Fields(command.Use)[1:]
	at := len(args)
	if last := len(words) - 1; at > last && last >= 0 && strings.Contains(words[last], "...") {
		at = last
	}
	if at >= len(words) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	name := strings.Trim(words[at], "[.]")
	if source, ok := argumentSources()[name+" of "+command.CommandPath()]; ok {
		return completeFrom(source, nil)(command, args, word)
	}
	switch kindOf(name) {
	case aDirectory:
		return nil, cobra.ShellCompDirectiveFilterDirs
	case aFile:
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// The kinds of values that the words of the help stand for.
type valueKind int

const (
	anything valueKind = iota
	aFile
	aDirectory
)

func kindOf(word string) valueKind {
	switch strings.ToUpper(word) {
	case "FILE", "FILES", "PLUGIN", "BINARY", "PROGRAM", "UNIT":
		return aFile
	case "DIR", "DIRECTORY":
		return aDirectory
	}
	return anything
}

func directories(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// completeFrom completes from a source. The values of a list are joined by commas:
// the last one is completed, and those before it are offered no more.
func completeFrom(source valueSource, flag *pflag.Flag) cobra.CompletionFunc {
	isList := flag != nil && flag.Value.Type() == "stringSlice"
	return func(command *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if source.filesAfter != "" && strings.Contains(word, source.filesAfter) {
			return nil, cobra.ShellCompDirectiveDefault
		}
		before := ""
		if isList {
			before = word[:strings.LastIndex(word, ",")+1]
		}
		values, err := source.values(command, strings.TrimPrefix(word, before))
		if err != nil {
			cobra.CompErrorln(err.Error())
			return nil, cobra.ShellCompDirectiveError
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if source.files {
			directive = cobra.ShellCompDirectiveDefault
		}
		given := strings.Split(before, ",")
		offered := make([]cobra.Completion, 0, len(values))
		open := true // every value is the begin of one
		for _, value := range values {
			text, _, _ := strings.Cut(value, "\t")
			if slices.Contains(given, text) || !strings.HasPrefix(before+text, word) {
				continue
			}
			open = open && strings.ContainsAny(text[len(text)-1:], ":/=")
			offered = append(offered, before+value)
		}
		if open && len(offered) > 0 {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return offered, directive
	}
}

// completion joins a value and what shells show beside it.
func completion(value, text string) cobra.Completion {
	return cobra.CompletionWithDesc(value, strings.ReplaceAll(text, "\n", " "))
}
