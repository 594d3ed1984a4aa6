// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/clock"
	"github.com/plugproof/plugproof/mockserver/fault"
)

// faulty is a server with faults and the probe mounted at a.
type faulty struct {
	*fault.Injector
	server *mockserver.Server
	client *api.Client
	dir    string
}

func startFaulty(t *testing.T, opts ...mockserver.Option) *faulty {
	t.Helper()
	f := &faulty{Injector: fault.New(1)}
	dir, sha := pluginDir(t)
	f.dir = dir
	f.server, f.client, _ = start(t, append(opts, mockserver.WithPluginDir(dir), mockserver.WithFaults(f.Injector))...)
	register(t, f.client, api.PluginTypeSecrets, "probe", sha)
	mount(t, f.client, "a", "probe")
	return f
}

func (f *faulty) write(ctx context.Context, name, value string) error {
	_, err := f.client.Logical().WriteWithContext(ctx, "a/kv/"+name, map[string]any{"value": value})
	return err
}

// read returns a value; empty for none.
func (f *faulty) read(ctx context.Context, name string) (string, error) {
	secret, err := f.client.Logical().ReadWithContext(ctx, "a/kv/"+name)
	if err != nil || secret == nil {
		return "", err
	}
	return fmt.Sprint(secret.Data["value"]), nil
}

// TestFaults lets each fault happen under writers. Afterwards the server serves again,
// and nothing that was acknowledged is lost.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		faults []string
		// fails: some of the writes must fail, of others none may.
		fails bool
	}{
		"slow storage":       {[]string{"storage-delay=5ms"}, false},
		"failing storage":    {[]string{"storage-failures=0.5"}, true},
		"read-only storage":  {[]string{"storage-read-only=true"}, true},
		"full storage":       {[]string{"storage-full=true"}, true},
		"killed before":      {[]string{"kill-before=0.4"}, true},
		"killed during":      {[]string{"kill-during=0.4"}, true},
		"killed after":       {[]string{"kill-after=0.4"}, true},
		"reset requests":     {[]string{"reset-requests=0.5"}, true},
		"reset answers":      {[]string{"reset-answers=0.5"}, true},
		"one at a time":      {[]string{"max-requests=1"}, true},
		"slow start":         {[]string{"start-delay=20ms", "kill-after=0.3"}, true},
		"sealed":             {[]string{"sealed=true"}, true},
		"everything at once": {[]string{"storage-delay=1ms", "storage-failures=0.1", "kill-during=0.2", "kill-after=0.2", "reset-answers=0.2"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			f := startFaulty(t)
			g.Expect(f.write(t.Context(), "before", "1")).To(Succeed())
			g.Expect(f.Set(test.faults...)).To(Succeed())
			acknowledged := make([]string, 4)
			failed := make([]int, 4)
			var writers sync.WaitGroup
			for i := range acknowledged {
				writers.Go(func() {
					for n := range 4 { // many starts of killed plugins are much of the work of all tests
						value := fmt.Sprint(n)
						if err := f.write(t.Context(), fmt.Sprint("w", i), value); err != nil {
							failed[i]++
							continue
						}
						acknowledged[i] = value
					}
				})
			}
			writers.Wait()
			f.Replace(fault.Faults{})
			all := failed[0] + failed[1] + failed[2] + failed[3]
			g.Expect(all > 0).To(Equal(test.fails), "%d of 16 writes failed", all)
			g.Eventually(func() error { return f.write(t.Context(), "after", "1") }).WithTimeout(stormEnd).Should(Succeed())
			g.Expect(f.read(t.Context(), "before")).To(Equal("1"))
			for i, want := range acknowledged {
				got, err := f.read(t.Context(), fmt.Sprint("w", i))
				g.Expect(err).NotTo(HaveOccurred())
				if want != "" {
					written, err := strconv.Atoi(want)
					g.Expect(err).NotTo(HaveOccurred())
					stored, err := strconv.Atoi(got)
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(stored).To(BeNumerically(">=", written), "a write that was not acknowledged may have happened")
				}
			}
		})
	}
}

