// SPDX-License-Identifier: MPL-2.0

package builtin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/mockserver/internal/builtin/fielderrors"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/storage/keylock"
)

// keyValue is the public module's backend, which is a newer Vault's, as the
// dialect's server has it.
type keyValue struct {
	logical.Backend
	dialect   *dialect.Dialect
	words     *strings.Replacer
	versioned bool
	// locks are by key of metadata.
	locks keylock.Locks
}

// unprintable is part of no key: storage refuses it.
const unprintable = "\x00"

// keyValueFactory makes kv of a server of that dialect.
func keyValueFactory(d *dialect.Dialect) logical.Factory {
	words := strings.NewReplacer("Vault CLI", d.DisplayName+" CLI", "'vault kv ", "'"+d.Command+" kv ")
	return func(ctx context.Context, conf *logical.BackendConfig) (logical.Backend, error) {
		b, err := kv.Factory(ctx, conf)
		if err != nil || b == nil {
			return b, err
		}
		return &keyValue{
			Backend: fielderrors.Wrap(b, d.Requests.FieldErrors), dialect: d, words: words, versioned: conf.Config["version"] == "2",
		}, nil
	}
}

// HandleRequest implements logical.Backend.
func (b *keyValue) HandleRequest(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	resp, err := b.handle(ctx, req)
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

// handle answers what only OpenBao's kv has, and lets the module answer everything
// else.
func (b *keyValue) handle(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if b.versioned {
		switch area, _, below := strings.Cut(req.Path, "/"); {
		case below && (area == "metadata" || area == "detailed-metadata" && b.dialect.KV.DetailedMetadata):
			return b.metadata(ctx, req)
		case req.Path == "config":
			return b.config(ctx, req)
		case below && area == "data" && b.dialect.KV.DataEndsInSlash && (req.Operation == logical.ListOperation || req.Operation == policy.ScanOperation):
			return nil, logical.ErrUnsupportedOperation
		case below && area == "data" && b.dialect.KV.DataEndsInSlash && strings.HasSuffix(req.Path, "/"):
			// Nothing can be written there; the module takes no such path.
			unwritten := *req
			unwritten.Path += unprintable
			return b.Backend.HandleRequest(ctx, &unwritten)
		case below && area == "data" && req.Operation == logical.PatchOperation && b.dialect.KV.NullReplaces:
			return b.patchData(ctx, req)
		}
	}
	if !b.versioned && b.dialect.KV.WarnsOfIgnored {
		resp, err := b.operate(ctx, req)
		asked := req.Operation == logical.ReadOperation || req.Operation == logical.ListOperation || req.Operation == policy.ScanOperation
		if asked && err == nil && resp != nil && !resp.IsError() {
			warnOf(resp, req, "path")
		}
		return resp, err
	}
	return b.operate(ctx, req)
}

// patchData patches what is below data/. A patch that is null replaces the data, as the
// rules of merge patches (RFC 7396) have it; the module's library refuses it.
func (b *keyValue) patchData(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if data, given := req.Data["data"]; !given || data != nil {
		return b.Backend.HandleRequest(ctx, req)
	}
	// What a patch needs is there if one that changes nothing is answered.
	tried := *req
	tried.Storage = unchanged{req.Storage}
	tried.Data = maps.Clone(req.Data)
	tried.Data["data"] = map[string]any{}
	resp, err := b.Backend.HandleRequest(ctx, &tried)
	if err != nil || resp.IsError() || resp.Data[logical.HTTPStatusCode] != nil {
		return resp, err
	}
	write := *req
	write.Operation = logical.UpdateOperation
	return b.Backend.HandleRequest(ctx, &write)
}

// unchanged is a storage that takes no writes, and says nothing of it.
type unchanged struct{ logical.Storage }

// Put implements logical.Storage.
func (unchanged) Put(context.Context, *logical.StorageEntry) error { return nil }

// Delete implements logical.Storage.
func (unchanged) Delete(context.Context, string) error { return nil }

// warnOf warns of the parameters of a request that are not known, as the framework does.
func warnOf(resp *logical.Response, req *logical.Request, known ...string) {
	ignored := slices.DeleteFunc(slices.Sorted(maps.Keys(req.Data)), func(name string) bool { return slices.Contains(known, name) })
	if len(ignored) > 0 {
		resp.AddWarning(fmt.Sprintf("Endpoint ignored these unrecognized parameters: %v", ignored))
	}
}

// operate lets the module answer, which has no scans.
func (b *keyValue) operate(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if req.Operation != policy.ScanOperation {
		return b.Backend.HandleRequest(ctx, req)
	}
	list := *req
	list.Operation = logical.ListOperation
	if b.versioned {
		resp, err := b.Backend.HandleRequest(ctx, &list)
		if resp != nil {
			if raw, ok := resp.Data[logical.HTTPRawBody].([]byte); ok {
				resp.Data[logical.HTTPRawBody] = bytes.ReplaceAll(raw, []byte("kv list'"), []byte("kv scan'"))
			}
			if raw, ok := resp.Data[logical.HTTPRawBody].(string); ok {
				resp.Data[logical.HTTPRawBody] = strings.ReplaceAll(raw, "kv list'", "kv scan'")
			}
		}
		return resp, err
	}
	keys, err := b.below(ctx, list)
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(keys), nil
}

// below lists the keys below a path at all levels, relative to it, in the order of the
// SDK's ScanView: those of a level come before those below it, of which the last come first.
func (b *keyValue) below(ctx context.Context, list logical.Request) ([]string, error) {
	top := list.Path
	if top != "" && !strings.HasSuffix(top, "/") {
		top += "/"
	}
	var keys []string
	for frontier := []string{""}; len(frontier) > 0; {
		level := frontier[len(frontier)-1]
		frontier = frontier[:len(frontier)-1]
		at := list
		at.Path = top + level
		resp, err := b.Backend.HandleRequest(ctx, &at)
		if err != nil {
			return nil, err
		}
		if resp == nil {
			continue
		}
		names, _ := resp.Data["keys"].([]string)
		for _, name := range names {
			if strings.HasSuffix(name, "/") {
				frontier = append(frontier, level+name)
			} else {
				keys = append(keys, level+name)
			}
		}
	}
	return keys, nil
}

// dropAttribution takes out what only newer modules say of a key's versions.
func dropAttribution(metadata map[string]any) {
	delete(metadata, "last_updated_by")
	versions, _ := metadata["versions"].(map[string]any)
	for _, version := range versions {
		if version, ok := version.(map[string]any); ok {
			delete(version, "created_by")
			delete(version, "deleted_by")
		}
	}
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
	if !b.dialect.Requests.MountType {
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
