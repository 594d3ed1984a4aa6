// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/custommetadata"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

func (s *Store) aliasPaths() []*framework.Path {
	fields := stringFields(map[string]string{
		"id": "ID of the alias. If set, the alias is updated.", "entity_id": "The same as canonical_id, as it was called.",
		"canonical_id": "ID of the entity.", "mount_accessor": "Accessor of the mount.", "name": "Name at the mount.",
	})
	now := maps.Clone(fields)
	now["custom_metadata"] = &framework.FieldSchema{Type: framework.TypeKVPairs, Description: "Metadata of the operator."}
	persona := stringFields(map[string]string{
		"id": "ID of the entity. If set, the entity is updated.", "entity_id": "Ignored.", "mount_accessor": "Ignored.", "name": "Name of the entity.",
	})
	persona["metadata"] = &framework.FieldSchema{Type: framework.TypeKVPairs, Description: "Metadata of the entity."}
	return slices.Concat(
		s.aliasPathsAt("entity-alias", now, s.writeAlias),
		// What aliases were called before. Writing a persona writes an entity
		// (upgradePaths in vault/identity/store_upgrade.go).
		s.aliasPathsAt("alias", fields, s.writeAlias), s.aliasPathsAt("persona", persona, s.writeEntity),
	)
}

// aliasPathsAt returns the paths of aliases under one of their names.
func (s *Store) aliasPathsAt(at string, fields map[string]*framework.FieldSchema, write framework.OperationFunc) []*framework.Path {
	return []*framework.Path{
		writePath(at+"$", fields, "Create or update an alias.", s.withLock(write)),
		path(at+"/id/"+framework.GenericNameRegex("id"), fields, "An alias by its ID.", itemOperations(s, write, s.findAlias, s.showAlias, s.deleteAlias)),
		s.listPath(at+"/id/?$", s.listAliases),
	}
}

// aliasChange is what a request wants of an alias.
type aliasChange struct {
	name, accessor, entity string
	custom                 map[string]string
}

// writeAlias is handleAliasCreateUpdate of vault/identity/store_aliases.go.
func (s *Store) writeAlias(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	want := aliasChange{name: stringField(d, "name"), accessor: stringField(d, "mount_accessor"), entity: stringField(d, "canonical_id"), custom: map[string]string{}}
	if want.entity == "" {
		want.entity = stringField(d, "entity_id")
	}
	custom, hasCustom := d.GetOk("custom_metadata")
	if hasCustom {
		want.custom = custom.(map[string]string)
	}
	if len(want.custom) > 0 {
		if err := custommetadata.Validate(want.custom); err != nil {
			return nil, err
		}
	}
	if id := stringField(d, "id"); id != "" {
		return s.writeAliasByID(ctx, id, want, hasCustom)
	}
	if want.accessor == "" || want.name == "" {
		return logical.ErrorResponse("'id' or 'mount_accessor' and 'name' must be provided"), nil
	}
	m, ok := s.mounts.MountByAccessor(want.accessor)
	if !ok {
		return logical.ErrorResponse("invalid mount accessor %q", want.accessor), nil
	}
	if m.NamespaceID != namespace.From(ctx).ID {
		return logical.ErrorResponse("matching mount is in a different namespace than request"), logical.ErrPermissionDenied
	}
	e, err := found(s.byAlias(ctx, want.accessor, want.name))
	if err != nil {
		return nil, err
	}
	if e != nil {
		return s.updateAlias(ctx, e, e.aliasAt(want.accessor, want.name), want)
	}
	return s.createAlias(ctx, m, want)
}

// writeAliasByID fills in what a request leaves out.
func (s *Store) writeAliasByID(ctx context.Context, id string, want aliasChange, hasCustom bool) (*logical.Response, error) {
	e, alias, err := s.byAliasID(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return logical.ErrorResponse("invalid alias ID provided"), nil
	}
	if err != nil {
		return nil, err
	}
	if want.accessor == "" && want.name == "" && want.entity == "" && !hasCustom {
		return nil, nil
	}
	if !hasCustom {
		want.custom = nil // as an empty one becomes when servers copy the alias
		if len(alias.CustomMetadata) > 0 {
			want.custom = alias.CustomMetadata
		}
	}
	if want.accessor == "" {
		want.accessor = alias.MountAccessor
	}
	if want.name == "" {
		want.name = alias.Name
	}
	return s.updateAlias(ctx, e, alias, want)
}

func (s *Store) createAlias(ctx context.Context, m Mount, want aliasChange) (*logical.Response, error) {
	var before, e *Entity
	var err error
	if want.entity != "" {
		if before, err = found(s.Get(ctx, want.entity)); err != nil {
			return nil, err
		}
		if before == nil {
			return logical.ErrorResponse("invalid canonical ID"), nil
		}
		e = before.clone()
	} else if e, err = s.newEntity(ctx); err != nil {
		return nil, err
	}
	if e.hasAliasAt(want.accessor) {
		return logical.ErrorResponse("Alias already exists for requested entity and mount accessor"), nil
	}
	alias := Alias{
		Name: want.name, MountAccessor: want.accessor, MountType: m.Type, MountPath: m.Path, Local: m.Local, CustomMetadata: want.custom,
	}
	if err := s.giveID(ctx, &alias); err != nil {
		return nil, err
	}
	e.Aliases = append(e.Aliases, alias)
	return aliasAnswer(alias.ID, e.ID), s.put(ctx, e, before)
}

