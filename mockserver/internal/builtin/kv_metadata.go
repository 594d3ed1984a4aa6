// SPDX-License-Identifier: MPL-2.0

package builtin

import (
	"context"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/builtin/fielderrors"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// The metadata of kv version 2 as OpenBao has it: with versions and check-and-set of
// its own, pages, scans and lists with details. What the module does not keep is in a
// record beside it.
//
// Source: builtin/logical/kv of OpenBao, from 2.0.3 to 2.6.2.

// Where the records are in the mount's storage; the module's own keys have another
// prefix.
const (
	metadataRecords = "plugproof/metadata/"
	configRecord    = "plugproof/config"
)

// metadataRecord is what OpenBao 2.4 keeps of a key's metadata, or of the
// configuration, beyond the module.
type metadataRecord struct {
	Version     uint64    `json:"version"`
	CASRequired bool      `json:"cas_required"`
	Updated     time.Time `json:"updated"`
}

func loadRecord(ctx context.Context, storage logical.Storage, key string) (metadataRecord, error) {
	var r metadataRecord
	entry, err := storage.Get(ctx, key)
	if err != nil || entry == nil {
		return r, err
	}
	return r, entry.DecodeJSON(&r)
}

func storeRecord(ctx context.Context, storage logical.Storage, key string, r metadataRecord) error {
	entry, err := logical.StorageEntryJSON(key, r)
	if err != nil {
		return err
	}
	return storage.Put(ctx, entry)
}

// metadata answers requests below metadata/ and detailed-metadata/.
func (b *keyValue) metadata(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	_, key, _ := strings.Cut(req.Path, "/")
	detailed := strings.HasPrefix(req.Path, "detailed-")
	if req.Operation == logical.ListOperation || req.Operation == policy.ScanOperation {
		return b.listMetadata(ctx, req, key, detailed)
	}
	req = b.withoutExclusion(req)
	switch {
	case detailed:
		return nil, logical.ErrUnsupportedOperation
	case req.Operation == logical.ReadOperation:
		return b.readMetadata(ctx, req, key)
	case !b.dialect.KV.MetadataVersions || key == "":
		return b.Backend.HandleRequest(ctx, req)
	case req.Operation == logical.DeleteOperation:
		resp, err := b.Backend.HandleRequest(ctx, req)
		if err == nil && !resp.IsError() {
			err = req.Storage.Delete(ctx, metadataRecords+key)
		}
		return resp, err
	case req.Operation == logical.CreateOperation, req.Operation == logical.UpdateOperation, req.Operation == logical.PatchOperation:
		return b.writeMetadata(ctx, req, key)
	}
	return b.Backend.HandleRequest(ctx, req)
}

// withoutExclusion returns a request without the field exclude_deleted where the dialect's kv
// has no such field, which the module has.
func (b *keyValue) withoutExclusion(req *logical.Request) *logical.Request {
	if b.dialect.KV.ExcludesDeleted || req.Data["exclude_deleted"] == nil {
		return req
	}
	without := *req
	without.Data = maps.Clone(req.Data)
	delete(without.Data, "exclude_deleted")
	return &without
}

// readMetadata reads a key's metadata as the dialect's kv shows it.
func (b *keyValue) readMetadata(ctx context.Context, req *logical.Request, key string) (*logical.Response, error) {
	read := *req
	read.Operation, read.Path, read.Data = logical.ReadOperation, "metadata/"+key, nil
	resp, err := b.Backend.HandleRequest(ctx, &read)
	if err != nil || resp == nil || resp.Data["versions"] == nil {
		return resp, err
	}
	if !b.dialect.KV.Attribution {
		dropAttribution(resp.Data)
	}
	if !b.dialect.KV.MetadataVersions {
		return resp, nil
	}
	record, err := loadRecord(ctx, req.Storage, metadataRecords+key)
	if err != nil {
		return nil, err
	}
	resp.Data["current_metadata_version"], resp.Data["metadata_cas_required"] = record.Version, record.CASRequired
	updated, _ := resp.Data["updated_time"].(string)
	if at, err := time.Parse(time.RFC3339Nano, updated); err == nil && record.Updated.After(at) {
		resp.Data["updated_time"] = record.Updated.UTC().Format(time.RFC3339Nano)
	}
	return resp, nil
}

// pageFields are those of lists in OpenBao.
func pageFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{"after": {Type: framework.TypeString}, "limit": {Type: framework.TypeInt}}
}

