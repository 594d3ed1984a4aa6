// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

// Backend returns the secrets engine at identity/. It reads; what it can't do
// it refuses with 501 and says so, rather than pretend.
func (s *Store) Backend(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	b := &framework.Backend{
		Help:        "The identity store knows the entities that have logged in.",
		BackendType: logical.TypeLogical,
		Paths: append(s.keyPaths(),
			s.listPath("entity/id/?$", s.list(entityPrefix)),
			s.listPath("entity/name/?$", s.list(namePrefix)),
			s.readPath("entity/id/"+framework.GenericNameRegex("id"), "id", s.Get),
			s.readPath("entity/name/(?P<name>.+)", "name", s.ByName),
			s.lookupPath(),
			s.otherPath(),
		),
	}
	return b, b.Setup(ctx, config)
}

func (s *Store) listPath(pattern string, list framework.OperationFunc) *framework.Path {
	return &framework.Path{
		Pattern: pattern,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ListOperation: &framework.PathOperation{Callback: list},
		},
		HelpSynopsis: "List what there is.",
	}
}

func (s *Store) list(prefix string) framework.OperationFunc {
	return func(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
		keys, err := s.storage.List(ctx, prefix)
		if err != nil {
			return nil, err
		}
		info := make(map[string]any, len(keys))
		for _, key := range keys {
			if prefix != entityPrefix {
				break
			}
			e, err := s.Get(ctx, key)
			if errors.Is(err, ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			info[key] = e.summary()
		}
		return logical.ListResponseWithInfo(keys, info), nil
	}
}

// summary is an entity in a list.
func (e *Entity) summary() map[string]any {
	aliases := make([]any, len(e.Aliases))
	for i, a := range e.Aliases {
		aliases[i] = map[string]any{
			"id": a.ID, "name": a.Name, "mount_accessor": a.MountAccessor, "mount_type": a.MountType, "mount_path": a.MountPath,
		}
	}
	return map[string]any{"name": e.Name, "aliases": aliases}
}

func (s *Store) readPath(pattern, field string, find func(context.Context, string) (*Entity, error)) *framework.Path {
	refuse := &framework.PathOperation{Callback: notEmulated}
	return &framework.Path{
		Pattern: pattern,
		Fields:  map[string]*framework.FieldSchema{field: {Type: framework.TypeString}},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: &framework.PathOperation{
				Callback: func(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
					return answer(find(ctx, d.Get(field).(string)))
				},
			},
			logical.UpdateOperation: refuse,
			logical.DeleteOperation: refuse,
		},
		HelpSynopsis: "Read an entity.",
	}
}

func (s *Store) lookupPath() *framework.Path {
	fields := make(map[string]*framework.FieldSchema)
	for _, name := range []string{"id", "name", "alias_id", "alias_name", "alias_mount_accessor"} {
		fields[name] = &framework.FieldSchema{Type: framework.TypeString}
	}
	return &framework.Path{
		Pattern: "lookup/entity$",
		Fields:  fields,
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: &framework.PathOperation{Callback: s.lookup},
		},
		HelpSynopsis: "Find an entity by its ID, its name, or an alias's name and mount.",
	}
}

func (s *Store) lookup(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	text := func(name string) string { return d.Get(name).(string) }
	var entity *Entity
	var err error
	switch {
	case text("id") != "":
		entity, err = s.Get(ctx, text("id"))
	case text("name") != "":
		entity, err = s.ByName(ctx, text("name"))
	case text("alias_name") != "" && text("alias_mount_accessor") != "":
		entity, err = s.ByAlias(ctx, text("alias_mount_accessor"), text("alias_name"))
	case text("alias_id") != "":
		return notEmulated(ctx, req, d)
	case text("alias_name")+text("alias_mount_accessor") != "":
		return logical.ErrorResponse("both 'alias_name' and 'alias_mount_accessor' needs to be set"), nil
	default:
		return logical.ErrorResponse("query parameter not supplied"), nil
	}
	resp, err := answer(entity, err)
	if resp == nil && err == nil {
		// The servers answer 204 here, not 404.
		return logical.RespondWithStatusCode(nil, req, http.StatusNoContent)
	}
	return resp, err
}

// otherPath catches everything else.
func (s *Store) otherPath() *framework.Path {
	refuse := &framework.PathOperation{Callback: notEmulated}
	return &framework.Path{
		Pattern: framework.MatchAllRegex("path"),
		Fields:  map[string]*framework.FieldSchema{"path": {Type: framework.TypeString}},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation: refuse, logical.UpdateOperation: refuse, logical.DeleteOperation: refuse,
			logical.ListOperation: refuse, logical.PatchOperation: refuse, policy.ScanOperation: refuse,
		},
		HelpSynopsis: "Not emulated.",
	}
}

func notEmulated(_ context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	return nil, logical.CodedError(http.StatusNotImplemented,
		"identity/"+req.Path+" ("+string(req.Operation)+") is not emulated by plugproof's mock server: "+
			"it makes entities at logins and reads them, and keeps the names of keys; test this against a real server")
}

// answer is an entity as the servers show it; nil for one that doesn't exist.
func answer(e *Entity, err error) (*logical.Response, error) {
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	created := e.Created.Format(time.RFC3339Nano)
	aliases := make([]any, len(e.Aliases))
	for i, a := range e.Aliases {
		aliases[i] = map[string]any{
			"id": a.ID, "canonical_id": e.ID, "name": a.Name, "metadata": a.Metadata,
			"mount_accessor": a.MountAccessor, "mount_type": a.MountType, "mount_path": a.MountPath,
			"merged_from_canonical_ids": nil, "custom_metadata": nil, "local": a.Local,
			"creation_time": a.Created.Format(time.RFC3339Nano), "last_update_time": a.Created.Format(time.RFC3339Nano),
		}
	}
	return &logical.Response{Data: map[string]any{
		"id": e.ID, "name": e.Name, "aliases": aliases, "metadata": nil, "policies": []string{},
		"merged_entity_ids": nil, "disabled": false, "namespace_id": e.NamespaceID(),
		"group_ids": []string{}, "direct_group_ids": []string{}, "inherited_group_ids": []string{},
		"creation_time": created, "last_update_time": created,
	}}, nil
}
