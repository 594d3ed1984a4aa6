// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

func logicalCalls() []call {
	return []call{
		{"Logical.Write Logical.Read Logical.ReadWithData Logical.List Logical.Delete Logical.DeleteWithData Logical.WriteBytes", checkLogical},
		{"Logical.ReadWithRequest Logical.WriteWithRequest Logical.DeleteWithRequest", checkRequests},
		{"Logical.ReadRaw Logical.ReadRawWithData Logical.WriteRaw Logical.PatchRaw Logical.DeleteRaw Logical.ParseRawResponseAndCloseBody Response.DecodeJSON Response.Error", checkRaw},
		{"Logical.JSONMergePatch", checkPatch},
	}
}

func storeCalls() []call {
	return []call{
		{"Client.KVv1 KVv1.Put KVv1.Get KVv1.Delete", checkKV1},
		{"Client.KVv2 KVv2.Put KVv2.Get KVv2.GetVersion KVv2.GetVersionsAsList KVv2.Patch KVv2.Delete KVv2.DeleteVersions KVv2.Undelete KVv2.Destroy KVv2.Rollback", checkKV2},
		{"KVv2.PutMetadata KVv2.GetMetadata KVv2.PatchMetadata KVv2.DeleteMetadata", checkKV2Metadata},
	}
}

func checkLogical(s *session) {
	s.mount("logical")
	l := s.Client.Logical()
	for _, name := range []string{"a", "b", "deep/c"} {
		_, err := l.Write("logical/kv/"+name, map[string]any{"value": name})
		s.ok(err)
	}
	_, err := l.WriteBytes("logical/kv/d", []byte(`{"value":"bytes"}`))
	s.ok(err)
	s.Expect(s.secret(l.Read("logical/kv/d")).Data).To(Equal(map[string]any{"value": "bytes"}))
	s.Expect(s.secret(l.ReadWithData("logical/kv/a", url.Values{"x": {"y"}})).Data).To(HaveKeyWithValue("value", "a"))
	s.Expect(s.secret(l.List("logical/kv")).Data["keys"]).To(Equal([]any{"a", "b", "d", "deep/"}))
	_, err = l.Delete("logical/kv/a")
	s.ok(err)
	_, err = l.DeleteWithData("logical/kv/b", url.Values{"x": {"y"}})
	s.ok(err)
	for _, read := range []func(string) (*vault.Secret, error){l.Read, func(string) (*vault.Secret, error) { return l.List("logical/kv/none") }} {
		secret, err := read("logical/kv/a")
		s.ok(err)
		s.Expect(secret).To(BeNil(), "nothing there is no error")
	}
	s.Expect(s.secret(l.Read("logical/warn")).Warnings).To(HaveLen(1))
	_, err = l.Write("nowhere/a", nil)
	s.fails(err, 404)
	_, err = s.Connect(s.t, "").Logical().Read("logical/kv/d")
	s.fails(err, 403)
}

func checkRequests(s *session) {
	ctx := s.t.Context()
	s.mount("requests")
	s.ok(s.Client.Sys().TuneMountAllowNil("requests", vault.TuneMountConfigInput{PassthroughRequestHeaders: &[]string{"X-Test"}}))
	header := http.Header{"X-Test": {"yes"}}
	_, err := s.Client.Logical().WriteWithRequest(ctx, vault.NewLogicalWriteRequest("requests/kv/a", map[string]any{"value": "v"}, header))
	s.ok(err)
	read := s.secret(s.Client.Logical().ReadWithRequest(ctx, vault.NewLogicalReadRequest("requests/headers", nil, header)))
	s.Expect(must[[]byte](s)(json.Marshal(read.Data))).To(ContainSubstring("yes"), "the header reaches the plugin")
	_, err = s.Client.Logical().DeleteWithRequest(ctx, vault.NewDeleteRequest("requests/kv/a", nil, header))
	s.ok(err)
	gone, err := s.Client.Logical().Read("requests/kv/a")
	s.ok(err)
	s.Expect(gone).To(BeNil())
}

