// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/go-multierror"
	old "github.com/hashicorp/vault/sdk/database/dbplugin"
	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
)

// connection is the plugin of one configuration. It is used between acquire and
// release, and closed when nobody uses it any more.
type connection struct {
	dbplugin.Database
	// old is the plugin if it speaks the protocol before Vault 1.6; nil otherwise.
	old *oldDatabase
	// version is that of the plugin that runs.
	version string

	mu     sync.Mutex
	users  sync.WaitGroup
	closed bool
}

// acquire reports whether the connection is open; release must follow.
func (c *connection) acquire() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.users.Add(1)
	}
	return !c.closed
}

func (c *connection) release() { c.users.Done() }

// close waits for the users and closes the plugin. It may be called twice.
func (c *connection) close() {
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.mu.Unlock()
	if closed {
		return
	}
	c.users.Wait()
	// The client ends the use of the process whatever the plugin answers.
	_ = c.Close()
}

// open starts a plugin of today's protocol or of the one before Vault 1.6. A failure is that
// of both.
func (b *backend) open(ctx context.Context, name, version string) (*connection, error) {
	if isBuiltinVersion(version) {
		version = ""
	}
	db, err := dbplugin.PluginFactoryVersion(ctx, name, version, b.System(), b.Logger())
	if err == nil {
		return &connection{Database: db, version: version}, nil
	}
	runner, lookupErr := b.System().LookupPluginVersion(ctx, name, consts.PluginTypeDatabase, version)
	if lookupErr == nil && runner.Builtin {
		return nil, err // one that the mock only lists
	}
	legacy, oldErr := b.openOld(ctx, name, version, err)
	if oldErr == nil {
		return &connection{Database: legacy, old: &legacy, version: version}, nil
	}
	return nil, fmt.Errorf("invalid database version: %w", multierror.Append(nil, err, oldErr))
}

// connect returns the connection of a configuration, which is made if there is none: at
// the first use after the server's start, or after the plugin's process ended. release
// must be called in the end.
func (b *backend) connect(ctx context.Context, s logical.Storage, name string, verify bool) (*connection, error) {
	unlock, err := b.opening.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	config, err := b.config(ctx, s, name)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	c := b.connections[name]
	b.mu.Unlock()
	if c != nil && c.acquire() {
		return c, nil
	}
	version, err := b.runningVersion(ctx, config)
	if err != nil {
		return nil, err
	}
	c, err = b.open(ctx, config.PluginName, version)
	if err != nil {
		return nil, fmt.Errorf("unable to create database instance: %w", err)
	}
	request := dbplugin.InitializeRequest{Config: config.ConnectionDetails, VerifyConnection: verify && b.verifies(config)}
	if _, err := c.Initialize(ctx, request); err != nil {
		c.close()
		return nil, err
	}
	c.acquire()
	b.put(name, c)
	return c, nil
}

// put makes c the connection of a configuration and closes the one before.
func (b *backend) put(name string, c *connection) {
	b.mu.Lock()
	old := b.connections[name]
	b.connections[name] = c
	b.mu.Unlock()
	if old != nil {
		old.close()
	}
}

// disconnect closes the connection of a configuration, if there is one.
func (b *backend) disconnect(name string) {
	b.mu.Lock()
	c := b.connections[name]
	delete(b.connections, name)
	b.mu.Unlock()
	if c != nil {
		c.close()
	}
}

// notice drops a connection whose process has ended, so that the next request makes
// another one. The caller still uses it.
func (b *backend) notice(name string, c *connection, err error) {
	if !errors.Is(err, dbplugin.ErrPluginShutdown) && !errors.Is(err, old.ErrPluginShutdown) {
		return
	}
	b.mu.Lock()
	if b.connections[name] == c {
		delete(b.connections, name)
	}
	b.mu.Unlock()
	go c.close()
}
