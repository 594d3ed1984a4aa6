// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// The types of groups: those whose members an operator names, and those whose members
// are whom an auth method's logins say.
const (
	internalGroup = "internal"
	externalGroup = "external"
)

// Group has entities as members, and groups, whose parent it is.
type Group struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Type     string            `json:"type"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Policies []string          `json:"policies"`
	Entities []string          `json:"member_entity_ids"`
	Parents  []string          `json:"parent_group_ids"`
	// Alias is what an auth mount calls an external group; nil if none does.
	Alias *Alias `json:"alias,omitempty"`
	// Writes counts how often the group was written.
	Writes  uint64    `json:"modify_index"`
	Created time.Time `json:"creation_time"`
	Updated time.Time `json:"last_update_time"`
}

// clone returns a group whose fields can be replaced.
func (g *Group) clone() *Group {
	out := *g
	out.Entities, out.Parents = slices.Clone(g.Entities), slices.Clone(g.Parents)
	if g.Alias != nil {
		alias := *g.Alias
		out.Alias = &alias
	}
	return &out
}

// ForPlugins is the group as plugins see it.
func (g *Group) ForPlugins() *logical.Group {
	return &logical.Group{ID: g.ID, Name: g.Name, Metadata: g.Metadata, NamespaceID: namespaceID(g.ID)}
}

// removeEntity takes a member from a group that is not shared.
func (g *Group) removeEntity(id string) {
	g.Entities = slices.DeleteFunc(g.Entities, func(member string) bool { return member == id })
}

// Group returns a group by ID. It is shared and must not be changed.
func (s *Store) Group(ctx context.Context, id string) (*Group, error) {
	if !namespace.From(ctx).Owns(id) {
		return nil, ErrNotFound
	}
	return load(ctx, s.storage, s.groups, groupPrefix, id)
}

// allGroups returns the groups of a namespace by their IDs, sorted.
func (s *Store) allGroups(ctx context.Context) ([]*Group, error) {
	return loadAll(ctx, s.storage, groupPrefix, s.Group)
}

// groupsThat returns the groups that a condition holds for.
func (s *Store) groupsThat(ctx context.Context, holds func(*Group) bool) ([]*Group, error) {
	all, err := s.allGroups(ctx)
	return slices.DeleteFunc(all, func(g *Group) bool { return !holds(g) }), err
}

// firstGroup returns the first group that a condition holds for.
func (s *Store) firstGroup(ctx context.Context, holds func(*Group) bool) (*Group, error) {
	found, err := s.groupsThat(ctx, holds)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, ErrNotFound
	}
	return found[0], nil
}

func (s *Store) groupByName(ctx context.Context, name string) (*Group, error) {
	return s.firstGroup(ctx, func(g *Group) bool { return strings.EqualFold(g.Name, name) })
}

// groupByAlias returns the group that a mount calls by a name.
func (s *Store) groupByAlias(ctx context.Context, accessor, name string) (*Group, error) {
	return s.firstGroup(ctx, func(g *Group) bool {
		return g.Alias != nil && g.Alias.MountAccessor == accessor && strings.EqualFold(g.Alias.Name, name)
	})
}

func (s *Store) groupByAliasID(ctx context.Context, id string) (*Group, error) {
	return s.firstGroup(ctx, func(g *Group) bool { return g.Alias != nil && g.Alias.ID == id })
}

// groupsWith returns the groups that have the entity as a member.
func (s *Store) groupsWith(ctx context.Context, entity string) ([]*Group, error) {
	return s.groupsThat(ctx, func(g *Group) bool { return slices.Contains(g.Entities, entity) })
}

// memberGroups returns the groups whose parent the group is.
func (s *Store) memberGroups(ctx context.Context, parent string) ([]*Group, error) {
	return s.groupsThat(ctx, func(g *Group) bool { return slices.Contains(g.Parents, parent) })
}

// GroupsOf returns the groups of which an entity is a member, and those of which it is one
// through others.
func (s *Store) GroupsOf(ctx context.Context, entity string) (direct, inherited []*Group, err error) {
	all, err := s.allGroups(ctx)
	if err != nil {
		return nil, nil, err
	}
	byID, seen := make(map[string]*Group, len(all)), make(map[string]bool)
	for _, g := range all {
		byID[g.ID] = g
		if slices.Contains(g.Entities, entity) {
			direct = append(direct, g)
			seen[g.ID] = true
		}
	}
	for next := slices.Clone(direct); len(next) > 0; next = next[1:] {
		for _, id := range next[0].Parents {
			if parent := byID[id]; parent != nil && !seen[id] {
				seen[id] = true
				inherited, next = append(inherited, parent), append(next, parent)
			}
		}
	}
	return direct, inherited, nil
}

// Rights are what an entity's tokens have beside their own policies. Nobody may change
// them.
type Rights struct {
	// Policies are those of the entity and of its groups.
	Policies []string
	// Groups are what templates of policies say of the groups.
	Groups []*logical.Group
}

// Rights returns what an entity's tokens have beside their own policies.
func (s *Store) Rights(ctx context.Context, e *Entity) (Rights, error) {
	id := e.ID
	return s.rights.Get(id, func() (Rights, error) {
		e, err := s.Get(ctx, id) // the caller's may be older than what was forgotten last
		if err != nil {
			return Rights{}, err
		}
		direct, inherited, err := s.GroupsOf(ctx, id)
		if err != nil {
			return Rights{}, err
		}
		r := Rights{Policies: slices.Clone(e.Policies)}
		for _, g := range slices.Concat(direct, inherited) {
			r.Policies, r.Groups = append(r.Policies, g.Policies...), append(r.Groups, g.ForPlugins())
		}
		return r, nil
	})
}

// RefreshGroups makes an entity a member of the external groups that a login named, and of
// no others of the login's mount: of no others at all without an accessor. It returns the
// aliases that are those of groups.
func (s *Store) RefreshGroups(ctx context.Context, entity, accessor string, named []*logical.Alias) ([]*logical.Alias, error) {
	known, stale, err := s.memberships(ctx, entity, accessor, named)
	if err != nil || len(stale) == 0 {
		return known, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if known, stale, err = s.memberships(ctx, entity, accessor, named); err != nil {
		return nil, err
	}
	for _, g := range stale {
		was := slices.Contains(g.Entities, entity)
		g = g.clone()
		if g.removeEntity(entity); !was {
			g.Entities = append(g.Entities, entity)
		}
		if err := s.putGroup(ctx, g); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// memberships returns which of the aliases that a login at a mount named are those of
// groups, and the external groups in which the entity wrongly is, or is not.
func (s *Store) memberships(ctx context.Context, entity, accessor string, named []*logical.Alias) (known []*logical.Alias, stale []*Group, err error) {
	external, err := s.groupsThat(ctx, func(g *Group) bool { return g.Type == externalGroup })
	if err != nil {
		return nil, nil, err
	}
	for _, alias := range named {
		switch {
		case alias.Name == "":
			return nil, nil, errors.New("missing alias name")
		case alias.MountAccessor == "":
			return nil, nil, errors.New("missing mount accessor")
		}
		if slices.ContainsFunc(external, func(g *Group) bool { return g.isCalled(alias) }) {
			known = append(known, alias)
		}
	}
	for _, g := range external {
		wanted := slices.ContainsFunc(named, g.isCalled)
		elsewhere := accessor != "" && g.Alias != nil && g.Alias.MountAccessor != accessor
		if member := slices.Contains(g.Entities, entity); member != wanted && (wanted || !elsewhere) {
			stale = append(stale, g)
		}
	}
	return known, stale, nil
}

// isCalled reports whether an alias is the group's.
func (g *Group) isCalled(alias *logical.Alias) bool {
	return g.Alias != nil && g.Alias.MountAccessor == alias.MountAccessor && strings.EqualFold(g.Alias.Name, alias.Name)
}

// putGroup stores a group.
func (s *Store) putGroup(ctx context.Context, g *Group) error {
	g.Writes++
	raw, err := logical.StorageEntryJSON(groupPrefix+g.ID, g)
	if err != nil {
		return err
	}
	if err := s.storage.Put(ctx, raw); err != nil {
		return fmt.Errorf("store a group: %w", err)
	}
	s.forgetGroup(g.ID)
	return nil
}

func (s *Store) deleteGroup(ctx context.Context, g *Group) error {
	defer s.forgetGroup(g.ID)
	return s.storage.Delete(ctx, groupPrefix+g.ID)
}

// forgetGroup is for a group whose original was changed.
func (s *Store) forgetGroup(id string) {
	s.groups.Forget(id)
	s.rights.ForgetIf(func(Rights) bool { return true })
	s.changed("")
}

// leadsTo reports whether a group is, through its members, another one's parent.
func (s *Store) leadsTo(ctx context.Context, from, to string, seen map[string]bool) (bool, error) {
	if from == to {
		return true, nil
	}
	if seen[from] {
		return false, nil
	}
	seen[from] = true
	members, err := s.memberGroups(ctx, from)
	if err != nil {
		return false, err
	}
	for _, member := range members {
		if leads, err := s.leadsTo(ctx, member.ID, to, seen); leads || err != nil {
			return leads, err
		}
	}
	return false, nil
}