// warnIgnored warns of what a list was sent that it knows nothing of, as the framework
// of kv does.
func (b *keyValue) warnIgnored(resp *logical.Response, req *logical.Request) *logical.Response {
	known := []string{"path", "cas_required", "max_versions", "delete_version_after", "custom_metadata"}
	if b.dialect.KV.Pages {
		known = append(known, "after", "limit")
	}
	if b.dialect.KV.MetadataVersions {
		known = append(known, "metadata_cas", "metadata_cas_required")
	}
	if b.dialect.KV.ExcludesDeleted {
		known = append(known, "exclude_deleted")
	}
	warnOf(resp, req, known...)
	return resp
}

// listMetadata lists the keys at a path, or scans all that is below.
func (b *keyValue) listMetadata(ctx context.Context, req *logical.Request, key string, detailed bool) (*logical.Response, error) {
	list := *b.withoutExclusion(req)
	list.Operation, list.Path = logical.ListOperation, "metadata/"+key
	fields := &framework.FieldData{Raw: req.Data, Schema: pageFields()}
	if b.dialect.KV.Pages {
		if refused := fielderrors.Validate(fields, b.dialect.Requests.FieldErrors); refused != nil {
			return refused, logical.ErrInvalidRequest
		}
	}
	var keys []string
	var err error
	if req.Operation == policy.ScanOperation {
		keys, err = b.below(ctx, list)
	} else {
		var resp *logical.Response
		resp, err = b.Backend.HandleRequest(ctx, &list)
		if err != nil || resp == nil {
			return resp, err
		}
		keys, _ = resp.Data["keys"].([]string)
		if b.dialect.KV.Pages {
			keys = page(keys, fields.Get("after").(string), fields.Get("limit").(int))
		}
	}
	if err != nil {
		return nil, err
	}
	if !detailed {
		return b.warnIgnored(logical.ListResponse(keys), req), nil
	}
	infos := make(map[string]any, len(keys))
	for _, name := range keys {
		resp, err := b.readMetadata(ctx, req, path.Join(key, name))
		if err != nil {
			return nil, err
		}
		infos[name] = map[string]any{}
		if resp != nil {
			infos[name] = resp.Data
		}
	}
	return logical.ListResponseWithInfo(keys, infos), nil
}

// page returns at most limit of the names behind after; all of them without limit.
func page(names []string, after string, limit int) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	start, found := slices.BinarySearch(names, after)
	if found && after != "" {
		start++
	}
	names = names[start:]
	if limit > 0 && limit < len(names) {
		names = names[:limit]
	}
	return names
}

// casFields are those of metadata and configuration in OpenBao 2.4.
func casFields() map[string]*framework.FieldSchema {
	return map[string]*framework.FieldSchema{"metadata_cas_required": {Type: framework.TypeBool}, "metadata_cas": {Type: framework.TypeInt}}
}

// metadataFields are all of a key's metadata there: those of the module are looked at
// before the key is.
func metadataFields() map[string]*framework.FieldSchema {
	fields := casFields()
	fields["max_versions"] = &framework.FieldSchema{Type: framework.TypeInt}
	fields["cas_required"] = &framework.FieldSchema{Type: framework.TypeBool}
	fields["delete_version_after"] = &framework.FieldSchema{Type: framework.TypeDurationSecond}
	fields["custom_metadata"] = &framework.FieldSchema{Type: framework.TypeMap}
	return fields
}

// HandleExistenceCheck implements logical.Backend. Of writes, it is the first to look at
// the fields, also at those that the module does not have.
func (b *keyValue) HandleExistenceCheck(ctx context.Context, req *logical.Request) (found, exists bool, err error) {
	if b.versioned && b.dialect.KV.MetadataVersions && strings.HasPrefix(req.Path, "metadata/") {
		fields := &framework.FieldData{Raw: req.Data, Schema: casFields()}
		if err := fielderrors.Check(fields, b.dialect.Requests.FieldErrors); err != nil {
			return false, false, err
		}
	}
	return b.Backend.HandleExistenceCheck(ctx, req)
}

