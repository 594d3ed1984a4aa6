// SPDX-License-Identifier: MPL-2.0

package nomad

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/dynblock"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// jobFile reads one job specification (jobspec2 in Nomad).
type jobFile struct {
	source string
	raw    []byte
	// given are values of the job's variables from other files.
	given map[string]cty.Value
	ctx   *hcl.EvalContext
	tasks []task
}

// block returns the schema of a block with n labels.
func block(name string, labels ...string) hcl.BlockHeaderSchema {
	return hcl.BlockHeaderSchema{Type: name, LabelNames: labels}
}

func attribute(name string) hcl.AttributeSchema { return hcl.AttributeSchema{Name: name} }

// readJobFile reads HCL, or HCL's form in JSON, as Nomad does: by the first
// character.
func readJobFile(source string, raw []byte, variables []File) ([]task, error) {
	var file *hcl.File
	var diagnostics hcl.Diagnostics
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		file, diagnostics = hcljson.Parse(raw, source)
	} else {
		file, diagnostics = hclsyntax.ParseConfig(raw, source, hcl.InitialPos)
	}
	if diagnostics.HasErrors() {
		return nil, wrong(source, diagnostics)
	}
	given, err := readVariables(variables)
	if err != nil {
		return nil, err
	}
	j := &jobFile{source: source, raw: raw, given: given}
	if err := j.root(file.Body); err != nil {
		return nil, err
	}
	return j.tasks, nil
}

// wrong says where a file is not a job. The diagnostics' details quote the file.
func wrong(source string, diagnostics hcl.Diagnostics) error {
	first := diagnostics[slices.IndexFunc(diagnostics, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagError })]
	at := hostenv.Place{File: source}
	if first.Subject != nil {
		at.Line = first.Subject.Start.Line
	}
	return fmt.Errorf("%w: %s: it is not of Nomad's syntax: %s", hostenv.ErrInput, at, first.Summary)
}

func (j *jobFile) root(body hcl.Body) error {
	content, _, diagnostics := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		block("variables"), block("variable", "name"), block("locals"), block("job", "name"),
	}})
	if diagnostics.HasErrors() {
		return wrong(j.source, diagnostics)
	}
	j.ctx = evalContext(content.Blocks, j.given)
	for _, b := range content.Blocks.OfType("job") {
		if err := j.job(b.Body); err != nil {
			return err
		}
	}
	return nil
}

// content reads a body with its dynamic blocks expanded.
func (j *jobFile) content(body hcl.Body, schema *hcl.BodySchema) (*hcl.BodyContent, error) {
	content, _, diagnostics := dynblock.Expand(body, j.ctx).PartialContent(schema)
	if diagnostics.HasErrors() {
		return nil, wrong(j.source, diagnostics)
	}
	return content, nil
}

// job reads a job. A task that is not in a group is one of its own.
func (j *jobFile) job(body hcl.Body) error {
	content, err := j.content(body, &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		block("group", "name"), block("task", "name"), block("vault"),
	}})
	if err != nil {
		return err
	}
	vault := j.vaultEnv(content.Blocks, false)
	for _, b := range content.Blocks {
		switch b.Type {
		case "group":
			err = j.group(b.Labels[0], b.Body, vault)
		case "task":
			err = j.task(b.Labels[0], b, vault)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *jobFile) group(name string, body hcl.Body, vault bool) error {
	content, err := j.content(body, &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{block("task", "name"), block("vault")}})
	if err != nil {
		return err
	}
	vault = j.vaultEnv(content.Blocks, vault)
	for _, b := range content.Blocks.OfType("task") {
		if err := j.task(name, b, vault); err != nil {
			return err
		}
	}
	return nil
}

// vaultEnv reports whether a vault block hands its tasks a token in their
// environment, as it does unless env = false. The innermost one counts.
func (j *jobFile) vaultEnv(blocks hcl.Blocks, outer bool) bool {
	for _, b := range blocks.OfType("vault") {
		outer = j.isTrue(b.Body, "env", true)
	}
	return outer
}

// isTrue returns the boolean attribute of a body. What cannot be evaluated counts as
// true: the variable may be there.
func (j *jobFile) isTrue(body hcl.Body, name string, otherwise bool) bool {
	content, _, diagnostics := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{attribute(name)}})
	a := content.Attributes[name]
	if diagnostics.HasErrors() || a == nil {
		return otherwise
	}
	value, ok := evaluated(a.Expr, j.ctx)
	return !ok || value == "true"
}

// text returns a string attribute of a body, or nothing.
func (j *jobFile) text(body hcl.Body, name string) text {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{attribute(name)}})
	if a := content.Attributes[name]; a != nil {
		return evaluate(a.Expr, j.ctx)
	}
	return ""
}

// readVariables reads files of values for variables; the last one wins.
func readVariables(files []File) (map[string]cty.Value, error) {
	given := make(map[string]cty.Value)
	for _, f := range files {
		file, diagnostics := hclsyntax.ParseConfig([]byte(f.Text), f.Source, hcl.InitialPos)
		if diagnostics.HasErrors() {
			return nil, wrong(f.Source, diagnostics)
		}
		attributes, diagnostics := file.Body.JustAttributes()
		if diagnostics.HasErrors() {
			return nil, wrong(f.Source, diagnostics)
		}
		for name, a := range attributes {
			given[name] = valueOf(a.Expr, nil)
		}
	}
	return given, nil
}

// evalContext has the variables and the locals of a job file. A variable without a
// default is given on Nomad's command line or in a file, and else unknown.
func evalContext(blocks hcl.Blocks, given map[string]cty.Value) *hcl.EvalContext {
	variables := make(map[string]cty.Value)
	for _, b := range blocks.OfType("variables") {
		attributes, _ := b.Body.JustAttributes()
		for name, a := range attributes {
			variables[name] = valueOf(a.Expr, nil)
		}
	}
	for _, b := range blocks.OfType("variable") {
		// A default can be replaced on the command line, but is what the file says.
		content, _, _ := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{attribute("default")}})
		variables[b.Labels[0]] = cty.DynamicVal
		if a := content.Attributes["default"]; a != nil {
			variables[b.Labels[0]] = valueOf(a.Expr, nil)
		}
	}
	for name, value := range given {
		if _, declared := variables[name]; declared {
			variables[name] = value
		}
	}
	ctx := &hcl.EvalContext{Functions: functions(), Variables: map[string]cty.Value{"var": cty.ObjectVal(variables)}}
	locals := make(map[string]hcl.Expression)
	for _, b := range blocks.OfType("locals") {
		attributes, _ := b.Body.JustAttributes()
		for name, a := range attributes {
			locals[name] = a.Expr
		}
	}
	// Locals may refer to each other, in any order; each round resolves at least one.
	values := make(map[string]cty.Value)
	for name := range locals {
		values[name] = cty.DynamicVal
	}
	for range len(locals) + 1 {
		ctx.Variables["local"] = cty.ObjectVal(values)
		next := make(map[string]cty.Value)
		for name, expr := range locals {
			next[name] = valueOf(expr, ctx)
		}
		values = next
	}
	ctx.Variables["local"] = cty.ObjectVal(values)
	return ctx
}

func valueOf(expr hcl.Expression, ctx *hcl.EvalContext) cty.Value {
	value, diagnostics := expr.Value(ctx)
	if diagnostics.HasErrors() {
		return cty.DynamicVal
	}
	return value
}