func checkRaw(s *session) {
	s.mount("raws")
	l := s.Client.Logical()
	closed := func(resp *vault.Response, err error) int {
		s.t.Helper()
		s.ok(err)
		defer resp.Body.Close()
		return resp.StatusCode
	}
	s.Expect(closed(l.WriteRaw("raws/kv/a", []byte(`{"value":"v"}`)))).To(Equal(204))
	resp, err := l.ReadRaw("raws/kv/a")
	secret := s.secret(l.ParseRawResponseAndCloseBody(resp, err))
	s.Expect(secret.Data).To(HaveKeyWithValue("value", "v"))
	resp, err = l.ReadRawWithData("raws/kv/a", url.Values{"x": {"y"}})
	s.ok(err)
	var decoded vault.Secret
	s.ok(resp.DecodeJSON(&decoded))
	s.ok(resp.Body.Close())
	s.ok(resp.Error())
	s.Expect(decoded.Data).To(HaveKeyWithValue("value", "v"))
	own, err := l.ReadRaw("raws/raw")
	s.ok(err)
	defer own.Body.Close()
	body := must[[]byte](s)(io.ReadAll(own.Body))
	s.Expect(body).NotTo(BeEmpty())
	s.Expect(json.Valid(body) && strings.Contains(string(body), "request_id")).To(BeFalse(), "the plugin's own answer has no envelope")
	s.Expect(closed(l.DeleteRaw("raws/kv/a"))).To(Equal(204))
	// The client sends SCIM's content type, which servers refuse outside of it.
	patched, err := l.PatchRaw("raws/operation", []byte(`{"a":"b"}`))
	s.fails(err, 415)
	s.ok(patched.Body.Close())
	missing, err := l.ReadRaw("raws/kv/a")
	s.Expect(err).To(HaveOccurred())
	s.Expect(missing.StatusCode).To(Equal(404))
	s.Expect(missing.Error()).To(HaveOccurred())
	s.ok(missing.Body.Close())
}

// mountStore mounts the builtin kv and waits until it takes requests.
func (s *session) mountStore(path, version string) {
	s.t.Helper()
	s.ok(s.Client.Sys().Mount(path, &vault.MountInput{Type: "kv", Options: map[string]string{"version": version}}))
	if version == "2" {
		s.Eventually(func() error {
			_, err := s.Client.Logical().Read(path + "/config")
			return err
		}).WithTimeout(20 * time.Second).Should(Succeed())
	}
}

func checkPatch(s *session) {
	s.mountStore("patched", "2")
	ctx := s.t.Context()
	_, err := s.Client.Logical().Write("patched/data/a", map[string]any{"data": map[string]any{"one": "1", "two": "2"}})
	s.ok(err)
	patched := s.secret(s.Client.Logical().JSONMergePatch(ctx, "patched/data/a", map[string]any{"data": map[string]any{"one": nil, "three": "3"}}))
	s.Expect(patched.Data).To(HaveKeyWithValue("version", json.Number("2")))
	s.Expect(s.secret(s.Client.Logical().Read("patched/data/a")).Data["data"]).To(Equal(map[string]any{"two": "2", "three": "3"}))
	_, err = s.Client.Logical().JSONMergePatch(ctx, "patched/data/none", map[string]any{"data": map[string]any{}})
	s.fails(err, 404)
}

func checkKV1(s *session) {
	s.mountStore("plain", "1")
	ctx := s.t.Context()
	kv := s.Client.KVv1("plain")
	s.ok(kv.Put(ctx, "a", map[string]any{"x": "y"}))
	s.Expect(must[*vault.KVSecret](s)(kv.Get(ctx, "a")).Data).To(Equal(map[string]any{"x": "y"}))
	s.ok(kv.Delete(ctx, "a"))
	_, err := kv.Get(ctx, "a")
	s.Expect(errors.Is(err, vault.ErrSecretNotFound)).To(BeTrue(), "%v", err)
}

