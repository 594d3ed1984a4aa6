// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/go-secure-stdlib/strutil"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (s *Store) mergePaths() []*framework.Path {
	return []*framework.Path{writePath("entity/merge/?$", map[string]*framework.FieldSchema{
		"from_entity_ids":               {Type: framework.TypeCommaStringSlice, Description: "IDs of the entities to merge."},
		"to_entity_id":                  {Type: framework.TypeString, Description: "ID of the entity that they become part of."},
		"conflicting_alias_ids_to_keep": {Type: framework.TypeCommaStringSlice, Description: "Aliases to keep where two are at one mount."},
		"force":                         {Type: framework.TypeBool, Description: "Keep the MFA secrets of to_entity_id."},
	}, "Merge entities.", s.withLock(s.merge))}
}

// merge is pathEntityMergeID of vault/identity/store_entities.go.
func (s *Store) merge(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	id, from, keep := stringField(d, "to_entity_id"), d.Get("from_entity_ids").([]string), d.Get("conflicting_alias_ids_to_keep").([]string)
	if id == "" {
		return logical.ErrorResponse("missing entity id to merge to"), nil
	}
	if len(from) == 0 {
		return logical.ErrorResponse("missing entity ids to merge from"), nil
	}
	before, err := found(s.Get(ctx, id))
	switch {
	case err != nil:
		return nil, err
	case before == nil:
		return logical.ErrorResponse("entity id to merge to is invalid"), nil
	case len(from) > 1 && len(keep) > 1:
		return logical.ErrorResponse("aliases conflicts cannot be resolved with multiple from entity ids - merge one entity at a time"), nil
	}
	var sources []*Entity
	for _, id := range strutil.RemoveDuplicates(from, false) {
		if id == before.ID {
			return logical.ErrorResponse("to_entity_id should not be present in from_entity_ids"), nil
		}
		source, err := found(s.Get(ctx, id))
		if err != nil {
			return nil, err
		}
		if source == nil {
			return logical.ErrorResponse("entity id to merge from is invalid"), nil
		}
		sources = append(sources, source)
	}
	if len(keep) == 0 {
		if clash := s.clash(before, sources); clash != nil {
			return clash, nil
		}
	}
	to := before.clone()
	for _, source := range sources {
		if refused := to.take(source, keep); refused != "" {
			return logical.ErrorResponse(refused), nil
		}
	}
	return nil, s.putMerged(ctx, to, before, sources)
}

// clash returns the answer to a merge of entities that have aliases at the same mount, or
// nil: which those are.
func (s *Store) clash(to *Entity, sources []*Entity) *logical.Response {
	var clashes error
	var involved []map[string]any
	owner := make(map[string]string) // of a mount's alias among the sources
	for _, source := range sources {
		for _, mine := range to.Aliases {
			for _, theirs := range source.Aliases {
				if other, ok := owner[theirs.MountAccessor]; ok && other != source.ID {
					return logical.ErrorResponse("mount accessor %s found in multiple fromEntities, merge should be done with one fromEntity at a time", theirs.MountAccessor)
				}
				owner[theirs.MountAccessor] = source.ID
				if mine.MountAccessor != theirs.MountAccessor {
					continue
				}
				if clashes == nil {
					clashes = multierror.Append(clashes, errors.New("toEntity and at least one fromEntity have aliases with the same mount accessor, repeat the merge request specifying exactly one fromEntity, clashes: "))
				}
				clashes = multierror.Append(clashes, fmt.Errorf("mountAccessor: %s, toEntity ID: %s, fromEntity ID: %s, conflicting toEntity alias ID: %s, conflicting fromEntity alias ID: %s",
					mine.MountAccessor, to.ID, source.ID, mine.ID, theirs.ID))
				involved = append(involved, s.clashing(to, mine), s.clashing(source, theirs))
			}
		}
	}
	if clashes == nil {
		return nil
	}
	return &logical.Response{Data: map[string]any{"error": clashes.Error(), "data": involved}}
}

// clashing is an alias in the list of those that can't be merged.
func (s *Store) clashing(e *Entity, a Alias) map[string]any {
	m, _ := s.mounts.MountByAccessor(a.MountAccessor)
	return map[string]any{"alias": a.Name, "entity": e.Name, "entity_id": e.ID, "mount": m.Type, "mount_path": m.Path}
}

// take makes another entity part of this one. Of two aliases at one mount that in keep
// stays; the refusal says which ones if neither is in it.
func (e *Entity) take(source *Entity, keep []string) (refused string) {
	for _, theirs := range source.Aliases {
		if i := slices.IndexFunc(e.Aliases, func(mine Alias) bool { return mine.MountAccessor == theirs.MountAccessor }); i >= 0 {
			switch mine := e.Aliases[i]; {
			case slices.Contains(keep, mine.ID):
				continue
			case slices.Contains(keep, theirs.ID):
				e.removeAlias(mine.ID)
			default:
				return fmt.Sprintf("conflicting mount accessors in following alias IDs and neither were present in conflicting_alias_ids_to_keep: %s, %s", theirs.ID, mine.ID)
			}
		}
		theirs.MergedFrom = append(slices.Clone(theirs.MergedFrom), source.ID)
		e.Aliases = append(e.Aliases, theirs)
	}
	e.Merged = slices.Concat(e.Merged, source.Merged, []string{source.ID})
	return ""
}

// putMerged stores an entity that others became part of, also in their groups, and
// deletes them.
func (s *Store) putMerged(ctx context.Context, to, before *Entity, sources []*Entity) error {
	groups := make(map[string]bool)
	for _, source := range sources {
		of, err := s.groupsWith(ctx, source.ID)
		if err != nil {
			return err
		}
		for _, g := range of {
			groups[g.ID] = true
		}
	}
	if err := s.put(ctx, to, before); err != nil {
		return err
	}
	for _, source := range sources {
		if err := s.delete(ctx, source); err != nil {
			return err
		}
	}
	// What found the sources was deleted with them unless it finds this one by now.
	for id := range groups {
		g, err := s.Group(ctx, id)
		if err != nil {
			return err
		}
		if !slices.Contains(g.Entities, to.ID) {
			g = g.clone()
			g.Entities = append(g.Entities, to.ID)
			if err := s.putGroup(ctx, g); err != nil {
				return err
			}
		}
	}
	return nil
}
