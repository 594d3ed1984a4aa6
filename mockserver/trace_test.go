// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/mockserver"
	"github.com/plugproof/plugproof/mockserver/trace"
)

// TestTrace: what a plugin process stores stands below the request that made it do so,
// the process's start and exit are there, and nothing shows a secret.
func TestTrace(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	recorder := trace.NewRecorder(0)
	s, client, sha := start(t, mockserver.WithTrace(recorder, "value"))
	register(t, client, api.PluginTypeSecrets, "probe", sha, "DB_PASSWORD=planted-variable")
	mount(t, client, "a", "probe")
	header, id, parent := trace.NewParent()
	client.AddHeader(trace.ParentHeader, header)
	_, err := client.Logical().WriteWithContext(t.Context(), "a/kv/x", map[string]any{"value": "planted-value"})
	g.Expect(err).NotTo(HaveOccurred())

	one := func(spans []trace.Span, kind trace.Kind, name string) trace.Span {
		i := slices.IndexFunc(spans, func(s trace.Span) bool { return s.Kind == kind && s.Name == name })
		g.Expect(i).NotTo(Equal(-1), "%s %s in %+v", kind, name, spans)
		return spans[i]
	}
	of := recorder.Of(id)
	put := one(of, trace.Storage, "Put")
	i := slices.IndexFunc(of, func(s trace.Span) bool { return s.ID == put.Parent })
	g.Expect(i).NotTo(Equal(-1))
	request := of[i]
	g.Expect([]any{request.Kind, request.Mount, request.Path, request.Fields, request.Parent, request.Error}).To(
		Equal([]any{trace.Request, "a/", "kv/x", []string{"value"}, parent, ""}))
	g.Expect(put.Path).To(ContainSubstring("x"))
	g.Expect(put.Began).NotTo(BeTemporally("<", request.Began))
	g.Expect(put.Began.Add(put.Duration)).NotTo(BeTemporally(">", request.Began.Add(request.Duration)))
	setup := one(recorder.Spans(), trace.Request, "Setup")
	g.Expect(one(recorder.Spans(), trace.Start, "probe").PID).To(BeNumerically(">", 0))
	g.Expect(setup.Plugin).To(Equal("probe"))

	g.Expect(s.Close()).To(Succeed())
	exited := one(recorder.Spans(), trace.Process, "probe")
	g.Expect(exited.PID).To(BeNumerically(">", 0))
	var text bytes.Buffer
	g.Expect(trace.Text(&text, recorder.Spans())).To(Succeed())
	g.Expect(trace.OTLP(&text, recorder.Spans())).To(Succeed())
	g.Expect(text.String()).To(ContainSubstring("storage Put"))
	g.Expect(text.String()).NotTo(ContainSubstring("planted"))
}
