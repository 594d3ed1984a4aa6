// SPDX-License-Identifier: MPL-2.0

package process

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin/pb"
	. "github.com/onsi/gomega"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/plugproof/plugproof/mockserver/internal/process/callback"
)

// TestPortListensWithoutAConnection: a port has no listener while the plugin is
// connected, and another one when it isn't any more.
func TestPortListensWithoutAConnection(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dir, err := os.MkdirTemp("", "port") // t.TempDir is too long for a socket
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	listener, err := net.Listen("unix", path)
	g.Expect(err).NotTo(HaveOccurred())
	port := &callbackPort{
		server:  callback.NewServer(callback.Services{Storage: &logical.InmemStorage{}, Logger: hclog.NewNullLogger()}),
		address: listener.Addr(),
	}
	port.open(listener)
	t.Cleanup(port.stop)
	limit := time.Minute
	for range 3 {
		conn, err := grpc.NewClient("unix:"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
		g.Expect(err).NotTo(HaveOccurred())
		_, err = pb.NewStorageClient(conn).Put(t.Context(), &pb.StoragePutArgs{Entry: &pb.StorageEntry{Key: "a"}}, grpc.WaitForReady(true))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(path).NotTo(BeAnExistingFile(), "it listens, though it has its connection")
		g.Expect(conn.Close()).To(Succeed())
		g.Eventually(path, limit).Should(BeAnExistingFile(), "it does not listen, though its connection has ended")
	}
	port.stop()
	g.Eventually(path, limit).ShouldNot(BeAnExistingFile(), "it listens, though it was stopped")
}

// TestStoppedPortStaysShut: the end of its connection opens a port again, unless the
// port ends it.
func TestStoppedPortStaysShut(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*callbackPort){"at once": (*callbackPort).stop, "in order": (*callbackPort).gracefulStop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			dir, err := os.MkdirTemp("", "port")
			g.Expect(err).NotTo(HaveOccurred())
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			path := filepath.Join(dir, "socket")
			listener, err := net.Listen("unix", path)
			g.Expect(err).NotTo(HaveOccurred())
			port := &callbackPort{server: callback.NewServer(callback.Services{Logger: hclog.NewNullLogger()}), address: listener.Addr()}
			port.open(listener)
			conn, err := net.Dial("unix", path)
			g.Expect(err).NotTo(HaveOccurred())
			g.Eventually(path, time.Minute).ShouldNot(BeAnExistingFile())
			g.Expect(conn.Close()).To(Succeed())
			stop(port) // whether the end of the connection was noticed or not
			g.Eventually(path, time.Minute).ShouldNot(BeAnExistingFile())
			port.reopen()
			g.Expect(path).NotTo(BeAnExistingFile())
		})
	}
}
