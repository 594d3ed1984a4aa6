// SPDX-License-Identifier: MPL-2.0

package thirdparty_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os/exec"
	"testing"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver/dialect"
	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
	"github.com/plugproof/plugproof/suites/targets"
)

const redisBinary = "vault-plugin-database-redis"

// redisPassword is that of the server's user default.
const redisPassword = "planted-redis-password"

// redis is a Redis server that ends with the test.
type redis struct {
	port int
}

// startRedis starts the redis-server of this machine, and skips the test where there
// is none.
func startRedis(t *testing.T) redis {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("it needs redis-server (apt-get install redis-server): ", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	_ = listener.Close()
	command := exec.CommandContext(t.Context(), program, "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--requirepass", redisPassword, "--save", "", "--dir", t.TempDir())
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	r := redis{port}
	NewWithT(t).Eventually(func() string { return r.as(t.Context(), "default", redisPassword) }).WithTimeout(soon).Should(Equal("+OK"))
	return r
}

// as returns what the server says to a login.
func (r redis) as(ctx context.Context, user, password string) string {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "AUTH %s %s\r\n", user, password); err != nil {
		return err.Error()
	}
	line, _, err := bufio.NewReader(conn).ReadLine()
	if err != nil {
		return err.Error()
	}
	return string(line)
}

func (r redis) connection() map[string]any {
	return map[string]any{"host": "127.0.0.1", "port": r.port, "username": "default", "password": redisPassword}
}

// TestRedis lets the database engine give users of a real Redis, over a crash of the
// plugin's process, and take them back.
func TestRedis(t *testing.T) {
	t.Parallel()
	server := startRedis(t)
	each(t, vault.PluginTypeDatabase, "redis-external", redisBinary, func(ctx context.Context, s *session) {
		s.Expect(s.Client.Sys().MountWithContext(ctx, "db", &vault.MountInput{Type: "database"})).To(Succeed())
		config := server.connection()
		config["plugin_name"], config["allowed_roles"] = s.name, "app"
		config["password"] = "wrong"
		_, err := s.Client.Logical().WriteWithContext(ctx, "db/config/main", config)
		s.refused(err, 400, "error creating database object: unable to initialize")
		config["password"] = redisPassword
		s.write(ctx, "db/config/main", config)
		s.write(ctx, "db/roles/app", map[string]any{"db_name": "main", "creation_statements": `["~*", "+@read"]`, "default_ttl": "1h"})
		first := s.read(ctx, "db/creds/app")
		user, password := first.Data["username"].(string), first.Data["password"].(string)
		s.Expect(server.as(ctx, user, password)).To(Equal("+OK"))

		s.crash(ctx)
		s.Eventually(func() error {
			_, err := s.Client.Logical().ReadWithContext(ctx, "db/creds/app")
			return err
		}).WithTimeout(soon).Should(Succeed())
		s.Expect(s.Client.Sys().RevokeWithContext(ctx, first.LeaseID)).To(Succeed())
		s.Expect(server.as(ctx, user, password)).To(HavePrefix("-WRONGPASS"))

		last := s.read(ctx, "db/creds/app")
		s.Expect(s.Client.Sys().UnmountWithContext(ctx, "db")).To(Succeed())
		s.Expect(server.as(ctx, last.Data["username"].(string), last.Data["password"].(string))).To(HavePrefix("-WRONGPASS"))
		s.Eventually(ctx, s.processes).WithTimeout(soon).Should(BeEmpty())
	})
}

// TestRedisConforms checks the plugin as its author would. It serves without
// multiplexing, and its pool keeps connections on which nothing comes any more, which is
// all that is said of it; races are not looked for, since it is not built with the race
// detector, and what it has no settings and statements for, and does not say of itself, is not checked.
func TestRedisConforms(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	server := startRedis(t)
	target := targets.Mock("mock", dialect.Newest(), targets.Faults{})
	defer func() { g.Expect(target.Close(context.Background())).To(Succeed()) }()
	result, err := conformance.CheckOn(t.Context(), conformance.CheckConfig{Concurrency: 2, Profile: steps.Profile{
		Database: steps.DatabaseProfile{Connection: server.connection(), CreationStatements: []string{`["~*", "+@all"]`}},
	}}, target, built(t, redisBinary))
	g.Expect(err).NotTo(HaveOccurred())
	var failed, unchecked []string
	for _, verdict := range result.Verdicts() {
		switch verdict.Status {
		case steps.Pass, steps.Skip:
		case steps.Unsupported:
			unchecked = append(unchecked, verdict.Requirement.ID)
		default:
			failed = append(failed, verdict.Requirement.ID)
		}
	}
	g.Expect(failed).To(ConsistOf("PLG-919", "PLG-946"))
	g.Expect(unchecked).To(ConsistOf("PLG-926", "PLG-927", "PLG-931", "PLG-932", "PLG-934", "PLG-935", "PLG-939", "PLG-940", "PLG-947"))
}
