// SPDX-License-Identifier: MPL-2.0

package policy

import (
	"errors"

	hclscanner "github.com/hashicorp/hcl/hcl/scanner"
	hcltoken "github.com/hashicorp/hcl/hcl/token"
	jsonscanner "github.com/hashicorp/hcl/json/scanner"
	jsontoken "github.com/hashicorp/hcl/json/token"
)

// maxDepth is how deep brackets may be nested in a policy, which needs four. HCL's
// parser calls itself for each, and takes time that grows with the square: 19 s for
// 16,000, in real servers too.
const maxDepth = 500

var errTooDeep = errors.New("brackets are nested more than 500 deep")

// checkDepth returns an error for a policy with too many nested brackets, which are
// counted as HCL's scanners see them: not in strings and comments.
func checkDepth(text string, isJSON bool) error {
	next := hclDepths(text)
	if isJSON {
		next = jsonDepths(text)
	}
	depth := 0
	for {
		change, more := next()
		if depth = max(depth+change, 0); depth > maxDepth {
			return errTooDeep
		}
		if !more {
			return nil
		}
	}
}

// hclDepths returns a function that returns by how much the next token changes the
// depth, and whether there are more. The parser reports what is not a token.
func hclDepths(text string) func() (change int, more bool) {
	s := hclscanner.New([]byte(text))
	s.Error = func(hcltoken.Pos, string) {}
	return func() (int, bool) {
		switch s.Scan().Type {
		case hcltoken.LBRACE, hcltoken.LBRACK:
			return 1, true
		case hcltoken.RBRACE, hcltoken.RBRACK:
			return -1, true
		case hcltoken.EOF:
			return 0, false
		}
		return 0, true
	}
}

// jsonDepths is hclDepths for policies in JSON.
func jsonDepths(text string) func() (change int, more bool) {
	s := jsonscanner.New([]byte(text))
	s.Error = func(jsontoken.Pos, string) {}
	return func() (int, bool) {
		switch s.Scan().Type {
		case jsontoken.LBRACE, jsontoken.LBRACK:
			return 1, true
		case jsontoken.RBRACE, jsontoken.RBRACK:
			return -1, true
		case jsontoken.EOF:
			return 0, false
		}
		return 0, true
	}
}
