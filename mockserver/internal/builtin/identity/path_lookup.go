// SPDX-License-Identifier: MPL-2.0

package identity

import (
	"context"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

// lookupBy are the parameters of a lookup: one of them, or the last two.
func lookupBy() []string {
	return []string{"id", "name", "alias_id", "alias_name", "alias_mount_accessor"}
}

func (s *Store) lookupPaths() []*framework.Path {
	fields := make(map[string]*framework.FieldSchema)
	for _, name := range lookupBy() {
		fields[name] = &framework.FieldSchema{Type: framework.TypeString}
	}
	return []*framework.Path{
		writePath("lookup/entity$", fields, "Find an entity by its ID, its name or an alias.", lookup(readOperation(s.lookedUpEntity, s.answer))),
		writePath("lookup/group$", fields, "Find a group by its ID, its name or its alias.", lookup(readOperation(s.lookedUpGroup, s.groupAnswer))),
	}
}

func (s *Store) lookedUpEntity(ctx context.Context, d *framework.FieldData) (*Entity, error) {
	switch {
	case stringField(d, "id") != "":
		return s.Get(ctx, stringField(d, "id"))
	case stringField(d, "name") != "":
		return s.byName(ctx, stringField(d, "name"))
	case stringField(d, "alias_id") != "":
		e, _, err := s.byAliasID(ctx, stringField(d, "alias_id"))
		return e, err
	case stringField(d, "alias_name") != "":
		return s.byAlias(ctx, stringField(d, "alias_mount_accessor"), stringField(d, "alias_name"))
	}
	return nil, ErrNotFound
}

func (s *Store) lookedUpGroup(ctx context.Context, d *framework.FieldData) (*Group, error) {
	switch {
	case stringField(d, "id") != "":
		return s.Group(ctx, stringField(d, "id"))
	case stringField(d, "name") != "":
		return s.groupByName(ctx, stringField(d, "name"))
	case stringField(d, "alias_id") != "":
		return s.groupByAliasID(ctx, stringField(d, "alias_id"))
	case stringField(d, "alias_name") != "":
		return s.groupByAlias(ctx, stringField(d, "alias_mount_accessor"), stringField(d, "alias_name"))
	}
	return nil, ErrNotFound
}

// lookup shows what is found by the parameters of a lookup.
func lookup(show framework.OperationFunc) framework.OperationFunc {
	return func(ctx context.Context, req *logical.Request, d *framework.FieldData) (*logical.Response, error) {
		if refused := checkLookup(d); refused != nil {
			return refused, nil
		}
		return show(ctx, req, d)
	}
}

// checkLookup returns the refusal of a lookup by no or too many parameters, or nil.
func checkLookup(d *framework.FieldData) *logical.Response {
	given := 0
	for _, name := range lookupBy() {
		if _, ok := d.GetOk(name); ok {
			given++
		}
	}
	name, accessor := stringField(d, "alias_name"), stringField(d, "alias_mount_accessor")
	switch {
	case given == 0:
		return logical.ErrorResponse("query parameter not supplied")
	case given > 1 && (given > 2 || name == "" || accessor == ""):
		return logical.ErrorResponse("query parameter conflict; please supply distinct set of query parameters")
	case given == 1 && (name != "" || accessor != ""):
		return logical.ErrorResponse("both 'alias_name' and 'alias_mount_accessor' needs to be set")
	}
	return nil
}