// updateAlias is handleAliasUpdate of vault/identity/store_aliases.go.
func (s *Store) updateAlias(ctx context.Context, from *Entity, alias *Alias, want aliasChange) (*logical.Response, error) {
	moves := want.entity != "" && want.entity != from.ID
	if want.name == alias.Name && want.accessor == alias.MountAccessor && !moves && maps.Equal(want.custom, alias.CustomMetadata) {
		return nil, nil
	}
	if want.accessor != alias.MountAccessor && !moves && from.hasAliasAt(want.accessor) {
		return logical.ErrorResponse("Alias cannot be updated as the entity already has an alias for the given 'mount_accessor' "), nil
	}
	m, ok := s.mounts.MountByAccessor(want.accessor)
	if !ok {
		return logical.ErrorResponse("invalid mount accessor %q", want.accessor), nil
	}
	if m.NamespaceID != namespaceID(alias.ID) {
		return logical.ErrorResponse("given mount accessor is not in the same namespace as the existing alias"), logical.ErrPermissionDenied
	}
	other, err := found(s.byAlias(ctx, want.accessor, want.name))
	if err != nil {
		return nil, err
	}
	if other != nil && other.aliasAt(want.accessor, want.name).ID != alias.ID {
		return logical.ErrorResponse("alias with combination of mount accessor and name already exists"), nil
	}
	changed := *alias
	changed.Name, changed.MountAccessor, changed.CustomMetadata, changed.Updated = want.name, want.accessor, want.custom, s.now()
	changed.MountType, changed.MountPath, changed.Local = m.Type, m.Path, m.Local
	if !moves {
		e := from.clone()
		*e.alias(alias.ID) = changed
		return aliasAnswer(alias.ID, e.ID), s.put(ctx, e, from)
	}
	return s.moveAlias(ctx, from, changed, want.entity)
}

// moveAlias gives an alias to another entity.
func (s *Store) moveAlias(ctx context.Context, from *Entity, alias Alias, entity string) (*logical.Response, error) {
	if alias.Local {
		return logical.ErrorResponse("local aliases can't be moved between entities"), nil
	}
	before, err := found(s.Get(ctx, entity))
	switch {
	case err != nil:
		return nil, err
	case before == nil:
		return logical.ErrorResponse("given 'canonical_id' is not associated with an entity"), nil
	case before.hasAliasAt(alias.MountAccessor):
		return logical.ErrorResponse("Alias cannot be updated as the given entity already has an alias for this mount "), nil
	}
	to := before.clone()
	to.Aliases = append(to.Aliases, alias)
	if err := s.put(ctx, to, before); err != nil {
		return nil, err
	}
	left := from.clone()
	left.removeAlias(alias.ID)
	return aliasAnswer(alias.ID, to.ID), s.put(ctx, left, from)
}

func aliasAnswer(id, canonical string) *logical.Response {
	return &logical.Response{Data: map[string]any{"id": id, "canonical_id": canonical}}
}

// ownedAlias is an alias with its entity.
type ownedAlias struct {
	entity *Entity
	alias  *Alias
}

func (s *Store) findAlias(ctx context.Context, d *framework.FieldData) (*ownedAlias, error) {
	e, alias, err := s.byAliasID(ctx, stringField(d, "id"))
	if err != nil {
		return nil, err
	}
	return &ownedAlias{e, alias}, nil
}

func (s *Store) showAlias(_ context.Context, owned *ownedAlias) (*logical.Response, error) {
	return s.aliasRead(owned.alias, owned.entity.ID), nil
}

func (s *Store) deleteAlias(ctx context.Context, owned *ownedAlias) error {
	e := owned.entity.clone()
	e.removeAlias(owned.alias.ID)
	return s.put(ctx, e, owned.entity)
}

// aliasRead is the answer to a read of an alias of an entity or a group.
func (s *Store) aliasRead(a *Alias, canonical string) *logical.Response {
	data := s.aliasData(a, canonical)
	data["custom_metadata"], data["namespace_id"], data["local"] = a.CustomMetadata, namespaceID(a.ID), a.Local
	return &logical.Response{Data: data}
}

// aliasData is what is shown of every alias of an entity or a group.
func (s *Store) aliasData(a *Alias, canonical string) map[string]any {
	return s.withMount(a, map[string]any{
		"id": a.ID, "canonical_id": canonical, "name": a.Name, "metadata": a.Metadata, "mount_accessor": a.MountAccessor,
		"merged_from_canonical_ids": a.MergedFrom,
		"creation_time":             a.Created.Format(time.RFC3339Nano), "last_update_time": updated(a.Created, a.Updated),
	})
}

// aliasSummary is an alias in a list of entities or groups.
func (s *Store) aliasSummary(a *Alias) map[string]any {
	return s.withMount(a, map[string]any{"id": a.ID, "name": a.Name, "mount_accessor": a.MountAccessor})
}

// withMount adds the type and the path of an alias's mount, if it is still there.
func (s *Store) withMount(a *Alias, data map[string]any) map[string]any {
	if m, ok := s.mounts.MountByAccessor(a.MountAccessor); ok {
		data["mount_type"], data["mount_path"] = m.Type, m.Path
	}
	return data
}

func (s *Store) listAliases(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	all, err := s.all(ctx)
	if err != nil {
		return nil, err
	}
	list := make(map[string]any)
	for _, e := range all {
		for i := range e.Aliases {
			list[e.Aliases[i].ID] = s.aliasInfo(&e.Aliases[i], e.ID)
		}
	}
	return listOf(list), nil
}

// aliasInfo is an alias in a list of aliases.
func (s *Store) aliasInfo(a *Alias, canonical string) map[string]any {
	info := map[string]any{
		"name": a.Name, "canonical_id": canonical, "mount_accessor": a.MountAccessor,
		"custom_metadata": a.CustomMetadata, "local": a.Local,
	}
	if s.differs.AliasMetadataListed {
		info["metadata"] = a.Metadata
	}
	return s.withMount(a, info)
}
