// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Version starts the plugin once, as servers do at registration, and returns
// the version that it reports, "" if it reports none. The error says why it
// can't be started. A plugin of protocol 5 whose Setup fails has no version,
// which is not an error. Where the host has Versions, an equal registration may have been
// asked before.
func (p *Pool) Version(ctx context.Context, e Entry) (string, error) {
	key, keep := p.registrationKey(e)
	if keep {
		if version, ok := p.host.Versions.get(key); ok {
			return version, nil
		}
	}
	version, asked, err := p.startForVersion(ctx, e)
	if keep && asked {
		p.host.Versions.put(key, version)
	}
	return version, err
}

// startForVersion starts the plugin; asked reports that it could be asked for its
// version.
func (p *Pool) startForVersion(ctx context.Context, e Entry) (version string, asked bool, err error) {
	now := time.Now()
	ctx, cancel := context.WithDeadline(ctx, now.Add(p.host.StartTimeout))
	defer cancel()
	if e.Type == consts.PluginTypeDatabase {
		version, err = p.databaseVersion(ctx, e, now.Add(p.host.StartTimeout))
		return version, err == nil, err
	}
	conf := &logical.BackendConfig{Logger: p.host.Logger.Named(e.Name)}
	lookup := func(context.Context) (Entry, error) { return e, nil }
	s, err := p.openCurrent(ctx, lookup, conf, now.Add(p.host.StartTimeout/2))
	if err == nil {
		return p.askVersion(ctx, s), true, nil
	}
	var ofSetup *setupError
	if errors.As(err, &ofSetup) {
		return "", false, nil
	}
	s, legacyErr := p.openLegacy(ctx, lookup, conf, true, now.Add(p.host.StartTimeout))
	if legacyErr == nil {
		return p.askVersion(ctx, s), true, nil
	}
	if errors.As(legacyErr, &ofSetup) {
		return "", false, ofSetup.err
	}
	p.reportStart(err, legacyErr)
	return "", false, multierror.Append(nil,
		fmt.Errorf("failed to dispense plugin as backend v5: %w", err),
		fmt.Errorf("failed to dispense v4 backend plugin: %w", legacyErr))
}

// askVersion asks a plugin for its version and ends the session, which was for
// that only.
func (p *Pool) askVersion(ctx context.Context, s *session) string {
	version := s.backend.PluginVersion().Version
	s.cleanup(ctx, cleanupTimeout)
	p.close(s)
	return version
}

func (p *Pool) databaseVersion(ctx context.Context, e Entry, deadline time.Time) (string, error) {
	proc, err := p.start(ctx, e, databaseProtocol(true), deadline)
	if err != nil {
		p.reportDatabase(ctx, e, err, deadline)
		return "", fmt.Errorf("failed to load plugin as database v5: %w", err)
	}
	defer proc.end()
	// The mount's name is only there because multiplexed plugins insist on one.
	conn := &mountConn{ClientConn: proc.conn, id: "version"}
	answer, err := logical.NewPluginVersionClient(conn).Version(ctx, &logical.Empty{})
	if status.Code(err) == codes.Unimplemented {
		return "", nil
	}
	return answer.GetPluginVersion(), err
}
