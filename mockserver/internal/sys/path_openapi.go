// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// openAPIPaths returns sys/internal/specs/openapi.
func (b *backend) openAPIPaths() []*framework.Path {
	return []*framework.Path{
		path("internal/specs/openapi", "Generate an OpenAPI 3 document of all mounted paths.", map[string]*framework.FieldSchema{
			"generic_mount_paths": {Type: framework.TypeBool, Query: true, Description: "Use generic mount paths."},
		}, operations{logical.ReadOperation: b.openAPI, logical.UpdateOperation: b.openAPI}),
	}
}

// openAPI returns a document of the mounts that the caller may see: what each
// backend's help says of its paths, below the mount's path
// (pathInternalOpenAPI in vault/logical_system.go).
func (b *backend) openAPI(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	may, err := b.core.Access().MountFilter(ctx, req)
	if err != nil {
		return nil, err
	}
	generic := d.Get("generic_mount_paths").(bool)
	doc := framework.NewOASDocument(b.dialect.Version)
	if name := b.dialect.DisplayName; !strings.Contains(doc.Info.Title, name) { // sdk/framework/openapi.go of OpenBao
		doc.Info.Title = name + " API"
		doc.Info.Description = strings.ReplaceAll(doc.Info.Description, "Vault", name)
	}
	for _, r := range b.core.Mounts(ctx) {
		e := r.Entry()
		if e.Config.ListingVisibility != "unauth" && (may == nil || !may(e.TablePath())) {
			continue
		}
		paths, err := b.mountDocument(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("the OpenAPI document of %s: %w", e.FullPath(), err)
		}
		addMount(doc, paths, e, generic)
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		logical.HTTPStatusCode: http.StatusOK, logical.HTTPContentType: "application/json", logical.HTTPRawBody: body,
	}}, nil
}

// mountDocument asks a mount's backend for its document, which is empty if the
// mount has no backend, or the backend no document.
func (b *backend) mountDocument(ctx context.Context, e *mounts.Entry) (*framework.OASDocument, error) {
	resp, err := b.core.Route(ctx, &logical.Request{
		Operation: logical.HelpOperation, Path: e.FullPath(),
		Data: map[string]any{"requestResponsePrefix": e.Type},
	})
	none := framework.NewOASDocument("")
	switch {
	case errors.Is(err, logical.ErrUnsupportedPath): // it was skipped at the start, or is being removed
		return none, nil
	case err != nil:
		return nil, err
	case resp == nil:
		return none, nil
	}
	switch doc := resp.Data["openapi"].(type) {
	case *framework.OASDocument:
		return doc, nil
	case map[string]any: // of a plugin process
		return framework.NewOASDocumentFromMap(doc)
	}
	return none, nil
}

// addMount adds the paths of a mount to the document. With generic, mounts that
// can be anywhere are parameters: /auth/{my_jwt_mount_path}/login.
func addMount(doc, of *framework.OASDocument, e *mounts.Entry, generic bool) {
	prefix := ""
	if e.Auth {
		prefix = "auth/"
	}
	at, parameter := e.Path, ""
	if generic && !isSingleton(e) {
		parameter = strings.TrimRight(strings.ReplaceAll(e.Path, "-", "_"), "/") + "_mount_path"
		at = "{" + parameter + "}/"
	}
	tag := tagOf(e.FullPath())
	for path, item := range of.Paths {
		for _, operation := range []*framework.OASOperation{item.Get, item.Post, item.Delete} {
			if operation != nil && tag != "" && (len(operation.Tags) == 0 || tag == "identity") {
				operation.Tags = []string{tag}
			}
		}
		if parameter != "" {
			item.Parameters = append(item.Parameters, framework.OASParameter{
				Name: parameter, Description: "Path that the backend was mounted at", In: "path", Required: true,
				Schema: &framework.OASSchema{Type: "string", Default: strings.TrimRight(e.Path, "/")},
			})
		}
		doc.Paths["/"+prefix+at+strings.TrimPrefix(path, "/")] = item
	}
	maps.Copy(doc.Components.Schemas, of.Components.Schemas)
}

// isSingleton reports whether a mount is the only one of its type, at a path that
// never changes.
func isSingleton(e *mounts.Entry) bool {
	if e.Auth {
		return e.Type == "token"
	}
	return e.Type == "system" || e.Type == "identity" || e.Type == "cubbyhole"
}

// tagOf returns the tag of operations whose own backend gives them none.
func tagOf(mount string) string {
	switch mount {
	case "cubbyhole/", "secret/":
		return "secrets"
	case "sys/":
		return "system"
	case "auth/token/":
		return "auth"
	case "identity/":
		return "identity"
	}
	return ""
}
