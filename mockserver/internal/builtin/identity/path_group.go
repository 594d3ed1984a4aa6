// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/policy"
)

func (s *Store) groupPaths() []*framework.Path {
	fields := stringFields(map[string]string{
		"id": "ID of the group. If set, the group is updated.", "type": "internal or external.", "name": "Name of the group.",
	})
	fields["metadata"] = &framework.FieldSchema{Type: framework.TypeKVPairs, Description: "Metadata of the group."}
	for name, description := range map[string]string{
		"policies": "Policies of the group.", "member_group_ids": "IDs of groups that are members.", "member_entity_ids": "IDs of entities that are members.",
	} {
		fields[name] = &framework.FieldSchema{Type: framework.TypeCommaStringSlice, Description: description}
	}
	return []*framework.Path{
		writePath("group$", fields, "Create or update a group.", s.withLock(s.registerGroup)),
		path("group/id/"+framework.GenericNameRegex("id"), fields, "A group by its ID.", itemOperations(s, s.writeGroupByID, func(ctx context.Context, d *framework.FieldData) (*Group, error) {
			return s.Group(ctx, stringField(d, "id"))
		}, s.groupAnswer, s.deleteGroup)),
		s.listPath("group/id/?$", listOperation(s.allGroups, func(g *Group) string { return g.ID }, s.groupInfo)),
		path("group/name/(?P<name>.+)", fields, "A group by its name.", itemOperations(s, s.writeGroupByName, func(ctx context.Context, d *framework.FieldData) (*Group, error) {
			return s.groupByName(ctx, stringField(d, "name"))
		}, s.groupAnswer, s.deleteGroup)),
		s.listPath("group/name/?$", listOperation(s.allGroups, func(g *Group) string { return g.Name }, s.groupInfo)),
	}
}

func (s *Store) registerGroup(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	if _, ok := d.GetOk("id"); ok {
		return s.writeGroupByID(ctx, req, d)
	}
	if _, ok := d.GetOk("name"); ok {
		return s.writeGroupByName(ctx, req, d)
	}
	return s.writeGroup(ctx, d, nil)
}

func (s *Store) writeGroupByID(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id := stringField(d, "id")
	if id == "" {
		return logical.ErrorResponse("empty group ID"), nil
	}
	g, err := found(s.Group(ctx, id))
	if err != nil {
		return nil, err
	}
	if g == nil {
		return logical.ErrorResponse("invalid group ID"), nil
	}
	return s.writeGroup(ctx, d, g)
}

func (s *Store) writeGroupByName(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	name := stringField(d, "name")
	if name == "" {
		return logical.ErrorResponse("empty group name"), nil
	}
	g, err := found(s.groupByName(ctx, name))
	if err != nil {
		return nil, err
	}
	return s.writeGroup(ctx, d, g)
}

// writeGroup is handleGroupUpdateCommon of vault/identity/store_groups.go; before is nil
// for a new group.
func (s *Store) writeGroup(ctx context.Context, d *framework.FieldData, before *Group) (*logical.Response, error) {
	g := &Group{Created: s.now()}
	if before != nil {
		g = before.clone()
	}
	refused, err := s.setGroup(ctx, d, g)
	if refused != nil || err != nil {
		return refused, err
	}
	if before == nil {
		id, name, err := s.madeUp(ctx, "group")
		if err != nil {
			return nil, err
		}
		g.ID, g.Updated = id, g.Created
		if g.Name == "" {
			g.Name = name
		}
	} else {
		g.Updated = s.now()
	}
	if err := s.checkGroup(ctx, g); err != nil {
		return nil, err
	}
	changed := []*Group{g}
	if members, ok := d.GetOk("member_group_ids"); ok {
		others, refused, err := s.withMembers(ctx, g, before != nil, strutil.RemoveDuplicates(members.([]string), false))
		if refused != nil || err != nil {
			return refused, err
		}
		changed = append(others, g)
	}
	for _, group := range changed {
		if err := s.putGroup(ctx, group); err != nil {
			return nil, err
		}
	}
	if before != nil {
		return nil, nil
	}
	return &logical.Response{Data: map[string]any{"id": g.ID, "name": g.Name}}, nil
}

