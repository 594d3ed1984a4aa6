// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin"
	"github.com/hashicorp/vault/sdk/logical"
	"google.golang.org/grpc"

	"github.com/plugproof/plugproof/mockserver/trace"
)

// OldDatabase starts a database plugin of the protocol before Vault 1.6. Such plugins know
// one connection, so the process is its own and ends when it is closed. current is the
// error of Database; if the plugin is none of the old ones either, that is reported which
// says more.
//
// It is what PluginFactoryVersion is in vault/sdk/database/dbplugin.
func (p *Pool) OldDatabase(ctx context.Context, entry Entry, mount string, current error) (dbplugin.Database, error) {
	db, err := p.openOldDatabase(ctx, entry, mount)
	if err != nil {
		p.reportStart(current, err)
		return nil, err
	}
	if _, err := db.Type(); err != nil {
		db.detach()
		return nil, fmt.Errorf("error getting plugin type: %w", err)
	}
	return db, nil
}

func (p *Pool) openOldDatabase(ctx context.Context, entry Entry, mount string) (*oldDatabase, error) {
	deadline := time.Now().Add(p.host.StartTimeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	db := &oldDatabase{pool: p, session: newSession(entry, &logical.BackendConfig{BackendUUID: mount})}
	speak := oldDatabaseProtocol(false)
	speak.around = db.around
	proc, err := p.start(ctx, entry, speak, deadline)
	if err != nil {
		return nil, err
	}
	db.traced = newTracedCalls(ctx, proc)
	if !proc.attach(db.session) {
		proc.end()
		return nil, dbplugin.ErrPluginShutdown
	}
	db.session.proc = proc
	raw, err := proc.rpc.Dispense(databasePluginName)
	if err != nil {
		db.detach()
		return nil, err
	}
	db.Database = raw.(dbplugin.Database) //nolint:forcetypeassert // GRPCDatabasePlugin's
	return db, nil
}

// oldDatabase is the connection to a database plugin of the old protocol.
type oldDatabase struct {
	dbplugin.Database
	pool    *Pool
	session *session
	// traced makes the spans of the calls; nil for none.
	traced  *tracedCalls
	closing sync.Once
}

// Close lets the plugin close its connection and ends the process.
func (db *oldDatabase) Close() error {
	err := db.Database.Close()
	db.detach()
	return err
}

func (db *oldDatabase) detach() {
	db.closing.Do(func() { db.pool.close(db.session) })
}

// around does for a call what gatedConn does for those of today's plugins.
func (db *oldDatabase) around(ctx context.Context, method string, args, reply any,
	conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	if !strings.HasPrefix(method, "/"+dbplugin.Database_ServiceDesc.ServiceName+"/") {
		return invoke(ctx, method, args, reply, conn, options...)
	}
	if db.session.gate.enter() {
		defer db.session.gate.leave()
	}
	call := db.traced.beginMessage(ctx, method, args)
	err := invoke(ctx, method, args, reply, conn, options...)
	db.traced.end(call, trace.Failed(err))
	return err
}
