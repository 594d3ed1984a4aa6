// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"time"
)

// Servers get ports below those that systems hand out by themselves, to
// listeners at port 0 and to every connection: Linux from 32768, others from
// 49152. One of those could take a server's port while it restarts.
const (
	firstPort = 16384
	lastPort  = 32767
)

const (
	// portTries is how many ports are looked at before it is an error that all
	// are taken.
	portTries = 100
	// portAttempts is how often a server is started when others take its port
	// between the choice and the start.
	portAttempts = 3
	// dialTimeout is plenty for an answer of this machine's own.
	dialTimeout = time.Second
)

// onPort lets begin start a server at the address it had before, and at free
// ones while what it says is that somebody listens there already. choose returns
// such an address. target is named where none can be had.
func onPort(target, before string, choose func() (string, error), begin func(listen string) error) error {
	listen := before
	var failure error
	for range portAttempts {
		if listen == "" {
			var err error
			if listen, err = choose(); err != nil {
				return fmt.Errorf("%s: choose a port: %w", target, err)
			}
		}
		begun := begin(listen)
		if failure != nil && errors.Is(begun, context.DeadlineExceeded) {
			return failure // that took the time
		}
		failure = begun
		if !errors.Is(failure, ErrPortTaken) && !errors.Is(failure, syscall.EADDRINUSE) {
			return failure
		}
		listen = ""
	}
	return failure
}

// freePort chooses an address on loopback that nobody listens at now.
func freePort() (string, error) {
	for range portTries {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort+1)))
		if !taken(address) {
			return address, nil
		}
	}
	return "", fmt.Errorf("somebody listens at all of %d ports between %d and %d", portTries, firstPort, lastPort)
}

// taken reports whether somebody listens at an address of this machine. It calls
// there instead of listening itself: a listener lives on, after it was closed,
// in each process that is being started beside it, until that runs its own
// program, and a server could not have the port for that moment.
func taken(listen string) bool {
	conn, err := net.DialTimeout("tcp", listen, dialTimeout)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
