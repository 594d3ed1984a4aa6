// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
)

// Servers get ports below those that systems hand out by themselves, to
// listeners at port 0 and to every connection: Linux from 32768, others from
// 49152. One of those could take a server's port while it restarts.
const (
	firstPort = 16384
	lastPort  = 32767
)

// portTries is how many ports are tried before what they say is the error.
const portTries = 100

// freePort chooses an address on loopback that nobody listens at now.
func freePort() (string, error) {
	for try := 1; ; try++ {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort+1)))
		l, err := net.Listen("tcp", address)
		if err == nil {
			return address, l.Close()
		}
		if !errors.Is(err, syscall.EADDRINUSE) || try == portTries {
			return "", err
		}
	}
}
