// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
)

// relays carry connections from an address that containers reach to listeners
// on loopback, which they don't. They may be used by several goroutines.
type relays struct {
	mu     sync.Mutex
	open   map[string]net.Listener // by the address they lead to
	closed bool
}

func newRelays() *relays { return &relays{open: map[string]net.Listener{}} }

// to returns an address at the interface that leads to address. Where that can't
// be had it is address itself, which then fails to be dialled.
func (r *relays) to(at netip.Addr, address string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l, ok := r.open[address]; ok {
		return l.Addr().String()
	}
	if r.closed {
		return address
	}
	l, err := net.Listen("tcp", netip.AddrPortFrom(at, 0).String())
	if err != nil {
		return address
	}
	r.open[address] = l
	go accept(l, address)
	return l.Addr().String()
}

// accept ends when the listener is closed.
func accept(l net.Listener, address string) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		go relay(in, address)
	}
}

func relay(in net.Conn, address string) {
	defer in.Close()
	out, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return
	}
	defer out.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		carry(out, in)
	}()
	carry(in, out)
	<-done
}

// carry copies one direction and passes its end on.
func carry(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (r *relays) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	var errs []error
	for _, l := range r.open {
		errs = append(errs, l.Close())
	}
	clear(r.open)
	return errors.Join(errs...)
}