// mandated is the warning for a key that is to need no check-and-set where the
// configuration demands it.
const mandated = "\"metadata_cas_required\" set to false, but is mandated by backend config. This value will be ignored."

// writeMetadata writes or patches a key's metadata, which gets a new version.
func (b *keyValue) writeMetadata(ctx context.Context, req *logical.Request, key string) (*logical.Response, error) {
	fields := &framework.FieldData{Raw: req.Data, Schema: metadataFields()}
	if refused := fielderrors.Validate(fields, b.dialect.Requests.FieldErrors); refused != nil {
		return refused, logical.ErrInvalidRequest
	}
	required, requiredGiven := fields.GetOk("metadata_cas_required")
	inner := *req
	inner.Data = map[string]any{}
	for _, name := range []string{"max_versions", "cas_required", "delete_version_after", "custom_metadata"} {
		if value, ok := req.Data[name]; ok {
			inner.Data[name] = value
		}
	}
	if len(inner.Data) == 0 && !requiredGiven {
		return nil, nil
	}
	unlock, err := b.locks.Lock(ctx, key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	present, err := b.readMetadata(ctx, req, key)
	if err != nil {
		return nil, err
	}
	if present == nil && req.Operation == logical.PatchOperation {
		return logical.RespondWithStatusCode(nil, req, http.StatusNotFound)
	}
	record, err := loadRecord(ctx, req.Storage, metadataRecords+key)
	if err != nil {
		return nil, err
	}
	config, err := loadRecord(ctx, req.Storage, configRecord)
	if err != nil {
		return nil, err
	}
	if refused := checkCAS(fields, record, config, present != nil); refused != nil {
		return refused, nil
	}
	var resp *logical.Response
	if len(inner.Data) > 0 || present == nil {
		if len(inner.Data) == 0 {
			inner.Data["max_versions"] = 0 // what a new key has, so that there is one
		}
		if resp, err = b.Backend.HandleRequest(ctx, &inner); err != nil || resp.IsError() {
			return resp, err
		}
	}
	record.Version, record.Updated = record.Version+1, time.Now()
	if requiredGiven {
		record.CASRequired = required.(bool)
		if config.CASRequired && !record.CASRequired {
			if resp == nil {
				resp = &logical.Response{}
			}
			resp.AddWarning(mandated)
		}
	}
	return resp, storeRecord(ctx, req.Storage, metadataRecords+key, record)
}

// checkCAS returns the refusal of a write whose metadata_cas is missing or another
// than the present version.
func checkCAS(fields *framework.FieldData, record, config metadataRecord, exists bool) *logical.Response {
	raw, given := fields.GetOk("metadata_cas")
	if !given {
		if record.CASRequired || config.CASRequired {
			return logical.ErrorResponse("metadata check-and-set parameter required for this call")
		}
		return nil
	}
	switch version := uint64(raw.(int)); {
	case !exists && version != 0:
		return logical.ErrorResponse("metadata_cas must be 0 when creating new metadata")
	case exists && version != record.Version:
		return logical.ErrorResponse("metadata check-and-set parameter does not match the current version")
	}
	return nil
}

// config answers requests to config, which in OpenBao 2.4 has one field more.
func (b *keyValue) config(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if !b.dialect.KV.MetadataVersions {
		return b.Backend.HandleRequest(ctx, req)
	}
	fields := &framework.FieldData{Raw: req.Data, Schema: casFields()}
	if refused := fielderrors.Validate(fields, b.dialect.Requests.FieldErrors); refused != nil {
		return refused, logical.ErrInvalidRequest
	}
	resp, err := b.Backend.HandleRequest(ctx, req)
	if err != nil || resp.IsError() {
		return resp, err
	}
	switch required, given := fields.GetOk("metadata_cas_required"); {
	case req.Operation == logical.ReadOperation && resp != nil:
		record, err := loadRecord(ctx, req.Storage, configRecord)
		resp.Data["metadata_cas_required"] = record.CASRequired
		return resp, err
	case req.Operation == logical.UpdateOperation && given:
		return resp, storeRecord(ctx, req.Storage, configRecord, metadataRecord{CASRequired: required.(bool)})
	}
	return resp, nil
}
