// SPDX-License-Identifier: MPL-2.0

package builtin

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// keyValue is the public module's backend, which is a newer Vault's, as the
// dialect's server has it.
type keyValue struct {
	logical.Backend
	words     *strings.Replacer
	mountType bool
}

// keyValueFactory makes kv of a server of that dialect.
func keyValueFactory(d *dialect.Dialect) logical.Factory {
	words := strings.NewReplacer("Vault CLI", d.DisplayName+" CLI", "'vault kv ", "'"+d.Command+" kv ")
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b, err := kv.Factory(ctx, conf)
		if err != nil || b == nil {
			return b, err
		}
		return &keyValue{Backend: b, words: words, mountType: d.MountType}, nil
	}
}

// HandleRequest implements logical.Backend.
func (b *keyValue) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	resp, err := b.Backend.HandleRequest(ctx, req)
	if resp == nil {
		return resp, err
	}
	for i, warning := range resp.Warnings {
		resp.Warnings[i] = b.words.Replace(warning)
	}
	// What kv answers with a status of its own is encoded already.
	switch raw := resp.Data[logical.HTTPRawBody].(type) {
	case string:
		resp.Data[logical.HTTPRawBody] = string(b.encoded([]byte(raw)))
	case []byte:
		resp.Data[logical.HTTPRawBody] = b.encoded(raw)
	}
	return resp, err
}

// encoded puts an encoded answer into the dialect's words and envelope.
func (b *keyValue) encoded(raw []byte) []byte {
	var body struct {
		Warnings []string `json:"warnings"`
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || json.Unmarshal(raw, &body) != nil {
		return raw
	}
	if !b.mountType {
		delete(members, "mount_type")
	}
	for i, warning := range body.Warnings {
		body.Warnings[i] = b.words.Replace(warning)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	if len(body.Warnings) > 0 {
		if encoder.Encode(body.Warnings) != nil {
			return raw
		}
		members["warnings"] = bytes.Clone(out.Bytes())
		out.Reset()
	}
	if encoder.Encode(members) != nil {
		return raw
	}
	return out.Bytes()
}