// setGroup takes the fields of a request.
func (s *Store) setGroup(ctx context.Context, d *framework.FieldData, g *Group) (refused *logical.Response, err error) {
	if policies, ok := d.GetOk("policies"); ok {
		g.Policies = strutil.RemoveDuplicates(policies.([]string), true)
	}
	if slices.Contains(g.Policies, policy.Root) {
		return logical.ErrorResponse("policies cannot contain root"), nil
	}
	if kind, ok := d.GetOk("type"); ok {
		if g.Type != "" && kind.(string) != g.Type {
			return logical.ErrorResponse("group type cannot be changed"), nil
		}
		g.Type = kind.(string)
	}
	if g.Type == "" {
		g.Type = internalGroup
	}
	if g.Type != internalGroup && g.Type != externalGroup {
		return logical.ErrorResponse("invalid group type %q", g.Type), nil
	}
	if name := stringField(d, "name"); name != "" {
		named, err := found(s.groupByName(ctx, name))
		if err != nil {
			return nil, err
		}
		if named != nil && named.ID != g.ID {
			return logical.ErrorResponse("group name is already in use"), nil
		}
		g.Name = name
	}
	metadata, ok, err := d.GetOkErr("metadata")
	if err != nil {
		return logical.ErrorResponse("failed to parse metadata: %v", err), nil
	}
	if ok {
		g.Metadata = metadata.(map[string]string)
	}
	if members, ok := d.GetOk("member_entity_ids"); ok {
		if g.Type == externalGroup {
			return logical.ErrorResponse("member entities can't be set manually for external groups"), nil
		}
		g.Entities = members.([]string)
	}
	if _, ok := d.GetOk("member_group_ids"); ok && g.Type == externalGroup {
		return logical.ErrorResponse("member groups can't be set for external groups"), nil
	}
	return nil, nil
}

// checkGroup checks what servers report as their own failure.
func (s *Store) checkGroup(ctx context.Context, g *Group) error {
	if err := checkMetadata(g.Metadata); err != nil {
		return fmt.Errorf("invalid group metadata: %w", err)
	}
	if g.Entities == nil {
		return nil
	}
	g.Entities = strutil.RemoveDuplicates(g.Entities, false)
	for _, id := range g.Entities {
		if _, err := s.Get(ctx, id); errors.Is(err, ErrNotFound) {
			return fmt.Errorf("invalid entity ID %q", id)
		} else if err != nil {
			return fmt.Errorf("failed to validate entity ID %q: %w", id, err)
		}
	}
	return nil
}

// withMembers returns the groups that change when a group becomes the parent of these and
// of no others. Nothing is stored: servers abort a write that they refuse.
func (s *Store) withMembers(ctx context.Context, g *Group, stored bool, members []string) (changed []*Group, refused *logical.Response, err error) {
	current, err := s.memberGroups(ctx, g.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, member := range current {
		if !slices.Contains(members, member.ID) {
			member = member.clone()
			member.Parents = slices.DeleteFunc(member.Parents, func(id string) bool { return id == g.ID })
			changed = append(changed, member)
		}
	}
	for _, id := range members {
		member, err := found(s.Group(ctx, id))
		switch {
		case err != nil:
			return nil, nil, err
		case member == nil:
			return nil, nil, fmt.Errorf("invalid member group ID %q", id)
		case slices.Contains(member.Parents, g.ID):
			continue
		case id == g.ID:
			return nil, nil, fmt.Errorf("member group ID %q is same as the ID of the group", id)
		}
		if stored {
			cycle, err := s.leadsTo(ctx, id, g.ID, make(map[string]bool))
			if err != nil {
				return nil, nil, fmt.Errorf("failed to perform cyclic relationship detection for member group ID %q", id)
			}
			if cycle {
				return nil, logical.ErrorResponse("cyclic relationship detected for member group ID %q", id), nil
			}
		}
		member = member.clone()
		member.Parents = append(member.Parents, g.ID)
		changed = append(changed, member)
	}
	return changed, nil, nil
}

// groupAnswer is a group as the servers show it.
func (s *Store) groupAnswer(ctx context.Context, g *Group) (*logical.Response, error) {
	members, err := s.memberGroups(ctx, g.ID)
	if err != nil {
		return nil, err
	}
	alias := map[string]any{}
	if g.Alias != nil {
		alias = s.aliasData(g.Alias, g.ID)
	}
	var memberIDs []string
	if len(members) > 0 {
		memberIDs = groupIDs(members)
	}
	return &logical.Response{Data: map[string]any{
		"id": g.ID, "name": g.Name, "type": g.Type, "policies": g.Policies, "metadata": g.Metadata, "alias": alias,
		"member_entity_ids": g.Entities, "member_group_ids": memberIDs, "parent_group_ids": g.Parents,
		"creation_time": g.Created.Format(time.RFC3339Nano), "last_update_time": updated(g.Created, g.Updated),
		"modify_index": g.Writes, "namespace_id": namespaceID(g.ID),
	}}, nil
}

// groupInfo is a group in a list.
func (s *Store) groupInfo(g *Group) (id string, data map[string]any) {
	data = map[string]any{"name": g.Name, "num_member_entities": len(g.Entities), "num_parent_groups": len(g.Parents)}
	if g.Alias != nil {
		data["alias"] = s.aliasSummary(g.Alias)
	}
	return g.ID, data
}
