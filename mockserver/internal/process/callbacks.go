// SPDX-License-Identifier: MPL-2.0

package process

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plugproof/plugproof/mockserver/internal/process/callback"
)

// reopenDelay is how long after a failure a port is opened again.
const reopenDelay = time.Second

// errTaken ends the acceptance of connections at a port that has one.
var errTaken = errors.New("the plugin is connected")

// callbackPort is where the plugin connects to for the callbacks of one mount. Plugins
// make one connection for a mount, so that the port listens only while there is none:
// a listener is a descriptor and a goroutine, which a server with many mounts has for
// each of them. A connection may end while the plugin lives, because gRPC closes what
// is not used for half an hour and makes another one with the next call: then the port
// listens again.
type callbackPort struct {
	server *callback.Server
	// address is nil if the port can't be opened again and so stays open.
	address net.Addr
	stopped atomic.Bool
}

// open accepts connections until there is one, or stop.
func (p *callbackPort) open(listener net.Listener) {
	if p.address != nil {
		listener = &soleListener{Listener: listener, port: p}
	}
	// It ends with the connection or stop; what fails before is the plugin's to report.
	go func() { _ = p.server.Serve(listener) }()
}

// reopen listens again at the address that the plugin knows.
func (p *callbackPort) reopen() {
	if p.stopped.Load() {
		return
	}
	listener, err := net.Listen(p.address.Network(), p.address.String())
	if err != nil { // there are no descriptors left, for example
		time.AfterFunc(reopenDelay, p.reopen)
		return
	}
	p.open(listener)
}

// stop ends the server at once. It may be called more than once.
func (p *callbackPort) stop() {
	p.stopped.Store(true)
	p.server.Stop()
}

// gracefulStop ends the server when calls under way have ended.
func (p *callbackPort) gracefulStop() {
	p.stopped.Store(true)
	p.server.GracefulStop()
}

// soleListener accepts one connection and closes itself.
type soleListener struct {
	net.Listener

	port   *callbackPort
	taken  bool
	closed sync.Once
	err    error
}

// Accept implements net.Listener. It is called by one goroutine.
func (l *soleListener) Accept() (net.Conn, error) {
	if l.taken {
		return nil, errTaken
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.taken = true
	_ = l.Close()
	return &soleConn{Conn: conn, port: l.port}, nil
}

// Close implements net.Listener. Only the first call closes: the path may be another
// listener's afterwards.
func (l *soleListener) Close() error {
	l.closed.Do(func() { l.err = l.Listener.Close() })
	return l.err
}

// soleConn is the connection of a port, which listens again when it is closed.
type soleConn struct {
	net.Conn

	port   *callbackPort
	closed atomic.Bool
}

// Close implements net.Conn.
func (c *soleConn) Close() error {
	err := c.Conn.Close()
	if !c.closed.Swap(true) {
		c.port.reopen()
	}
	return err
}
