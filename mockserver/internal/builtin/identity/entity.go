// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/namespace"
)

// Entity is somebody who logs in.
type Entity struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Aliases  []Alias           `json:"aliases"`
	Metadata map[string]string `json:"metadata"`
	Policies []string          `json:"policies,omitempty"`
	// Disabled entities can't log in, and their tokens can't be used.
	Disabled bool `json:"disabled,omitempty"`
	// Merged are the IDs of entities that became part of this one.
	Merged  []string  `json:"merged_entity_ids,omitempty"`
	Created time.Time `json:"creation_time"`
	// Updated is zero as long as nothing was changed.
	Updated time.Time `json:"last_update_time,omitzero"`
}

// Alias is the name under which an entity logs in at one mount, or that one mount has for
// a group.
type Alias struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	MountAccessor string            `json:"mount_accessor"`
	MountType     string            `json:"mount_type"`
	MountPath     string            `json:"mount_path"`
	Metadata      map[string]string `json:"metadata"`
	// CustomMetadata are the operator's, Metadata those of the auth method.
	CustomMetadata map[string]string `json:"custom_metadata"`
	Local          bool              `json:"local"`
	// MergedFrom are the IDs of the entities that had it before they were merged.
	MergedFrom []string  `json:"merged_from_canonical_ids,omitempty"`
	Created    time.Time `json:"creation_time"`
	// Updated is zero as long as nothing was changed.
	Updated time.Time `json:"last_update_time,omitzero"`
}

// namespaceID is the ID of the namespace of an entity, an alias or a group.
func namespaceID(id string) string {
	if mark := namespace.MarkOf(id); mark != "" {
		return mark
	}
	return namespace.RootID
}

// ForPolicies is the entity as policies and plugins see it.
func (e *Entity) ForPolicies() *logical.Entity {
	ns := namespaceID(e.ID)
	out := &logical.Entity{ID: e.ID, Name: e.Name, Metadata: e.Metadata, Disabled: e.Disabled, NamespaceID: ns}
	for _, a := range e.Aliases {
		out.Aliases = append(out.Aliases, &logical.Alias{
			ID: a.ID, Name: a.Name, MountAccessor: a.MountAccessor, MountType: a.MountType,
			Metadata: a.Metadata, CustomMetadata: a.CustomMetadata, Local: a.Local, NamespaceID: ns,
		})
	}
	return out
}

// clone returns an entity that can be changed. The contents of its aliases are replaced,
// never changed. As in the servers, whose entities are messages of protobuf, a copy has
// no empty metadata: what was shown as {} is null after the next change.
func (e *Entity) clone() *Entity {
	out := *e
	out.Metadata = withoutEmpty(e.Metadata)
	out.Aliases = slices.Clone(e.Aliases)
	for i := range out.Aliases {
		a := &out.Aliases[i]
		a.Metadata, a.CustomMetadata = withoutEmpty(a.Metadata), withoutEmpty(a.CustomMetadata)
	}
	return &out
}

// withoutEmpty returns nil for a map without members.
func withoutEmpty(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

// indexKeys returns the keys of the storage that find the entity; none for nil.
func (e *Entity) indexKeys() map[string]bool {
	keys := make(map[string]bool)
	if e == nil {
		return keys
	}
	keys[nameKey(e.Name)] = true
	for _, a := range e.Aliases {
		keys[aliasKey(a.MountAccessor, a.Name)] = true
	}
	for _, id := range e.Merged {
		keys[mergedPrefix+id] = true
	}
	return keys
}

// alias returns the alias with that ID, or nil.
func (e *Entity) alias(id string) *Alias {
	return e.firstAlias(func(a *Alias) bool { return a.ID == id })
}

// aliasAt returns the alias at a mount with that name, or nil.
func (e *Entity) aliasAt(accessor, name string) *Alias {
	return e.firstAlias(func(a *Alias) bool { return a.MountAccessor == accessor && strings.EqualFold(a.Name, name) })
}

// hasAliasAt reports whether the entity has any alias at a mount.
func (e *Entity) hasAliasAt(accessor string) bool {
	return e.firstAlias(func(a *Alias) bool { return a.MountAccessor == accessor }) != nil
}

func (e *Entity) firstAlias(holds func(*Alias) bool) *Alias {
	for i := range e.Aliases {
		if holds(&e.Aliases[i]) {
			return &e.Aliases[i]
		}
	}
	return nil
}

// removeAlias takes an alias from an entity that is not shared.
func (e *Entity) removeAlias(id string) {
	e.Aliases = slices.DeleteFunc(e.Aliases, func(a Alias) bool { return a.ID == id })
}

// wasMerged reports whether the entity with that ID became part of this one.
func (e *Entity) wasMerged(id string) bool { return slices.Contains(e.Merged, id) }

func (a *Alias) hasMetadata(metadata map[string]string) bool { return maps.Equal(a.Metadata, metadata) }

// updated is when something was last changed.
func updated(created, updated time.Time) string {
	if updated.IsZero() {
		updated = created
	}
	return updated.Format(time.RFC3339Nano)
}
