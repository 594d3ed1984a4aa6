// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/core"
	"github.com/plugproof/plugproof/mockserver/internal/namespace"
	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// namespacePaths are sys/namespaces, and what user interfaces ask of it.
//
// Source: vault/logical_system_namespaces.go of OpenBao.
func (b *backend) namespacePaths() []*framework.Path {
	visible := path("internal/ui/namespaces$", "List the namespaces that the token may see.", nil, operations{logical.ReadOperation: b.visibleNamespaces})
	if !b.dialect.Namespaces.Enabled {
		return []*framework.Path{visible}
	}
	where := field(framework.TypeString, "Path of the namespace.")
	return []*framework.Path{
		visible,
		path("namespaces/?$", "List the namespaces.", nil, operations{
			logical.ListOperation: b.listNamespaces(false), policy.ScanOperation: b.listNamespaces(true),
		}),
		path("namespaces/api-lock/lock(?:$|/(?P<path>.+))", "Lock a namespace.", map[string]*framework.FieldSchema{"path": where}, operations{
			logical.UpdateOperation: b.lockNamespace,
		}),
		path("namespaces/api-lock/unlock(?:$|/(?P<path>.+))", "Unlock a namespace.", map[string]*framework.FieldSchema{
			"path": where, "unlock_key": field(framework.TypeString, "Unlock key required for unlocking the namespace"),
		}, operations{logical.UpdateOperation: b.unlockNamespace}),
		// Reading these goes no further than HTTP.
		path("(leader|seal-status)$", "The state of the server.", nil, operations{logical.ReadOperation: notEmulated}),
		path("namespaces/.+/(seal|seal-status|unseal|key-status|rotate.*)$", "Not emulated.", nil, operations{
			logical.ReadOperation: notEmulated, logical.UpdateOperation: notEmulated, logical.DeleteOperation: notEmulated,
		}),
		path("namespaces/(?P<path>.+)", "Create, read, update and delete namespaces.", map[string]*framework.FieldSchema{
			"path": where, "custom_metadata": field(framework.TypeMap, "User provided key-value pairs."),
			"seal":     field(framework.TypeString, "User provided seal config."),
			"pgp_keys": field(framework.TypeStringSlice, "Specifies an array of PGP public keys used to encrypt the output unseal keys."),
		}, operations{
			logical.ReadOperation: b.readNamespace, logical.UpdateOperation: b.writeNamespace,
			logical.PatchOperation: b.patchNamespace, logical.DeleteOperation: b.deleteNamespace,
		}),
	}
}

// namespaceData is what is shown of a namespace.
func (b *backend) namespaceData(n *namespace.Namespace) map[string]any {
	data := map[string]any{"path": n.Path, "id": n.ID, "custom_metadata": n.Metadata}
	if b.dialect.Namespaces.Detailed {
		data["uuid"], data["tainted"], data["locked"] = n.UUID, n.Tainted, n.Locked()
	}
	return data
}

func (b *backend) listNamespaces(deep bool) framework.OperationFunc {
	return func(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
		parent := namespace.From(ctx)
		var keys []string
		infos := map[string]any{}
		for _, n := range b.core.Namespaces().Below(parent, deep) {
			name := strings.TrimPrefix(n.Path, parent.Path)
			keys = append(keys, name)
			infos[name] = b.namespaceData(n)
		}
		return logical.ListResponseWithInfo(keys, infos), nil
	}
}

// namespaceName returns the canonical name in a request.
func (b *backend) namespaceName(d *framework.FieldData) (string, error) {
	given := d.Get("path").(string)
	if b.dialect.Namespaces.StrictNames {
		return namespace.ParseName(given)
	}
	name := namespace.Canonical(given)
	if strings.Contains(strings.TrimSuffix(name, "/"), "/") {
		return "", errors.New("path must not contain /")
	}
	return name, nil
}

// badName answers a request with a bad name that does not make a namespace.
func (b *backend) badName(err error) (*logical.Response, error) {
	if b.dialect.Namespaces.StrictNames {
		return badRequest(err)
	}
	return nil, err
}

// named returns the namespace of a name below that of the request.
func (b *backend) named(ctx context.Context, name string) (*namespace.Namespace, error) {
	return b.core.Namespaces().At(namespace.Canonical(namespace.From(ctx).Path + name))
}

func (b *backend) readNamespace(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name, err := b.namespaceName(d)
	if err != nil {
		return b.badName(err)
	}
	n, err := b.named(ctx, name)
	if errors.Is(err, namespace.ErrNotFound) {
		return nil, nil // 404
	}
	return &logical.Response{Data: b.namespaceData(n)}, err
}

