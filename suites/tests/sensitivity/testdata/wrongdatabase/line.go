// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// line is the connection to a server that answers each line with a line. The database is
// used only when it has answered. Without an address there is no such server.
type line struct {
	mu      sync.Mutex
	address string
	conn    net.Conn

	// What a defect may set: failures are successes, a connection that broke is kept, and
	// an answer is waited for without end.
	deaf, stubborn, patient bool
}

// lineTimeout bounds an answer.
const lineTimeout = 5 * time.Second

// ask asks once, and once more over another connection if there was one already.
func (l *line) ask(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.address == "" {
		return nil
	}
	old := l.conn != nil
	err := l.once(ctx)
	if err != nil && old && !l.stubborn && ctx.Err() == nil {
		err = l.once(ctx)
	}
	if l.deaf {
		return nil
	}
	return err
}

func (l *line) once(ctx context.Context) error {
	if l.conn == nil {
		dialer := net.Dialer{Timeout: lineTimeout}
		conn, err := dialer.DialContext(ctx, "tcp", l.address)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	conn := l.conn
	if !l.patient {
		stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
		defer stop()
	}
	_, err := conn.Write([]byte("ping\n"))
	if err == nil {
		_, err = bufio.NewReader(conn).ReadString('\n')
	}
	if err == nil {
		return nil
	}
	if !l.stubborn {
		_ = conn.Close()
		l.conn = nil
	}
	return errors.Join(errors.New("the server does not answer"), err)
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
	}
}
