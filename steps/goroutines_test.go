// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"maps"
	"strings"
	"testing"
)

// TestGoroutinesOfAPlugin reads what a Go program prints when it gets SIGQUIT.
func TestGoroutinesOfAPlugin(t *testing.T) {
	t.Parallel()
	const printed = `SIGQUIT: quit
PC=0x48 m=0 sigcode=0

goroutine 0 gp=0x1 m=0 mp=0x1 [idle]:
runtime.futex(0x1)
	/go/src/runtime/sys_linux_amd64.s:557 +0x21 fp=0x7f sp=0x7f pc=0x48

goroutine 1 gp=0x9 m=nil [select]:
main.main()
	/home/a b/plugin/main.go:23 +0x38 fp=0x91 sp=0x91 pc=0xe0

goroutine 90 gp=0x9 m=nil [sleep]:
time.Sleep(0x5f5e100)
	/go/src/runtime/time.go:368 +0x1b
example.com/plugin.wait(...)
	/home/a b/plugin/wait.go:7
example.com/plugin.(*backend).pathRead(0x1, {0x12, 0x91})
	/home/a b/plugin/path.go:41 +0x14b fp=0x91 sp=0x91 pc=0xe0
github.com/hashicorp/vault/sdk/plugin/pb._Backend_HandleRequest_Handler({0x1, 0x2})
	/mod/pb/backend_grpc.pb.go:275 +0x1a8
created by google.golang.org/grpc.(*Server).serveStreams.func2 in goroutine 15
	/mod/grpc/server.go:1067 +0x11e

goroutine 91 gp=0x9 m=nil [chan receive, 2 minutes]:
main.refresh()
	/home/a b/plugin/refresh.go:9 +0x14b
created by main.start in goroutine 12
	/home/a b/plugin/start.go:33 +0x33

goroutine 92 gp=0x9 m=nil [IO wait]:
net/http.(*persistConn).readLoop(0x1)
	/go/src/net/http/transport.go:2300 +0x14b
created by net/http.(*Transport).dialConn in goroutine 12
	/go/src/net/http/transport.go:1900 +0x33

rax    0x0
`
	found := readGoroutines(strings.Split(printed, "\n"))
	if want := map[string]int{"path.go:41": 1}; !maps.Equal(found.handling, want) {
		t.Errorf("handling %v, want %v", found.handling, want)
	}
	if want := map[string]int{"start.go:33": 1}; !maps.Equal(found.elsewhere, want) {
		t.Errorf("elsewhere %v, want %v", found.elsewhere, want)
	}
	if other := readGoroutines([]string{"Quit", "rax 0x0"}); other != nil {
		t.Errorf("a program in another language: %v", other)
	}
}
