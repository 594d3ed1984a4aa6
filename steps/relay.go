// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"fmt"
	"io"
	"net"
	"sync"
)

// relayMode is what a relay does with connections.
type relayMode int

const (
	// relayPasses passes everything on.
	relayPasses relayMode = iota
	// relayRefuses closes every connection.
	relayRefuses
	// relayHolds passes nothing on.
	relayHolds
)

// relay passes TCP connections on to an address.
type relay struct {
	listener net.Listener
	address  string

	mu    sync.Mutex
	mode  relayMode
	conns map[*relayed]bool
	count int
}

// relayed is one connection of a relay.
type relayed struct {
	near, far net.Conn

	mu   sync.Mutex
	held bool
	free *sync.Cond
}

func startRelay(address string) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a relay: %w", err)
	}
	r := &relay{listener: listener, address: address, conns: map[*relayed]bool{}}
	go r.serve()
	return r, nil
}

// serve accepts connections until the listener is closed.
func (r *relay) serve() {
	for {
		near, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.pass(near)
	}
}

// pass connects one connection with the address.
func (r *relay) pass(near net.Conn) {
	defer near.Close()
	r.mu.Lock()
	mode := r.mode
	r.mu.Unlock()
	if mode == relayRefuses {
		return
	}
	far, err := net.Dial("tcp", r.address)
	if err != nil {
		return
	}
	defer far.Close()
	c := &relayed{near: near, far: far, held: mode == relayHolds}
	c.free = sync.NewCond(&c.mu)
	r.mu.Lock()
	refused := r.mode == relayRefuses
	r.conns[c] = true
	r.count++
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.conns, c)
		r.mu.Unlock()
	}()
	if refused {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { c.copy(far, near) })
	both.Go(func() { c.copy(near, far) })
	both.Wait()
}

// copy passes on what comes from one side, and ends both when there is no more.
func (c *relayed) copy(to, from net.Conn) {
	defer c.end()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		c.mu.Lock()
		for c.held {
			c.free.Wait()
		}
		c.mu.Unlock()
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return // io.EOF among others
		}
	}
}

// end closes both sides.
func (c *relayed) end() {
	for _, side := range []io.Closer{c.near, c.far} {
		_ = side.Close() // it may be closed already
	}
}

// hold holds what comes, or lets go of it.
func (c *relayed) hold(held bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = held
	c.free.Broadcast()
}

// set says what is done with all connections from now on.
func (r *relay) set(mode relayMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = mode
	for c := range r.conns {
		if mode == relayRefuses {
			c.end()
		}
		c.hold(mode == relayHolds)
	}
}

// letIn passes new connections on, and goes on holding those that are held.
func (r *relay) letIn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = relayPasses
}

// passed returns how many connections were passed on so far.
func (r *relay) passed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// close ends all connections.
func (r *relay) close() {
	_ = r.listener.Close()
	r.set(relayRefuses)
}
