// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

func (s *Store) entityPaths() []*framework.Path {
	fields := map[string]*framework.FieldSchema{
		"id":       {Type: framework.TypeString, Description: "ID of the entity. If set, the entity is updated."},
		"name":     {Type: framework.TypeString, Description: "Name of the entity."},
		"metadata": {Type: framework.TypeKVPairs, Description: "Metadata of the entity."},
		"policies": {Type: framework.TypeCommaStringSlice, Description: "Policies of the entity."},
		"disabled": {Type: framework.TypeBool, Description: "Whether tokens of the entity can't be used."},
	}
	return []*framework.Path{
		writePath("entity$", fields, "Create or update an entity.", s.withLock(s.writeEntity)),
		path("entity/name/(?P<name>.+)", fields, "An entity by its name.", itemOperations(s, s.writeEntity, func(ctx context.Context, d *framework.FieldData) (*Entity, error) {
			return s.byName(ctx, stringField(d, "name"))
		}, s.answer, s.delete)),
		path("entity/id/"+framework.GenericNameRegex("id"), fields, "An entity by its ID.", itemOperations(s, s.writeEntity, func(ctx context.Context, d *framework.FieldData) (*Entity, error) {
			return s.Get(ctx, stringField(d, "id"))
		}, s.answer, s.delete)),
		writePath("entity/batch-delete", map[string]*framework.FieldSchema{
			"entity_ids": {Type: framework.TypeCommaStringSlice, Description: "IDs of the entities to delete."},
		}, "Delete entities.", s.withLock(s.deleteEntities)),
		s.listPath("entity/name/?$", listOperation(s.all, func(e *Entity) string { return e.Name }, s.entityInfo)),
		s.listPath("entity/id/?$", listOperation(s.all, func(e *Entity) string { return e.ID }, s.entityInfo)),
	}
}

// writeEntity is handleEntityUpdateCommon of vault/identity/store_entities.go.
func (s *Store) writeEntity(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	before, refused, err := s.entityToWrite(ctx, d)
	if refused != nil || err != nil {
		return refused, err
	}
	e := before
	if before == nil {
		if e, err = s.newEntity(ctx); err != nil {
			return nil, err
		}
	}
	e = e.clone()
	if name := stringField(d, "name"); name != "" {
		e.Name = name
	}
	if policies, ok := d.GetOk("policies"); ok {
		e.Policies = strutil.RemoveDuplicates(policies.([]string), true)
	}
	if slices.Contains(e.Policies, policy.Root) {
		return logical.ErrorResponse("policies cannot contain root"), nil
	}
	if disabled, ok := d.GetOk("disabled"); ok {
		e.Disabled = disabled.(bool)
	}
	metadata, ok, err := d.GetOkErr("metadata")
	if err != nil {
		return logical.ErrorResponse("failed to parse metadata: %v", err), nil
	}
	if ok {
		e.Metadata = metadata.(map[string]string)
	}
	if err := checkMetadata(e.Metadata); err != nil {
		return nil, fmt.Errorf("invalid entity metadata: %w", err)
	}
	if before != nil {
		e.Updated = s.now()
		return nil, s.put(ctx, e, before)
	}
	if err := s.put(ctx, e, nil); err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"id": e.ID, "name": e.Name, "aliases": nil}}, nil
}

// entityToWrite returns the entity that a request is about: nil for a new one.
func (s *Store) entityToWrite(ctx context.Context, d *framework.FieldData) (e *Entity, refused *logical.Response, err error) {
	if id := stringField(d, "id"); id != "" {
		if e, err = found(s.Get(ctx, id)); err != nil {
			return nil, nil, err
		}
		if e == nil {
			return nil, logical.ErrorResponse("entity not found from id"), nil
		}
	}
	name := stringField(d, "name")
	if name == "" {
		return e, nil, nil
	}
	named, err := found(s.byName(ctx, name))
	switch {
	case err != nil:
		return nil, nil, err
	case named == nil, e != nil && e.ID == named.ID:
		return e, nil, nil
	case e == nil:
		return named, nil, nil
	}
	return nil, logical.ErrorResponse("entity name is already in use"), nil
}

func (s *Store) deleteEntities(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	ids := d.Get("entity_ids").([]string)
	if len(ids) == 0 {
		return logical.ErrorResponse("missing entity ids to delete"), nil
	}
	for _, id := range ids {
		e, err := found(s.Get(ctx, id))
		if err == nil && e != nil {
			err = s.delete(ctx, e)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// entityInfo is an entity in a list.
func (s *Store) entityInfo(e *Entity) (id string, data map[string]any) {
	data = map[string]any{"name": e.Name}
	if len(e.Aliases) > 0 {
		aliases := make([]any, len(e.Aliases))
		for i := range e.Aliases {
			aliases[i] = s.aliasSummary(&e.Aliases[i])
		}
		data["aliases"] = aliases
	}
	return e.ID, data
}

// answer is an entity as the servers show it.
func (s *Store) answer(ctx context.Context, e *Entity) (*logical.Response, error) {
	aliases := make([]any, len(e.Aliases))
	for i := range e.Aliases {
		a := &e.Aliases[i]
		data := s.aliasData(a, e.ID)
		data["local"], data["custom_metadata"] = a.Local, a.CustomMetadata
		aliases[i] = data
	}
	direct, inherited, err := s.GroupsOf(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{
		"id": e.ID, "name": e.Name, "aliases": aliases, "metadata": e.Metadata,
		"policies":          strutil.RemoveDuplicates(e.Policies, true),
		"merged_entity_ids": e.Merged, "disabled": e.Disabled, "namespace_id": namespaceID(e.ID),
		"group_ids": groupIDs(slices.Concat(direct, inherited)), "direct_group_ids": groupIDs(direct), "inherited_group_ids": groupIDs(inherited),
		"creation_time": e.Created.Format(time.RFC3339Nano), "last_update_time": updated(e.Created, e.Updated),
	}}, nil
}

func groupIDs(groups []*Group) []string {
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID
	}
	return ids
}
