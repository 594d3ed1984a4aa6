// SPDX-License-Identifier: MPL-2.0

package nomad

import (
	"strings"
	"text/template/parse"

	"github.com/hashicorp/go-envparse"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// maybe stands in a rendered text for a part of which it is unknown whether it is
// there: the inside of {{ if }}, {{ with }} and {{ range }}.
const maybe = "\x01"

// variables returns what the rendered file sets, and what cannot be seen in it.
// Nomad reads it with go-envparse.
func (t template) variables() (hostenv.Set, []hostenv.Remark) {
	vars := make(hostenv.Set)
	if t.fromFile {
		return vars, []hostenv.Remark{{
			Kind: hostenv.Unseen, Rule: "nomad-template-file", Place: t.at,
			Message: "The template is in a file of the client (source), so the names of its variables are unknown here.",
			Remedy:  "Write it in the job (data), or check the environment of the running task.",
		}}
	}
	left, right := text(t.left), text(t.right)
	_, leftKnown := left.known()
	_, rightKnown := right.known()
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck // consul-template has functions of its own
	if !leftKnown || !rightKnown {
		return vars, []hostenv.Remark{unseenTemplate(t.at)}
	}
	if _, err := tree.Parse(string(t.data), t.left, t.right, make(map[string]*parse.Tree)); err != nil {
		return vars, []hostenv.Remark{unseenTemplate(t.at)}
	}
	r := rendering{template: t}
	if tree.Root != nil {
		r.nodes(tree.Root, false)
	}
	return r.read(vars)
}

func unseenTemplate(at hostenv.Place) hostenv.Remark {
	return hostenv.Remark{
		Kind: hostenv.Unseen, Rule: "nomad-template-unreadable", Place: at,
		Message: "The template could not be read, so the names of its variables are unknown here.",
		Remedy:  "Check the environment of the running task.",
	}
}

// rendering is the file that a template becomes, as far as that is known: unknown
// for what an action prints, maybe around what is there under a condition.
type rendering struct {
	template template
	out      strings.Builder
	lines    []int // for each byte of out, the line of the job that it comes from
}

func (r *rendering) add(s string, offset int) {
	line := r.template.at.Line
	if r.template.first > 0 {
		line = r.template.first + strings.Count(string(r.template.data[:offset]), "\n")
	}
	for i := range len(s) {
		r.out.WriteByte(s[i])
		r.lines = append(r.lines, line)
		if s[i] == '\n' && r.template.first > 0 {
			line++
		}
	}
}

// nodes renders a list of nodes. An action that only declares a variable prints
// nothing.
func (r *rendering) nodes(list *parse.ListNode, conditional bool) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		at := int(node.Position())
		switch n := node.(type) {
		case *parse.TextNode:
			text := string(n.Text)
			// Each line of a conditional part carries the mark.
			if conditional {
				text = maybe + strings.ReplaceAll(text, "\n", maybe+"\n"+maybe) + maybe
			}
			r.add(text, at)
		case *parse.ActionNode:
			if len(n.Pipe.Decl) == 0 {
				r.add(unknown, at)
			}
		case *parse.TemplateNode:
			r.add(unknown, at)
		case *parse.IfNode:
			r.nodes(n.List, true)
			r.nodes(n.ElseList, true)
		case *parse.WithNode:
			r.nodes(n.List, true)
			r.nodes(n.ElseList, true)
		case *parse.RangeNode:
			r.nodes(n.List, true)
			r.nodes(n.ElseList, true)
		}
	}
}

// read takes the rendered file's lines, each of which go-envparse reads by itself.
func (r *rendering) read(vars hostenv.Set) (hostenv.Set, []hostenv.Remark) {
	var remarks []hostenv.Remark
	start := 0
	for line := range strings.SplitAfterSeq(r.out.String(), "\n") {
		at := r.template.at
		if start < len(r.lines) {
			at.Line = r.lines[start]
		}
		// The line of the first character that is neither blank nor a mark.
		if i := strings.IndexFunc(line, func(c rune) bool { return !strings.ContainsRune(" \t\r\n"+maybe, c) }); i >= 0 {
			at.Line = r.lines[start+i]
		}
		start += len(line)
		if remark, ok := readLine(line, at, vars); !ok {
			remarks = append(remarks, remark)
		}
	}
	return vars, remarks
}

// readLine adds the variable of a line, if it has one.
func readLine(line string, at hostenv.Place, vars hostenv.Set) (hostenv.Remark, bool) {
	conditional := strings.Contains(line, maybe)
	line = strings.TrimSpace(strings.ReplaceAll(line, maybe, ""))
	// What an action prints in a comment could end it, but then Nomad's user would
	// know.
	if line == "" || strings.HasPrefix(line, "#") {
		return hostenv.Remark{}, true
	}
	name, value, found := strings.Cut(line, "=")
	if strings.Contains(name, unknown) {
		return hostenv.Remark{
			Kind: hostenv.Unseen, Rule: "nomad-template-names", Place: at,
			Message: "An action of the template writes names of variables, which are unknown here.",
			Remedy:  "Check the environment of the running task.",
		}, false
	}
	// The value's parts are parsed with a letter in the place of each unknown one.
	parsed, err := envparse.Parse(strings.NewReader(name + "=" + strings.ReplaceAll(value, unknown, "x")))
	if !found || err != nil {
		return hostenv.Remark{
			Kind: hostenv.Refused, Rule: "nomad-template-line", Place: at,
			Message: "The line is not NAME=value as Nomad reads it (go-envparse), and the task does not start.",
			Remedy:  "Write NAME=value, with a value in double quotes if it has quotes or #.",
		}, false
	}
	for name, text := range parsed {
		if conditional || strings.Contains(value, unknown) {
			vars.Unknown(name, "a template of the job", at)
			continue
		}
		vars.Known(name, text, at)
	}
	return hostenv.Remark{}, true
}
