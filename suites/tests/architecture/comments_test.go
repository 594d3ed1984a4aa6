// SPDX-License-Identifier: MPL-2.0

package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mixedCaps matches what is an identifier and not an English word: capitals or digits
// within it.
var mixedCaps = regexp.MustCompile(`^[A-Za-z][a-z0-9_]*[A-Z][A-Za-z0-9_]*$`)

// subject returns the identifier that a doc comment begins with, after an article; empty
// where it begins with another word.
func subject(doc string) string {
	words := strings.Fields(doc)
	if len(words) > 1 && (words[0] == "A" || words[0] == "An" || words[0] == "The") {
		words = words[1:]
	}
	if len(words) == 0 {
		return ""
	}
	word := strings.TrimRight(words[0], ",:;.")
	if !mixedCaps.MatchString(word) || strings.ToUpper(word) == word {
		return ""
	}
	return word
}

// misnamed returns the subject of a doc comment, if it is an identifier but none of
// those that are declared below it.
func misnamed(doc *ast.CommentGroup, names ...*ast.Ident) string {
	named := subject(doc.Text())
	for _, name := range names {
		if named == name.Name {
			return ""
		}
	}
	return named
}

// TestDocCommentsNameWhatTheyDocument: a doc comment that begins with an identifier
// begins with the one that it documents, also after a rename.
func TestDocCommentsNameWhatTheyDocument(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	comments := 0
	check := func(doc *ast.CommentGroup, names ...*ast.Ident) {
		if doc == nil || len(names) == 0 {
			return
		}
		comments++
		if wrong := misnamed(doc, names...); wrong != "" {
			t.Errorf("%s: the comment of %s begins with %s", files.Position(doc.Pos()), names[0].Name, wrong)
		}
	}
	for _, inside := range goFiles(t) {
		file, err := parser.ParseFile(files, filepath.Join(root, inside), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				check(d.Doc, d.Name)
			case *ast.GenDecl:
				var all []*ast.Ident
				for _, spec := range d.Specs {
					names := declared(spec)
					all = append(all, names...)
					if doc := docOf(spec); doc != nil {
						check(doc, names...)
					}
				}
				check(d.Doc, all...)
			}
		}
	}
	if comments < 1000 {
		t.Errorf("only %d doc comments were read", comments)
	}
}

// declared returns the names of a declared type, constant or variable.
func declared(spec ast.Spec) []*ast.Ident {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return []*ast.Ident{s.Name}
	case *ast.ValueSpec:
		return s.Names
	}
	return nil
}

// docOf returns the doc comment of one of several declarations in parentheses.
func docOf(spec ast.Spec) *ast.CommentGroup {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Doc
	case *ast.ValueSpec:
		return s.Doc
	}
	return nil
}
