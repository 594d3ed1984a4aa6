// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

func (s *Store) groupAliasPaths() []*framework.Path {
	fields := stringFields(map[string]string{
		"id": "ID of the alias. If set, the alias is updated.", "name": "What the mount calls the group.",
		"mount_accessor": "Accessor of the mount.", "canonical_id": "ID of the group.",
	})
	return []*framework.Path{
		writePath("group-alias$", fields, "Create or update an alias of a group.", s.withLock(s.registerGroupAlias)),
		path("group-alias/id/"+framework.GenericNameRegex("id"), fields, "An alias of a group by its ID.",
			itemOperations(s, s.writeGroupAliasByID, s.findGroupAlias, s.showGroupAlias, s.deleteGroupAlias)),
		s.listPath("group-alias/id/?$", s.listGroupAliases),
	}
}

func (s *Store) registerGroupAlias(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if _, ok := d.GetOk("id"); ok {
		return s.writeGroupAliasByID(ctx, req, d)
	}
	return s.writeGroupAlias(ctx, d, nil)
}

func (s *Store) writeGroupAliasByID(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := stringField(d, "id")
	if id == "" {
		return logical.ErrorResponse("empty group alias ID"), nil
	}
	g, err := found(s.groupByAliasID(ctx, id))
	if err != nil {
		return nil, err
	}
	if g == nil {
		return logical.ErrorResponse("invalid group alias ID"), nil
	}
	return s.writeGroupAlias(ctx, d, g)
}

// writeGroupAlias is handleGroupAliasUpdateCommon of vault/identity/store_group_aliases.go;
// from is the group that has the alias, nil for a new one.
func (s *Store) writeGroupAlias(ctx context.Context, d *framework.FieldData, from *Group) (*logical.Response, error) {
	name, accessor, id := stringField(d, "name"), stringField(d, "mount_accessor"), stringField(d, "canonical_id")
	var alias Alias
	switch {
	case name == "":
		return logical.ErrorResponse("missing alias name"), nil
	case accessor == "":
		return logical.ErrorResponse("missing mount_accessor"), nil
	case from == nil:
		if err := s.giveID(ctx, &alias); err != nil {
			return nil, err
		}
	case from.Alias.Name == name && from.Alias.MountAccessor == accessor && (id == "" || id == from.ID):
		return nil, nil
	default:
		alias = *from.Alias
		alias.Updated = s.now()
	}
	to, refused, err := s.groupForAlias(ctx, id, from)
	if refused != nil || err != nil {
		return refused, err
	}
	if refused, err := s.checkGroupAlias(ctx, name, accessor, alias.ID); refused != nil || err != nil {
		return refused, err
	}
	alias.Name, alias.MountAccessor = name, accessor
	if from != nil && from.ID != to.ID {
		left := from.clone()
		left.Alias = nil
		if err := s.putGroup(ctx, left); err != nil {
			return nil, err
		}
	}
	to.Alias, to.Updated = &alias, s.now()
	return aliasAnswer(alias.ID, to.ID), s.putGroup(ctx, to)
}

// groupForAlias returns the group that gets an alias, to be changed: the named one, that
// which has it, or a new one.
func (s *Store) groupForAlias(ctx context.Context, id string, from *Group) (to *Group, refused *logical.Response, err error) {
	if id == "" && from != nil {
		return from.clone(), nil, nil
	}
	if id == "" {
		g := &Group{Type: externalGroup, Created: s.now()}
		g.ID, g.Name, err = s.madeUp(ctx, "group")
		return g, nil, err
	}
	g, err := found(s.Group(ctx, id))
	switch {
	case err != nil:
		return nil, nil, err
	case g == nil:
		return nil, logical.ErrorResponse("invalid group ID given in 'canonical_id'"), nil
	case g.Type != externalGroup:
		return nil, logical.ErrorResponse("alias can't be set on an internal group"), nil
	}
	return g.clone(), nil, nil
}

func (s *Store) checkGroupAlias(ctx context.Context, name, accessor, id string) (refused *logical.Response, err error) {
	m, ok := s.mounts.MountByAccessor(accessor)
	switch {
	case !ok:
		return logical.ErrorResponse("invalid mount accessor %q", accessor), nil
	case m.Local:
		return logical.ErrorResponse("mount accessor %q is a local mount", accessor), nil
	case m.NamespaceID != namespace.From(ctx).ID:
		return logical.ErrorResponse("mount referenced via 'mount_accessor' not in the same namespace as alias"), logical.ErrPermissionDenied
	}
	g, err := found(s.groupByAlias(ctx, accessor, name))
	if err == nil && g != nil && g.Alias.ID != id {
		return logical.ErrorResponse("combination of mount and group alias name is already in use"), nil
	}
	return nil, err
}

func (s *Store) findGroupAlias(ctx context.Context, d *framework.FieldData) (*Group, error) {
	return s.groupByAliasID(ctx, stringField(d, "id"))
}

func (s *Store) showGroupAlias(_ context.Context, g *Group) (*logical.Response, error) {
	return s.aliasRead(g.Alias, g.ID), nil
}

func (s *Store) deleteGroupAlias(ctx context.Context, g *Group) error {
	g = g.clone()
	g.Alias = nil
	return s.putGroup(ctx, g)
}

func (s *Store) listGroupAliases(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	all, err := s.groupsThat(ctx, func(g *Group) bool { return g.Alias != nil })
	if err != nil {
		return nil, err
	}
	list := make(map[string]any)
	for _, g := range all {
		list[g.Alias.ID] = s.aliasInfo(g.Alias, g.ID)
	}
	return listOf(list), nil
}
