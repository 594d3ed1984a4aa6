// SPDX-License-Identifier: MPL-2.0

package nomad

import (
	"bytes"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/zclconf/go-cty/cty"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// task reads a task. group is its group's name, vault whether a vault block around
// it hands it a token.
func (j *jobFile) task(group string, b *hcl.Block, vault bool) error {
	// env is written as a block or as an attribute, config as either as well.
	body := dynblock.Expand(b.Body, j.ctx)
	content, rest, diagnostics := body.PartialContent(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{attribute("driver")},
		Blocks:     []hcl.BlockHeaderSchema{block("template"), block("vault"), block("identity")},
	})
	if diagnostics.HasErrors() {
		return wrong(j.source, diagnostics)
	}
	t := task{group: group, name: b.Labels[0]}
	if a := content.Attributes["driver"]; a != nil {
		t.driver, _ = evaluate(a.Expr, j.ctx).known()
	}
	t.image = j.image(rest)
	t.vaultToken = j.vaultEnv(content.Blocks, vault)
	for _, b := range content.Blocks.OfType("identity") {
		if !j.isTrue(b.Body, "env", false) {
			continue
		}
		// The default identity has no name; others bring NOMAD_TOKEN_NAME.
		if name, known := j.text(b.Body, "name").known(); known && name != "" && name != "default" {
			t.names = append(t.names, "NOMAD_TOKEN_"+name)
		} else {
			t.identity = true
		}
	}
	if err := j.env(rest, &t); err != nil {
		return err
	}
	for _, b := range content.Blocks.OfType("template") {
		if j.isTrue(b.Body, "env", false) {
			t.templates = append(t.templates, j.template(b))
		}
	}
	j.tasks = append(j.tasks, t)
	return nil
}

// env reads the task's env, a block or an attribute.
func (j *jobFile) env(body hcl.Body, t *task) error {
	if content, _, diagnostics := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{block("env")}}); !diagnostics.HasErrors() {
		for _, b := range content.Blocks {
			attributes, diagnostics := b.Body.JustAttributes()
			if diagnostics.HasErrors() {
				return wrong(j.source, diagnostics)
			}
			for name, a := range attributes {
				t.env = append(t.env, entry{name, evaluate(a.Expr, j.ctx), j.at(a.Range)})
			}
		}
		slices.SortFunc(t.env, func(a, b entry) int { return a.at.Line - b.at.Line })
		if len(content.Blocks) > 0 {
			return nil
		}
	}
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{attribute("env")}})
	a := content.Attributes["env"]
	if a == nil {
		return nil
	}
	if pairs, diagnostics := hcl.ExprMap(a.Expr); !diagnostics.HasErrors() {
		for _, pair := range pairs {
			name, ok := evaluated(pair.Key, j.ctx)
			if !ok {
				t.remarks = append(t.remarks, unseenNames(j.at(pair.Key.Range())))
				continue
			}
			t.env = append(t.env, entry{string(name), evaluate(pair.Value, j.ctx), j.at(pair.Key.Range())})
		}
		return nil
	}
	// A call as merge(local.common, {…}), or a reference.
	value := valueOf(a.Expr, j.ctx)
	if !value.IsKnown() || value.IsNull() || !value.CanIterateElements() {
		t.remarks = append(t.remarks, unseenNames(j.at(a.Range)))
		return nil
	}
	for name, element := range value.Elements() {
		known, ok := stringOf(element)
		if !ok {
			known = unknown
		}
		if name.Type() == cty.String {
			t.env = append(t.env, entry{name.AsString(), known, j.at(a.Range)})
		}
	}
	return nil
}

// unseenNames is the remark about variables whose names Nomad alone can say.
func unseenNames(at hostenv.Place) hostenv.Remark {
	return hostenv.Remark{
		Kind: hostenv.Unseen, Rule: "nomad-names-unknown", Place: at,
		Message: "The names of the variables come from an expression that cannot be evaluated here.",
		Remedy:  "Give what nomad job inspect prints of the running job.",
	}
}

// image returns the image of a task's config, if it is said there.
func (j *jobFile) image(body hcl.Body) string {
	if content, _, diagnostics := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{block("config")}}); !diagnostics.HasErrors() {
		for _, b := range content.Blocks {
			return strings.ReplaceAll(string(j.text(b.Body, "image")), unknown, "")
		}
	}
	return ""
}

// template reads a template block.
func (j *jobFile) template(b *hcl.Block) template {
	t := template{left: "{{", right: "}}", at: j.at(b.DefRange)}
	content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{
		attribute("data"), attribute("left_delimiter"), attribute("right_delimiter"),
	}})
	if a := content.Attributes["left_delimiter"]; a != nil {
		t.left = string(evaluate(a.Expr, j.ctx))
	}
	if a := content.Attributes["right_delimiter"]; a != nil {
		t.right = string(evaluate(a.Expr, j.ctx))
	}
	a := content.Attributes["data"]
	if a == nil {
		t.fromFile = true
		return t
	}
	t.at = j.at(a.Range)
	t.data = evaluate(a.Expr, j.ctx)
	// The text of a heredoc begins in the line below its marker.
	if from := a.Expr.Range().Start; from.Byte < len(j.raw) && bytes.HasPrefix(j.raw[from.Byte:], []byte("<<")) {
		t.first = from.Line + 1
	}
	return t
}

func (j *jobFile) at(r hcl.Range) hostenv.Place {
	return hostenv.Place{File: j.source, Line: r.Start.Line}
}
