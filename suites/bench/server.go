// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

const rootToken = "root"

// server is a mock server in a process of its own, as its users run it.
type server struct {
	cmd  *exec.Cmd
	addr string // host:port
	http *http.Client
	// stop ends it, and waits.
	stop func()
}

// startServer returns when the server has said its address.
func startServer(ctx context.Context, binary string, s *subject) (*server, error) {
	cmd := exec.CommandContext(ctx, binary, "serve", "--listen", "127.0.0.1:0",
		"--plugin-dir", s.dir, "--root-token", rootToken, "--log-level", "error")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		_, rest, found := strings.Cut(lines.Text(), "http://")
		if !found {
			continue
		}
		addr, _, _ := strings.Cut(rest, " ")
		go io.Copy(io.Discard, out)
		return &server{cmd: cmd, addr: addr, http: &http.Client{}, stop: stop}, nil
	}
	stop()
	return nil, fmt.Errorf("%s serve did not say where it listens", binary)
}

// call makes one request of the API and reads the whole answer.
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
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, bytes.TrimSpace(answer))
	}
	return nil
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

// memory is the resident memory in MB; 0 where the system doesn't say it as
// Linux does.
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
