// SPDX-License-Identifier: MPL-2.0

package transactions

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

const help = `
Transactions keep names and values in the storage of a plugin, directly or in a
transaction that stays open from one request to another, so that one can see what
others see of it.
`

// prefix separates the stored values from everything else.
const prefix = "kv/"

// backend is one mount.
type backend struct {
	*framework.Backend
	storage *store
	exit    func(code int)

	mu sync.Mutex
	// open has the transactions that have not ended, by the names of who began them.
	open map[string]*store
}

func newBackend(s *store, exit func(code int)) *backend {
	b := &backend{storage: s, exit: exit, open: map[string]*store{}}
	b.Backend = &framework.Backend{
		Help:        strings.TrimSpace(help),
		BackendType: logical.TypeLogical,
		Paths:       framework.PathAppend(b.pathsTransaction(), b.pathsValue("(tx/(?P<tx>[^/]+)/)?"), []*framework.Path{b.pathCrash()}),
	}
	return b
}

func (b *backend) pathsTransaction() []*framework.Path {
	name := &framework.FieldSchema{Type: framework.TypeString, Description: "Name of the transaction, chosen by who begins it."}
	return []*framework.Path{
		{
			Pattern:      "transactional$",
			Operations:   map[logical.Operation]framework.OperationHandler{logical.ReadOperation: &framework.PathOperation{Callback: b.readTransactional}},
			HelpSynopsis: "Return whether the storage has transactions.",
		},
		{
			Pattern: "tx/(?P<tx>[^/]+)$",
			Fields: map[string]*framework.FieldSchema{
				"tx":        name,
				"read_only": {Type: framework.TypeBool, Description: "Begin a transaction that can't write."},
			},
			Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: &framework.PathOperation{Callback: b.begin}},
			HelpSynopsis: "Begin a transaction.",
		},
		b.pathEnd("commit", "Commit", name),
		b.pathEnd("rollback", "Rollback", name),
	}
}

// pathEnd returns the path that ends a transaction with a method of the service.
func (b *backend) pathEnd(word, method string, name *framework.FieldSchema) *framework.Path {
	return &framework.Path{
		Pattern: "tx/(?P<tx>[^/]+)/" + word + "$",
		Fields:  map[string]*framework.FieldSchema{"tx": name},
		Operations: map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: &framework.PathOperation{
			Callback: func(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
				tx, err := b.take(d.Get("tx").(string))
				if err != nil {
					return nil, err
				}
				return nil, tx.end(ctx, method)
			},
		}},
		HelpSynopsis: "End a transaction.",
	}
}

// pathsValue returns the paths of values, in a transaction where the path has one.
func (b *backend) pathsValue(in string) []*framework.Path {
	tx := &framework.FieldSchema{Type: framework.TypeString, Description: "Name of the transaction."}
	return []*framework.Path{
		{
			Pattern: in + "kv/?$",
			Fields: map[string]*framework.FieldSchema{
				"tx":    tx,
				"after": {Type: framework.TypeString, Description: "Name behind which the list begins.", Query: true},
				"limit": {Type: framework.TypeInt, Description: "How many names to list. 0 means all.", Query: true},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.ListOperation: &framework.PathOperation{Callback: b.list},
			},
			HelpSynopsis: "List the names that have a value.",
		},
		{
			Pattern: in + "kv/(?P<name>[^/]+)$",
			Fields: map[string]*framework.FieldSchema{
				"tx":    tx,
				"name":  {Type: framework.TypeString, Description: "Name of the value."},
				"value": {Type: framework.TypeString, Description: "The value to keep."},
			},
			Operations: map[logical.Operation]framework.OperationHandler{
				logical.UpdateOperation: &framework.PathOperation{Callback: b.write},
				logical.ReadOperation:   &framework.PathOperation{Callback: b.read},
				logical.DeleteOperation: &framework.PathOperation{Callback: b.remove},
			},
			HelpSynopsis: "Keep one value under a name.",
		},
	}
}

func (b *backend) pathCrash() *framework.Path {
	return &framework.Path{
		Pattern: "crash$",
		Operations: map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: &framework.PathOperation{
			Callback: func(context.Context, *logical.Request, *framework.FieldData) (*logical.Response, error) {
				b.exit(7)
				return nil, errors.New("the plugin lives")
			},
		}},
		HelpSynopsis: "End the process.",
	}
}

func (b *backend) readTransactional(ctx context.Context, _ *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
	transactional, err := b.storage.transactional(ctx)
	if err != nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"transactional": transactional}}, nil
}

// begin begins a transaction, which stays open until a request ends it.
func (b *backend) begin(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := d.Get("tx").(string)
	if _, open := b.open[name]; open {
		return logical.ErrorResponse("the transaction %q is open", name), nil
	}
	tx, err := b.storage.begin(ctx, !d.Get("read_only").(bool))
	if err != nil {
		return nil, err
	}
	b.open[name] = tx
	return nil, nil
}

// take returns an open transaction and forgets it.
func (b *backend) take(name string) (*store, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	tx, open := b.open[name]
	if !open {
		return nil, notOpen(name)
	}
	delete(b.open, name)
	return tx, nil
}

// in returns what a request reads and writes: the transaction that it names, or the
// storage itself.
func (b *backend) in(d *framework.FieldData) (*store, error) {
	name := d.Get("tx").(string)
	if name == "" {
		return b.storage, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	tx, open := b.open[name]
	if !open {
		return nil, notOpen(name)
	}
	return tx, nil
}

func notOpen(name string) error { return errors.New("no transaction " + name + " is open") }

func (b *backend) list(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	s, err := b.in(d)
	if err != nil {
		return nil, err
	}
	after, limit := d.Get("after").(string), d.Get("limit").(int)
	list := func() ([]string, error) { return s.List(ctx, prefix) }
	if after != "" || limit != 0 {
		list = func() ([]string, error) { return s.listPage(ctx, prefix, after, limit) }
	}
	keys, err := list()
	if err != nil {
		return nil, err
	}
	return logical.ListResponse(keys), nil
}

func (b *backend) write(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	s, err := b.in(d)
	if err != nil {
		return nil, err
	}
	return nil, s.Put(ctx, &logical.StorageEntry{Key: prefix + d.Get("name").(string), Value: []byte(d.Get("value").(string))})
}

func (b *backend) read(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	s, err := b.in(d)
	if err != nil {
		return nil, err
	}
	entry, err := s.Get(ctx, prefix+d.Get("name").(string))
	if err != nil || entry == nil {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"value": string(entry.Value)}}, nil
}

func (b *backend) remove(ctx context.Context, _ *logical.Request, d *framework.FieldData) (*logical.Response, error) {
	s, err := b.in(d)
	if err != nil {
		return nil, err
	}
	return nil, s.Delete(ctx, prefix+d.Get("name").(string))
}
