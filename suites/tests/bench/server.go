// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	rootToken = "root"
	// readyLimit is how long a real server may take to start.
	readyLimit = 30 * time.Second
)

// program is a server that can be started.
type program struct {
	name  string
	start func(context.Context, *subject) (*server, error)
}

// server is a running server in a process of its own.
type server struct {
	cmd  *exec.Cmd
	addr string // host:port
	http *http.Client
	// stop terminates the process and waits for its exit.
	stop func()
}

func newServer(cmd *exec.Cmd, addr string) *server {
	return &server{cmd: cmd, addr: addr, http: &http.Client{}, stop: func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}}
}

// mock returns the mock server as a program.
func mock(path string, args ...string) program {
	name := strings.Join(append([]string{filepath.Base(path)}, args...), " ")
	return announced(name, func(p *subject) []string {
		level := "error"
		if p.broken {
			level = "off"
		}
		return slices.Concat([]string{path}, args, []string{"--listen", "127.0.0.1:0", "--plugin-dir", p.dir,
			"--root-token", rootToken, "--log-level", level})
	})
}

// announced returns a program that prints its address when it is ready.
func announced(name string, commandLine func(*subject) []string) program {
	return program{name, func(ctx context.Context, p *subject) (*server, error) {
		args := commandLine(p)
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			_, rest, found := strings.Cut(lines.Text(), "http://")
			if !found {
				continue
			}
			addr, _, _ := strings.Cut(rest, " ")
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return newServer(cmd, addr), nil
		}
		newServer(cmd, "").stop()
		return nil, fmt.Errorf("%s did not print its address", name)
	}}
}

// realServer returns a vault or bao in development mode as a program. It does not
// announce that it is ready, so it is polled every millisecond.
func realServer(path string) program {
	name := filepath.Base(path)
	return program{name, func(ctx context.Context, p *subject) (*server, error) {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		addr := free.Addr().String()
		free.Close()
		cmd := exec.CommandContext(ctx, path, "server", "-dev", "-dev-no-store-token", "-dev-root-token-id="+rootToken,
			"-dev-listen-address="+addr, "-dev-plugin-dir="+p.dir, "-dev-plugin-init=false", "-log-level=error")
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		s := newServer(cmd, addr)
		tries := time.NewTicker(time.Millisecond)
		defer tries.Stop()
		for limit := time.Now().Add(readyLimit); s.call(ctx, http.MethodGet, "sys/health", nil) != nil; <-tries.C {
			if time.Now().After(limit) {
				s.stop()
				return nil, fmt.Errorf("%s did not answer within %s", name, readyLimit)
			}
		}
		return s, nil
	}}
}

// call sends one request to the API and reads the whole response.
func (s *server) call(ctx context.Context, method, path string, body any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+"/v1/"+path, content)
	if err != nil {
		return err
	}
	req.Header.Set("X-Vault-Token", rootToken)
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		answer, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(answer))
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func (s *server) register(ctx context.Context, p *subject) error {
	return s.call(ctx, http.MethodPut, "sys/plugins/catalog/secret/"+pluginName,
		map[string]any{"command": pluginName, "sha256": p.sha256})
}

func (s *server) mount(ctx context.Context, path string) error {
	return s.call(ctx, http.MethodPost, "sys/mounts/"+path, map[string]any{"type": pluginName})
}

func (s *server) unmount(ctx context.Context, path string) error {
	return s.call(ctx, http.MethodDelete, "sys/mounts/"+path, nil)
}

func (s *server) reload(ctx context.Context) error {
	return s.call(ctx, http.MethodPut, "sys/plugins/reload/backend", map[string]any{"plugin": pluginName})
}

func (s *server) request(ctx context.Context, path string) error {
	return s.call(ctx, http.MethodGet, path+"/"+requestPath, nil)
}

// memory returns the resident memory of the process in MB, or 0 on systems other
// than Linux.
func (s *server) memory() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kilobytes); n == 1 {
			return kilobytes / 1024
		}
	}
	return 0
}

// descriptors returns how many descriptors the process has, or 0 on systems other than
// Linux.
func (s *server) descriptors() int {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return len(open)
}

// tick is the unit of processor times that Linux reports: USER_HZ is 100 on all of its
// platforms that Go supports.
const tick = 10 * time.Millisecond

// processorTime returns the processor time of the process, without that of plugins; 0 on
// systems other than Linux, and of no server.
func (s *server) processorTime() time.Duration {
	if s == nil {
		return 0
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may have blanks
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var user, system int64
	_, _ = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	return time.Duration(user+system) * tick
}