// TestStorageType: what is said of the storage is that of a server, whatever is around it.
func TestStorageType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want string
		opts []mockserver.Option
	}{
		{"inmem", nil},
		{"inmem", []mockserver.Option{mockserver.WithFaults(fault.New(1))}},
		{"file", []mockserver.Option{mockserver.WithDataDir(t.TempDir())}},
	} {
		s, _, _ := start(t, c.opts...)
		if _, answer := send(t, s.Address(), "GET", "sys/seal-status", ""); !strings.Contains(answer, `"storage_type":"`+c.want+`"`) {
			t.Errorf("want %s: %s", c.want, answer)
		}
	}
}

// TestSealedServer: it has no plugins, says that it is sealed, and has all data when it
// is unsealed.
func TestSealedServer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	f := startFaulty(t)
	g.Expect(f.write(t.Context(), "x", "1")).To(Succeed())
	g.Expect(processesOf(f.dir)).To(HaveLen(1))
	g.Expect(f.Set("sealed=true")).To(Succeed())
	g.Expect(processesOf(f.dir)).To(BeEmpty())
	g.Expect(f.write(t.Context(), "x", "2")).To(MatchError(And(ContainSubstring("Code: 503"), ContainSubstring("Vault is sealed"))))
	health, err := f.client.Sys().HealthWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(health.Sealed).To(BeTrue())
	status, err := f.client.Sys().SealStatusWithContext(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(status.Sealed).To(BeTrue())
	g.Expect(f.Set("sealed=false")).To(Succeed())
	g.Expect(f.read(t.Context(), "x")).To(Equal("1"))
}

// TestAdminHandler: a test in another process sets faults and moves the clock.
func TestAdminHandler(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	c := clock.New()
	f := startFaulty(t, mockserver.WithClock(c))
	admin := mockserver.AdminHandler(f.Injector, c)
	send := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewBufferString(body)))
		return w.Code, w.Body.String()
	}
	code, body := send("PATCH", "/faults", `{"storage-full": true, "storage-delay": "1ms", "kill-after": 0}`)
	g.Expect(code).To(Equal(http.StatusOK), body)
	faults := map[string]any{}
	g.Expect(json.Unmarshal([]byte(body), &faults)).To(Succeed())
	g.Expect(faults).To(And(HaveKeyWithValue("storage-full", true), HaveKeyWithValue("storage-delay", "1ms")))
	g.Expect(f.write(t.Context(), "x", "1")).To(MatchError(ContainSubstring("no space left on device")))
	code, _ = send("DELETE", "/faults", "")
	g.Expect(code).To(Equal(http.StatusOK))
	g.Expect(f.write(t.Context(), "x", "1")).To(Succeed())
	for body, want := range map[string]string{
		`{"storage-ful": true}`: "there is no fault", `{"kill-after": 2}`: "between 0 and 1", `{"sealed": "x"}`: "true or false",
		`[]`: "not JSON of the right form", `{"start-delay": -1}`: "duration", `{"max-requests": 1.5}`: "whole number",
	} {
		code, text := send("PATCH", "/faults", body)
		g.Expect(code).To(Equal(http.StatusBadRequest), body)
		g.Expect(text).To(ContainSubstring(want))
	}
	before := c.Now()
	code, _ = send("POST", "/clock", `{"advance": "1h"}`)
	g.Expect(code).To(Equal(http.StatusOK))
	g.Expect(c.Since(before)).To(BeNumerically(">=", time.Hour))
	code, body = send("POST", "/clock", `{"advance": "-1h"}`)
	g.Expect(code).To(Equal(http.StatusBadRequest), body)
	g.Expect(strings.Join(fault.Help(), "\n")).To(ContainSubstring("storage-full"))
}
