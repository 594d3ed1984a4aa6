// SPDX-License-Identifier: MPL-2.0

package access

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/go-secure-stdlib/base62"
	"github.com/hashicorp/vault/sdk/helper/wrapping"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/access/wrapjwt"
	"github.com/plugproof/plugproof/mockserver/internal/envelope"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
	"github.com/plugproof/plugproof/mockserver/internal/token"
)

// The places of a wrapped answer in the wrapping token's cubbyhole.
const (
	wrappedPath  = "response"
	wrapInfoPath = "wrapinfo"
)

// formatJWT is the format of wrapping tokens that say where they belong.
const formatJWT = "jwt"

// newLeaseID is the path with a random end and the mark of the namespace.
func newLeaseID(ns *namespace.Namespace, path string) (string, error) {
	random, err := base62.Random(24)
	if err != nil {
		return "", fmt.Errorf("make a lease ID: %w", err)
	}
	return ns.Mark(path + "/" + random), nil
}

// wrapAnswer puts the answer into the cubbyhole of a new token if it is to be
// wrapped, and returns what the caller gets instead.
func (a *Authority) wrapAnswer(ctx context.Context, req *logical.Request, te *logical.TokenEntry, resp *logical.Response) (*logical.Response, error) {
	if resp.WrapInfo == nil || resp.WrapInfo.TTL == 0 || resp.WrapInfo.Token != "" {
		return resp, nil
	}
	// An empty list is not found, wrapped or not.
	if req.Operation == logical.ListOperation && emptyList(resp) {
		return nil, logical.ErrUnsupportedPath
	}
	if te != nil {
		resp.WrapInfo.WrappedEntityID = te.EntityID
	}
	if err := a.wrap(ctx, req, resp); err != nil {
		return nil, a.failed("failed to store wrapped response information", err)
	}
	return &logical.Response{WrapInfo: resp.WrapInfo, Warnings: resp.Warnings}, nil
}

func emptyList(resp *logical.Response) bool {
	raw, ok := resp.Data["keys"]
	if !ok || raw == nil {
		return len(resp.Data) == 0 && len(resp.Warnings) == 0
	}
	keys, ok := raw.([]string)
	return !ok || len(keys) == 0
}

// wrap stores the answer and completes its WrapInfo.
func (a *Authority) wrap(ctx context.Context, req *logical.Request, resp *logical.Response) error {
	info := resp.WrapInfo
	created := a.clock.Now()
	rewrap := req.Path == "sys/wrapping/rewrap"
	if info.Format == formatJWT { // for plugins, which fetch their certificates from the root
		ctx = namespace.With(ctx, namespace.Root())
	}
	if !rewrap {
		info.CreationPath = req.Path
	}
	e, err := a.tokens.Create(ctx, logical.TokenEntry{
		Path: req.Path, Policies: []string{policy.Wrapping}, NumUses: 1,
		CreationTime: created.Unix(), TTL: info.TTL, ExplicitMaxTTL: info.TTL,
	})
	if err != nil {
		return err
	}
	info.Token, info.Accessor, info.CreationTime = e.ID, e.Accessor, created
	if resp.Auth != nil {
		info.WrappedAccessor = resp.Auth.Accessor
	}
	if info.Format == formatJWT {
		if err := a.sign(e, info, resp); err != nil {
			return a.unwrapped(ctx, e, err)
		}
	}
	content, err := a.wrappedContent(req, resp, rewrap)
	if err == nil {
		err = a.cubbyholes.Put(ctx, e.CubbyholeID, wrappedPath, map[string]any{"response": content})
	}
	if err == nil {
		err = a.cubbyholes.Put(ctx, e.CubbyholeID, wrapInfoPath, map[string]any{
			"creation_ttl": info.TTL, "creation_time": created, "creation_path": info.CreationPath,
		})
	}
	if err == nil {
		err = a.leases.Add(ctx, a.tokenLease(e, &logical.Auth{
			Policies: e.Policies, Accessor: e.Accessor, LeaseOptions: logical.LeaseOptions{TTL: info.TTL},
		}))
	}
	return a.unwrapped(ctx, e, err)
}

// unwrapped removes the wrapping token if something went wrong after it was
// made.
func (a *Authority) unwrapped(ctx context.Context, e *token.Entry, err error) error {
	if err == nil {
		return nil
	}
	if endErr := a.endToken(context.WithoutCancel(ctx), e); endErr != nil {
		a.logger.Warn("a wrapping token that couldn't be completed stays until it is tidied", "error", endErr)
	}
	return err
}

func (a *Authority) sign(e *token.Entry, info *wrapping.ResponseWrapInfo, resp *logical.Response) error {
	addr := a.apiAddr()
	if addr == "" {
		resp.AddWarning("No redirect address set in Vault so none could be encoded in the token. You may need to supply Vault's API address when unwrapping the token.")
	}
	var err error
	info.Token, err = a.signer.Sign(e.ID, info.WrappedAccessor, addr, info.CreationTime, info.TTL)
	return err
}

// wrappedContent is the body that unwrapping answers. What is wrapped again
// stays as it was.
func (a *Authority) wrappedContent(req *logical.Request, resp *logical.Response, rewrap bool) (any, error) {
	if rewrap {
		return resp.Data["response"], nil
	}
	inside := *resp
	inside.WrapInfo = nil
	content, err := json.Marshal(envelope.Of(req.ID, &inside, a.dialect.Requests.MountType))
	return string(content), err
}

// fromJWT is the token that a JWT stands for; other tokens stand for
// themselves.
func (a *Authority) fromJWT(id string) (string, error) {
	if !wrapjwt.IsJWT(id) {
		return id, nil
	}
	return a.signer.ID(id)
}

// WrapCertificate is WrapData in the JWT format, for plugins that fetch their
// certificate from the server. It returns the token.
func (a *Authority) WrapCertificate(ctx context.Context, data map[string]any, ttl time.Duration) (string, error) {
	info, err := a.WrapData(ctx, data, ttl, true)
	if err != nil {
		return "", err
	}
	return info.Token, nil
}
