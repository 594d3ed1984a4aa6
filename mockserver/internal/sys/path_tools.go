// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// toolPaths returns sys/tools.
func (b *backend) toolPaths() []*framework.Path {
	return []*framework.Path{
		path("tools/hash"+framework.OptionalParamRegex("urlalgorithm"), "Generate a hash sum for input data.", map[string]*framework.FieldSchema{
			"input":        field(framework.TypeString, "The base64-encoded input data."),
			"algorithm":    {Type: framework.TypeString, Default: "sha2-256", Description: "Algorithm to use (POST body parameter)."},
			"urlalgorithm": field(framework.TypeString, "Algorithm to use (POST URL parameter)."),
			"format":       {Type: framework.TypeString, Default: "hex", Description: `Encoding format to use: "hex" or "base64".`},
		}, operations{logical.UpdateOperation: hashInput}),
		path("tools/random(/"+framework.GenericNameRegex("source")+")?"+framework.OptionalParamRegex("urlbytes"), "Generate random bytes.", map[string]*framework.FieldSchema{
			"urlbytes": field(framework.TypeString, "The number of bytes to generate (POST URL parameter)."),
			"bytes":    {Type: framework.TypeInt, Default: 32, Description: "The number of bytes to generate (POST body parameter)."},
			"format":   {Type: framework.TypeString, Default: "base64", Description: `Encoding format to use: "hex" or "base64".`},
			"source":   {Type: framework.TypeString, Default: "platform", Description: `Which system to source random data from: "platform", "seal" or "all".`},
		}, operations{logical.UpdateOperation: b.randomBytes}),
	}
}

// hashes returns the algorithms by name.
func hashes() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		"sha2-224": sha256.New224, "sha2-256": sha256.New, "sha2-384": sha512.New384, "sha2-512": sha512.New,
		"sha3-224": func() hash.Hash { return sha3.New224() }, "sha3-256": func() hash.Hash { return sha3.New256() },
		"sha3-384": func() hash.Hash { return sha3.New384() }, "sha3-512": func() hash.Hash { return sha3.New512() },
	}
}

// encodings returns the output formats by name.
func encodings() map[string]func([]byte) string {
	return map[string]func([]byte) string{"hex": hex.EncodeToString, "base64": base64.StdEncoding.EncodeToString}
}

// hashInput answers tools/hash (pathHashWrite in vault/logical_system.go).
func hashInput(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	input, err := base64.StdEncoding.DecodeString(d.Get("input").(string))
	if err != nil {
		return logical.ErrorResponse("unable to decode input as base64: %s", err), logical.ErrInvalidRequest
	}
	format := d.Get("format").(string)
	encode, ok := encodings()[format]
	if !ok {
		return logical.ErrorResponse("unsupported encoding format %s; must be \"hex\" or \"base64\"", format), nil
	}
	algorithm := d.Get("urlalgorithm").(string)
	if algorithm == "" {
		algorithm = d.Get("algorithm").(string)
	}
	newHash, ok := hashes()[algorithm]
	if !ok {
		return logical.ErrorResponse("unsupported algorithm %s", algorithm), nil
	}
	h := newHash()
	h.Write(input)
	return &logical.Response{Data: map[string]any{"sum": encode(h.Sum(nil))}}, nil
}

// maxRandomBytes is how many random bytes may be asked for at once.
const maxRandomBytes = 128 * 1024

// randomBytes answers tools/random (HandleRandomAPI in helper/random).
func (b *backend) randomBytes(_ context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	// A single segment of the path is a source or a number of bytes. What can be none
	// of them is taken for the second, and not looked at.
	sources := []string{"", "platform", "seal", "all"}
	source, _ := d.Raw["source"].(string)
	text, _ := d.Raw["urlbytes"].(string)
	switch {
	case source == "":
		text = ""
	case text == "" && !slices.Contains(sources, source):
		source, text = "", source
	}
	count := d.Get("bytes").(int)
	if text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			return logical.ErrorResponse("error parsing url-set byte count: %s", err), nil
		}
	}
	switch {
	case count < 1:
		return logical.ErrorResponse(b.dialect.State.BytesQuoted + " cannot be less than 1"), nil
	case count > maxRandomBytes:
		return logical.ErrorResponse("%s should be less than %d", b.dialect.State.BytesQuoted, maxRandomBytes), nil
	}
	format := d.Get("format").(string)
	encode, ok := encodings()[format]
	if !ok {
		return logical.ErrorResponse("unsupported encoding format %q; must be \"hex\" or \"base64\"", format), nil
	}
	if !slices.Contains(sources, source) {
		return logical.ErrorResponse("unsupported entropy source %q; must be \"platform\" or \"seal\", or \"all\"", source), nil
	}
	random := make([]byte, count)
	_, _ = rand.Read(random) // never fails
	resp := &logical.Response{Data: map[string]any{"random_bytes": encode(random)}}
	if source == "seal" {
		resp.AddWarning("no seal/entropy augmentation available, using platform entropy source")
	}
	return resp, nil
}
