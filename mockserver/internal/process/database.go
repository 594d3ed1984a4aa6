// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/helper/pluginutil"
	"github.com/hashicorp/vault/sdk/logical"
	"google.golang.org/grpc"

	"github.com/plugproof/plugproof/mockserver/trace"
)

// Database starts the database plugin of an entry, or shares its process, and returns
// a connection of its own for one configuration of the database engine. Closing it
// detaches it; the process ends with its last connection. mount is the BackendUUID of
// the engine's mount.
//
// It is what NewPluginClient of Vault's catalog is to vault/sdk/database/dbplugin/v5. A
// failure is not reported: the plugin may be one for OldDatabase.
func (p *Pool) Database(ctx context.Context, entry Entry, mount string) (pluginutil.PluginClient, error) {
	deadline := time.Now().Add(p.host.StartTimeout)
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	s := newSession(entry, &logical.BackendConfig{BackendUUID: mount})
	if err := p.join(ctx, s, deadline); err != nil {
		return nil, err
	}
	id, err := uuid.GenerateUUID()
	if err != nil {
		p.close(s)
		return nil, fmt.Errorf("name the connection to its plugin: %w", err)
	}
	return &databaseClient{
		ClientProtocol: s.proc.rpc, pool: p, session: s,
		conn: &gatedConn{mountConn{ClientConn: s.proc.conn, id: id}, s.gate, newTracedCalls(ctx, s.proc)},
	}, nil
}

// IsDatabase starts a plugin once and returns nil if it is a database plugin.
func (p *Pool) IsDatabase(ctx context.Context, entry Entry) error {
	proc, err := p.start(ctx, entry, attempted(databaseProtocol(true)), time.Now().Add(p.host.StartTimeout))
	if err == nil {
		proc.end()
		return nil
	}
	proc, oldErr := p.start(ctx, entry, attempted(oldDatabaseProtocol(true)), time.Now().Add(p.host.StartTimeout))
	if oldErr == nil {
		proc.end()
		return nil
	}
	return multierror.Append(nil,
		fmt.Errorf("failed to load plugin as database v5: %w", err),
		fmt.Errorf("failed to load plugin as database v4: %w", oldErr))
}

// attempted returns the protocol for a plugin that may not speak it.
func attempted(speak protocol) protocol {
	speak.attempt = true
	return speak
}

// databaseClient is one connection to a database plugin.
type databaseClient struct {
	plugin.ClientProtocol
	pool    *Pool
	session *session
	conn    grpc.ClientConnInterface
	closing sync.Once
}

var _ pluginutil.PluginClient = (*databaseClient)(nil)

// Conn returns the connection that names the configuration with every call.
func (c *databaseClient) Conn() grpc.ClientConnInterface { return c.conn }

// Close ends the use of the process, and the process with its last user.
func (c *databaseClient) Close() error {
	c.closing.Do(func() { c.pool.close(c.session) })
	return nil
}

// Reload is Close: the engine gets another client.
func (c *databaseClient) Reload() error { return c.Close() }

// gatedConn lets calls in flight see how the connection of a crashed process breaks,
// before go-plugin says that the plugin is shut down; see process.drainAfterExit.
type gatedConn struct {
	mountConn
	gate *gate
	// traced makes the spans of the calls; nil for none.
	traced *tracedCalls
}

func (c *gatedConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if c.gate.enter() {
		defer c.gate.leave()
	}
	call := c.traced.beginMessage(ctx, method, args)
	err := c.mountConn.Invoke(ctx, method, args, reply, opts...)
	c.traced.end(call, trace.Failed(err))
	return err
}
