// SPDX-License-Identifier: MPL-2.0

package serve

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/fault"
	"github.com/plugproof/plugproof/suites/internal/usage"
)

// managed is what a test can change of a running server, and the listener where it can.
type managed struct {
	options  []mockserver.Option
	faults   []string
	listener net.Listener
	server   *http.Server
}

// manage prepares the faults of the flags and the listener of --admin. Without either
// the server is one that nobody can make fail.
func (f flags) manage() (*managed, error) {
	m := &managed{faults: f.faults}
	if len(f.faults) == 0 && f.admin == "" {
		return m, nil
	}
	faults, clk := fault.New(f.faultSeed), clock.New()
	if err := faults.Set(f.faults...); err != nil {
		return nil, usage.Errorf("--fault: %w", err)
	}
	m.options = []mockserver.Option{mockserver.WithFaults(faults), mockserver.WithClock(clk)}
	if f.admin == "" {
		return m, nil
	}
	host, port, err := net.SplitHostPort(f.admin)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usage.Errorf("--admin %s: give HOST:PORT on the loopback interface, such as 127.0.0.1:8300: it asks for no token", f.admin)
	}
	if m.listener, err = net.Listen("tcp", f.admin); err != nil {
		return nil, unlistenable("--admin", fmt.Errorf("cannot listen on %s: %w", f.admin, err))
	}
	m.server = &http.Server{Handler: mockserver.AdminHandler(faults, clk), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = m.server.Serve(m.listener) }() // until it is closed
	return m, nil
}

// announce says what goes wrong, and where that is changed.
func (m *managed) announce(w io.Writer) {
	for _, f := range m.faults {
		fmt.Fprintf(w, "Fault: %s\n", f)
	}
	if m.listener != nil {
		fmt.Fprintf(w, "Faults and clock: http://%s/faults, /clock\n", m.listener.Addr())
	}
	if len(m.options) > 0 {
		fmt.Fprintln(w)
	}
}

// close ends the listener.
func (m *managed) close() {
	if m.server != nil {
		_ = m.server.Close() // nobody waits for its answers
	}
}

// unlistenable adds what to do to an error of listening at the address of a flag: where
// nobody could, it is wrong usage, unlike where somebody does already.
func unlistenable(flag string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return usage.Errorf("%w: choose an address of this machine with %s", err, flag)
	case errors.Is(err, syscall.EACCES):
		return usage.Errorf("%w: choose a port that this user may listen on with %s; port 0 takes a free one", err, flag)
	case !errors.Is(err, syscall.EADDRINUSE):
		return err
	}
	return fmt.Errorf("%w: choose another address with %s, or end the program that has it; port 0 takes a free one", err, flag)
}
