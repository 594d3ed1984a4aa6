// SPDX-License-Identifier: MPL-2.0

package nomad

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// unknown stands in a text for a part that cannot be known. No environment can have
// the byte, so it is not part of the job's text.
const unknown = "\x00"

// text is a string of the job with unknown for each part that only Nomad knows.
type text string

// known returns the string if all of it is known.
func (t text) known() (string, bool) {
	return string(t), !strings.Contains(string(t), unknown)
}

// evaluate returns the string of an expression. Nomad leaves references that it
// does not know, as ${NOMAD_ADDR_http}, until the task starts.
func evaluate(expr hcl.Expression, ctx *hcl.EvalContext) text {
	if value, ok := evaluated(expr, ctx); ok {
		return value
	}
	// Of a template, the parts beside an unknown one are known.
	switch e := expr.(type) {
	case *hclsyntax.TemplateExpr:
		var b strings.Builder
		for _, part := range e.Parts {
			b.WriteString(string(evaluate(part, ctx)))
		}
		return text(b.String())
	case *hclsyntax.TemplateWrapExpr:
		return evaluate(e.Wrapped, ctx)
	case *hclsyntax.ParenthesesExpr:
		return evaluate(e.Expression, ctx)
	}
	return unknown
}

func evaluated(expr hcl.Expression, ctx *hcl.EvalContext) (text, bool) {
	value, diagnostics := expr.Value(ctx)
	if diagnostics.HasErrors() {
		return "", false
	}
	return stringOf(value)
}

// stringOf converts numbers and booleans as Nomad does.
func stringOf(value cty.Value) (text, bool) {
	value, _ = value.UnmarkDeep()
	value, err := convert.Convert(value, cty.String)
	if err != nil || !value.IsWhollyKnown() || value.IsNull() {
		return "", false
	}
	// A NUL of the user's own is not a part that is unknown.
	s := value.AsString()
	return text(s), !strings.Contains(s, unknown)
}