func checkKV2(s *session) {
	s.mountStore("versions", "2")
	ctx := s.t.Context()
	kv := s.Client.KVv2("versions")
	get := func(version int) *vault.KVSecret {
		s.t.Helper()
		return must[*vault.KVSecret](s)(kv.GetVersion(ctx, "a", version))
	}
	s.Expect(must[*vault.KVSecret](s)(kv.Put(ctx, "a", map[string]any{"x": "1"})).VersionMetadata.Version).To(Equal(1))
	_, err := kv.Put(ctx, "a", map[string]any{"x": "2"}, vault.WithCheckAndSet(0))
	s.fails(err, 400)
	s.Expect(must[*vault.KVSecret](s)(kv.Put(ctx, "a", map[string]any{"x": "2"}, vault.WithCheckAndSet(1))).VersionMetadata.Version).To(Equal(2))
	s.Expect(must[*vault.KVSecret](s)(kv.Patch(ctx, "a", map[string]any{"y": "3"})).VersionMetadata.Version).To(Equal(3))
	s.Expect(must[*vault.KVSecret](s)(kv.Get(ctx, "a")).Data).To(Equal(map[string]any{"x": "2", "y": "3"}))
	s.Expect(get(1).Data).To(Equal(map[string]any{"x": "1"}))
	s.Expect(must[[]vault.KVVersionMetadata](s)(kv.GetVersionsAsList(ctx, "a"))).To(HaveLen(3))
	s.ok(kv.Delete(ctx, "a"))
	s.Expect(get(3).Data).To(BeNil())
	s.ok(kv.DeleteVersions(ctx, "a", []int{1, 2}))
	s.ok(kv.Undelete(ctx, "a", []int{1, 3}))
	s.ok(kv.Destroy(ctx, "a", []int{3}))
	s.Expect(get(1).Data).To(Equal(map[string]any{"x": "1"}))
	s.Expect(get(2).VersionMetadata.DeletionTime).NotTo(BeZero())
	s.Expect(get(3).VersionMetadata.Destroyed).To(BeTrue())
	// A rollback asks for the newest data, which must be there.
	s.ok(must0(kv.Put(ctx, "a", map[string]any{"x": "4"})))
	s.Expect(must[*vault.KVSecret](s)(kv.Rollback(ctx, "a", 1)).VersionMetadata.Version).To(Equal(5))
	s.Expect(must[*vault.KVSecret](s)(kv.Get(ctx, "a")).Data).To(Equal(map[string]any{"x": "1"}))
}

func must0[T any](_ T, err error) error { return err }

func checkKV2Metadata(s *session) {
	s.mountStore("described", "2")
	ctx := s.t.Context()
	kv := s.Client.KVv2("described")
	s.ok(kv.PutMetadata(ctx, "a", vault.KVMetadataPutInput{MaxVersions: 3, CustomMetadata: map[string]any{"k": "v"}, DeleteVersionAfter: time.Hour}))
	got := must[*vault.KVMetadata](s)(kv.GetMetadata(ctx, "a"))
	s.Expect(got.MaxVersions).To(Equal(3))
	s.Expect(got.DeleteVersionAfter).To(Equal(time.Hour))
	s.Expect(got.CustomMetadata).To(Equal(map[string]any{"k": "v"}))
	yes := true
	s.ok(kv.PatchMetadata(ctx, "a", vault.KVMetadataPatchInput{CASRequired: &yes}))
	got = must[*vault.KVMetadata](s)(kv.GetMetadata(ctx, "a"))
	s.Expect(got.CASRequired).To(BeTrue())
	s.Expect(got.MaxVersions).To(Equal(3))
	s.ok(kv.DeleteMetadata(ctx, "a"))
	_, err := kv.GetMetadata(ctx, "a")
	s.Expect(errors.Is(err, vault.ErrSecretNotFound)).To(BeTrue(), "%v", err)
}

// loginAs is what a helper of an auth method gives to Auth().Login.
type loginAs map[string]any

func (l loginAs) Login(ctx context.Context, client *vault.Client) (*vault.Secret, error) {
	return client.Logical().WriteWithContext(ctx, "auth/logins/login", l)
}

func checkLogin(s *session) {
	s.register(vault.PluginTypeCredential, "logins")
	s.ok(s.Client.Sys().EnableAuth("logins", "logins", ""))
	client := s.Connect(s.t, "")
	secret := s.secret(client.Auth().Login(s.t.Context(), loginAs{"user": "alice", "policies": "p", "ttl": 600}))
	s.Expect(secret.Auth.Policies).To(ConsistOf("default", "p"))
	s.Expect(secret.Auth.Metadata).To(Equal(map[string]string{"user": "alice"}))
	s.Expect(secret.Auth.LeaseDuration).To(Equal(600))
	s.Expect(client.Token()).To(Equal(secret.Auth.ClientToken), "the client goes on with the new token")
	s.Expect(s.secret(client.Auth().Token().LookupSelf()).Data).To(HaveKeyWithValue("display_name", "logins-alice"))
	_, err := s.Connect(s.t, "").Auth().Login(s.t.Context(), loginAs{"user": ""})
	s.fails(err, 403)
}