// writeNamespace makes a namespace, or replaces the metadata of one.
func (b *backend) writeNamespace(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name, err := b.namespaceName(d)
	if err != nil {
		return badRequest(err)
	}
	if d.Get("seal").(string) != "" {
		return nil, logical.CodedError(http.StatusNotImplemented,
			"sealed namespaces are not emulated by plugproof's mock server: leave out seal, or test this against a real server")
	}
	metadata := map[string]string{}
	if raw, given := d.GetOk("custom_metadata"); given {
		for key, value := range raw.(map[string]any) {
			text, ok := value.(string)
			if !ok {
				return logical.ErrorResponse("custom_metadata values must be strings"), logical.ErrInvalidRequest
			}
			metadata[key] = text
		}
	}
	n, err := b.named(ctx, name)
	if errors.Is(err, namespace.ErrNotFound) {
		n, err = b.core.CreateNamespace(ctx, name, metadata)
	} else if err == nil {
		n, err = b.core.Namespaces().Update(ctx, n.Path, changeMetadata(func(map[string]string) (map[string]string, error) { return metadata, nil }))
	}
	if err != nil {
		return badRequest(err)
	}
	return &logical.Response{Data: b.namespaceData(n)}, nil
}

// changeMetadata returns a change of the metadata of a namespace that is not being
// deleted.
func changeMetadata(change func(map[string]string) (map[string]string, error)) func(*namespace.Namespace) error {
	return func(n *namespace.Namespace) error {
		if n.IsRoot() {
			return errors.New("refusing to modify root namespace")
		}
		if n.Tainted {
			return errors.New("namespace with that name exists and is currently tainted")
		}
		changed, err := change(n.Metadata)
		n.Metadata = changed
		return err
	}
}

func (b *backend) patchNamespace(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name, err := b.namespaceName(d)
	if err != nil {
		return b.badName(err)
	}
	patch, _ := d.Get("custom_metadata").(map[string]any)
	if raw, given := d.Raw["custom_metadata"]; given && raw == nil {
		patch = nil
	}
	for _, value := range patch {
		switch value.(type) {
		case string, nil:
		default:
			return badRequest(fmt.Errorf("metadata patch can only have string or null values, got %T", value))
		}
	}
	n, err := b.core.Namespaces().Update(ctx, namespace.From(ctx).Path+name, changeMetadata(func(old map[string]string) (map[string]string, error) {
		merged := map[string]string{}
		if patch == nil {
			return merged, nil
		}
		maps.Copy(merged, old)
		for key, value := range patch {
			if text, ok := value.(string); ok {
				merged[key] = text
			} else {
				delete(merged, key)
			}
		}
		return merged, nil
	}))
	switch {
	case errors.Is(err, namespace.ErrNotFound) && b.dialect.Namespaces.StrictNames:
		return badRequest(errors.New("namespace not found"))
	case errors.Is(err, namespace.ErrNotFound):
		return nil, errors.New("failed to modify namespace: requested namespace does not exist")
	case err != nil:
		return badRequest(err)
	}
	return &logical.Response{Data: b.namespaceData(n)}, nil
}

func (b *backend) deleteNamespace(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name, err := b.namespaceName(d)
	if err != nil {
		return b.badName(err)
	}
	n, err := b.named(ctx, name)
	if errors.Is(err, namespace.ErrNotFound) {
		resp := &logical.Response{}
		resp.AddWarning("requested namespace does not exist")
		return resp, nil
	}
	if n.IsRoot() {
		return badRequest(errors.New("unable to delete root namespace"))
	}
	err = b.core.DeleteNamespace(ctx, n.Path)
	if errors.Is(err, core.ErrNamespaceHasChildren) && !b.dialect.Namespaces.ChildrenTerse {
		err = fmt.Errorf("cannot delete namespace (%q) containing child namespaces", n.Path)
	}
	if err != nil {
		return badRequest(err)
	}
	if !b.dialect.Namespaces.Detailed {
		return nil, nil
	}
	return &logical.Response{Data: map[string]any{"status": "in-progress"}}, nil
}

// visibleNamespaces lists the namespaces that a token may see.
func (b *backend) visibleNamespaces(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	if req.ClientToken == "" {
		return nil, errors.New("client token empty")
	}
	may, err := b.core.Access().MountFilter(ctx, req)
	if err != nil {
		return nil, err
	}
	if !b.dialect.Namespaces.Enabled {
		return logical.ListResponse([]string{""}), nil
	}
	parent := namespace.From(ctx)
	var names []string
	for _, n := range b.core.Namespaces().Below(parent, b.dialect.Namespaces.VisibleDeep) {
		if b.dialect.Namespaces.VisibleToAll || may(n.Path) {
			names = append(names, strings.TrimPrefix(n.Path, parent.Path))
		}
	}
	return logical.ListResponse(names), nil
}
