// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// filterKeys leaves in the answer to a list what the caller's policies let pass. As in
// the server, a list that can't be filtered is an internal error: one with further
// fields, or from a plugin, whose keys have lost their type on the way.
//
// Source: vault/request_handling_list_filtering.go of OpenBao at v2.6.2.
func (a *Authority) filterKeys(ctx context.Context, req *logical.Request, te *logical.TokenEntry, resp *logical.Response) error {
	if te == nil || !a.policies.FiltersLists() || req.Operation != logical.ListOperation && req.Operation != policy.ScanOperation {
		return nil
	}
	acl, err := a.acl(ctx, a.entry(te))
	if err != nil {
		return a.failed("failed to construct ACL", err)
	}
	filter := acl.Filter(req)
	if filter == nil {
		return nil
	}
	if resp.Secret != nil || resp.Auth != nil {
		a.logger.Error("non-empty secret or auth on filtered list response", "path", req.Path)
		return errInternal
	}
	if len(resp.Data) == 0 {
		return nil
	}
	keys, infos, ok := listed(resp.Data)
	if !ok {
		a.logger.Error("keys or key_info missing or of an invalid type, or unknown parameter on filtered list response", "path", req.Path)
		return errInternal
	}
	kept, keptInfos := []string{}, map[string]any{}
	for _, key := range keys {
		visible, err := a.visible(ctx, req, acl, filter, key)
		if err != nil {
			return err
		}
		if !visible {
			continue
		}
		kept = append(kept, key)
		if info, present := infos[key]; present {
			keptInfos[key] = info
		}
	}
	resp.Data["keys"] = kept
	if infos != nil {
		resp.Data["key_info"] = keptInfos
	}
	return nil
}

// listed returns the parts of the answer to a list; not ok if it has others or lacks the
// keys.
func listed(data map[string]any) (keys []string, infos map[string]any, ok bool) {
	if keys, ok = data["keys"].([]string); !ok {
		return nil, nil, false
	}
	parts := 1
	if raw, present := data["key_info"]; present {
		parts++
		if infos, ok = raw.(map[string]any); !ok {
			return nil, nil, false
		}
	}
	return keys, infos, len(data) == parts
}

// visible reports whether the caller may use the path that the filter makes of a key.
func (a *Authority) visible(ctx context.Context, req *logical.Request, acl *policy.ACL, filter *policy.Filter, key string) (bool, error) {
	path, err := filter.Path(req.Path, key)
	if err != nil {
		return false, a.failed("failed to use template on filtered list response", err)
	}
	check := &logical.Request{Operation: logical.ReadOperation, Path: path, Headers: req.Headers, Data: map[string]any{}}
	if strings.HasSuffix(key, "/") {
		check.Operation = logical.ListOperation
	}
	verdict := acl.Allow(check)
	return verdict.Allowed && (verdict.Sudo || !a.router.NeedsSudo(ctx, path)), nil
}
