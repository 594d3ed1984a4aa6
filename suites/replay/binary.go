// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Binary starts a real server's program for each case. It starts what suites'
// targets don't offer: literal api_addr values, and servers not in development
// mode.
type Binary struct {
	// Path of the program: vault or bao.
	Path string
}

// Name implements Starter.
func (b Binary) Name() string { return "binary:" + b.Path }

// startTimeout is how long a server may take to say that it started.
const startTimeout = time.Minute

// Start implements Starter. A port that somebody else takes between choosing
// and using it is tried again with another one.
func (b Binary) Start(ctx context.Context, spec Spec) (Server, error) {
	var errs []error
	for range 3 {
		s, err := b.start(ctx, spec)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (b Binary) start(ctx context.Context, spec Spec) (_ *binaryServer, err error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &binaryServer{address: fmt.Sprintf("http://127.0.0.1:%d", port), token: "root", exited: make(chan struct{})}
	if s.home, err = os.MkdirTemp("", "plugproof-server-"); err != nil {
		return nil, fmt.Errorf("server's directory: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close(ctx))
		}
	}()
	// A plugin directory that is itself behind a link would be refused.
	if s.home, err = filepath.EvalSymlinks(s.home); err != nil {
		return nil, fmt.Errorf("server's directory: %w", err)
	}
	args, err := s.configure(spec, port)
	if err != nil {
		return nil, err
	}
	if err := s.run(b.Path, args, spec.Env); err != nil {
		return nil, err
	}
	if err := s.started(ctx); err != nil {
		return nil, err
	}
	if spec.Production {
		return s, s.unseal(ctx)
	}
	return s, nil
}

type binaryServer struct {
	address, token, home, plugins string

	cmd    *exec.Cmd
	exited chan struct{}
	log    logBuffer
}

func (s *binaryServer) Address() string   { return s.address }
func (s *binaryServer) Token() string     { return s.token }
func (s *binaryServer) PluginDir() string { return s.plugins }

func (s *binaryServer) Place(_ context.Context, name, path string) (string, error) {
	return copyExecutable(filepath.Join(s.plugins, name), path)
}

func (s *binaryServer) Logs(context.Context) (string, error) { return s.log.String(), nil }

// Close ends the server's process group, so that no plugin outlives it.
func (s *binaryServer) Close(context.Context) error {
	if s.cmd != nil && s.cmd.Process != nil {
		// The plugins end with their server, except those that hang.
		_ = s.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-s.exited:
		case <-time.After(5 * time.Second):
		}
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.exited
	}
	return os.RemoveAll(s.home)
}

// configure writes the configuration file and gives the arguments.
func (s *binaryServer) configure(spec Spec, port int) ([]string, error) {
	var config strings.Builder
	apiAddr := spec.APIAddr
	if apiAddr == "" {
		apiAddr = s.address
	}
	if !spec.NoAPIAddr {
		fmt.Fprintf(&config, "api_addr = %q\n", apiAddr)
	}
	if !spec.NoPluginDir {
		s.plugins = filepath.Join(s.home, "plugins")
		if err := os.Mkdir(s.plugins, 0o755); err != nil {
			return nil, fmt.Errorf("plugin directory: %w", err)
		}
		fmt.Fprintf(&config, "plugin_directory = %q\n", s.plugins)
	}
	args := []string{"server", "-config=" + filepath.Join(s.home, "server.hcl")}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	if spec.Production {
		fmt.Fprintf(&config, "disable_mlock = true\nstorage \"inmem\" {}\nlistener \"tcp\" {\n  address = %q\n  tls_disable = true\n}\n", listen)
	} else {
		args = append(args, "-dev", "-dev-no-store-token", "-dev-root-token-id=root", "-dev-listen-address="+listen)
	}
	if err := os.WriteFile(filepath.Join(s.home, "server.hcl"), []byte(config.String()), 0o600); err != nil {
		return nil, fmt.Errorf("server's configuration: %w", err)
	}
	return args, nil
}

func (s *binaryServer) run(program string, args, env []string) error {
	s.cmd = exec.Command(program, args...)
	s.cmd.Env = slices.Concat([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home}, env)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A plugin that outlives the server would keep the pipe open.
	s.cmd.WaitDelay = time.Second
	s.log.watch = make(chan struct{})
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("starting the server: %w", err)
	}
	go func() {
		defer close(s.exited)
		_ = s.cmd.Wait()
	}()
	return nil
}

// started waits for the line that a server writes when it listens.
func (s *binaryServer) started(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case <-s.log.watch:
		return nil
	case <-s.exited:
		return fmt.Errorf("the server ended at once: %s", tail(s.log.String()))
	case <-ctx.Done():
		return fmt.Errorf("the server did not start: %w: %s", ctx.Err(), tail(s.log.String()))
	}
}

// unseal initialises the server with one key and unseals it.
func (s *binaryServer) unseal(ctx context.Context) error {
	var made struct {
		Keys  []string `json:"keys"`
		Token string   `json:"root_token"`
	}
	if err := s.put(ctx, "sys/init", `{"secret_shares": 1, "secret_threshold": 1}`, &made); err != nil {
		return err
	}
	if len(made.Keys) != 1 {
		return fmt.Errorf("sys/init gave %d keys", len(made.Keys))
	}
	s.token = made.Token
	var state struct {
		Sealed bool `json:"sealed"`
	}
	if err := s.put(ctx, "sys/unseal", fmt.Sprintf(`{"key": %q}`, made.Keys[0]), &state); err != nil {
		return err
	}
	if state.Sealed {
		return errors.New("the server is still sealed after its only key")
	}
	return nil
}

func (s *binaryServer) put(ctx context.Context, path, body string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, s.address+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	resp, err := newClient().Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s: %w", path, resp.Status, data, err)
	}
	return json.Unmarshal(data, into)
}

// logBuffer keeps what a server writes and closes watch when it says that it
// started.
type logBuffer struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	watch chan struct{}
	seen  bool
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.buf.Write(p)
	if !l.seen && bytes.Contains(l.buf.Bytes(), []byte("server started!")) {
		l.seen = true
		close(l.watch)
	}
	return n, err
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// freePort finds a port that is free together with the next one, which servers
// use for their cluster.
func freePort() (int, error) {
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, fmt.Errorf("free port: %w", err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		next, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		l.Close()
		if err != nil {
			continue
		}
		next.Close()
		return port, nil
	}
	return 0, errors.New("free port: found none with a free one after it")
}

// tail is the end of a log, for messages.
func tail(log string) string {
	var last []string
	for sc := bufio.NewScanner(strings.NewReader(log)); sc.Scan(); {
		if last = append(last, sc.Text()); len(last) > 5 {
			last = last[1:]
		}
	}
	return strings.Join(last, " | ")
}
