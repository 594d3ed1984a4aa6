// SPDX-License-Identifier: MPL-2.0

package thirdparty_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/conformance"
)

// TestKVVersion2 takes a secret through its whole life, over a reload and a
// crash of the plugin's process.
func TestKVVersion2(t *testing.T) {
	t.Parallel()
	each(t, vault.PluginTypeSecrets, "kv-external", kvBinary, func(ctx context.Context, s *session) {
		s.mountKV(ctx, "versioned", "2")
		kv := s.Client.KVv2("versioned")
		s.checkVersions(ctx, kv)
		s.reload(ctx)
		s.checkAfterRestart(ctx, kv)
		s.checkPatch(ctx, kv)
		s.checkDeletion(ctx, kv)
		s.crash(ctx)
		s.checkMetadata(ctx, kv)
		s.checkConfig(ctx, kv)

		s.Expect(s.Client.Sys().UnmountWithContext(ctx, "versioned")).To(Succeed())
		s.unmounted(ctx, "versioned/data/app/db")
		s.mountKV(ctx, "versioned", "2")
		_, err := kv.Get(ctx, "app/db")
		s.Expect(errors.Is(err, vault.ErrSecretNotFound)).To(BeTrue(), "the data went with the mount: %v", err)
	})
}

// TestKVVersion2IsChecked checks it with a profile that chooses the version, which takes
// effect on every mount.
func TestKVVersion2IsChecked(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	kept := []string{"PLG-001", "PLG-020", "PLG-031", "PLG-300", "PLG-301", "PLG-801"}
	result, err := conformance.Check(t.Context(), conformance.CheckConfig{
		Plugin: built(t, kvBinary), Profile: publicProfile(t, kvVersion2), Concurrency: 2, Only: kept,
	})
	g.Expect(err).NotTo(HaveOccurred())
	for _, verdict := range result.Verdicts() {
		for _, outcome := range verdict.Outcomes {
			g.Expect(outcome.Status).To(Equal(steps.Pass), "%s: %s %v", verdict.Requirement.ID, outcome.Reason, outcome.Failure)
		}
	}
	g.Expect(result.Verdicts()).To(HaveLen(len(kept)))
}

// mountKV mounts the plugin at a version. Servers take that option at mount only
// for their own kv; this one starts with version 1 and is tuned to 2. It then
// upgrades its store in the background and refuses requests until that is done.
func (s *session) mountKV(ctx context.Context, path, version string) {
	s.t.Helper()
	input := &vault.MountInput{Type: s.name, Options: map[string]string{"version": version}, Description: "public plugin"}
	s.refused(s.Client.Sys().MountWithContext(ctx, path, input), 400, "does not allow setting a version")
	input.Options = nil
	s.Expect(s.Client.Sys().MountWithContext(ctx, path, input)).To(Succeed())
	if version == "2" {
		s.Expect(s.Client.Sys().TuneMountAllowNilWithContext(ctx, path, vault.TuneMountConfigInput{Options: &map[string]string{"version": "2"}})).To(Succeed())
	}
	mounts, err := s.Client.Sys().ListMountsWithContext(ctx)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(mounts).To(HaveKey(path + "/"))
	m := mounts[path+"/"]
	s.Expect(m.Type).To(Equal(s.name))
	s.Expect(m.RunningSha256).To(Equal(s.sum))
	s.Expect(m.Accessor).To(HavePrefix(s.name + "_"))
	if version == "2" {
		s.Expect(m.Options).To(HaveKeyWithValue("version", "2"))
		s.Eventually(func() error {
			_, err := s.Client.Logical().ReadWithContext(ctx, path+"/config")
			return err
		}).WithTimeout(soon).Should(Succeed())
	}
}

func (s *session) checkVersions(ctx context.Context, kv *vault.KVv2) {
	s.t.Helper()
	first, err := kv.Put(ctx, "app/db", map[string]any{"user": "a", "deep": map[string]any{"n": 1}})
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(first.VersionMetadata.Version).To(Equal(1))
	s.Expect(first.VersionMetadata.CreatedTime).To(BeTemporally("~", time.Now(), time.Minute))

	_, err = kv.Put(ctx, "app/db", map[string]any{"user": "x"}, vault.WithCheckAndSet(0))
	s.refused(err, 400, "check-and-set parameter did not match the current version")
	second, err := kv.Put(ctx, "app/db", map[string]any{"user": "b"}, vault.WithCheckAndSet(1))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(second.VersionMetadata.Version).To(Equal(2))

	got, err := kv.Get(ctx, "app/db")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(got.Data).To(Equal(map[string]any{"user": "b"}))
	got, err = kv.GetVersion(ctx, "app/db", 1)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(got.Data).To(Equal(map[string]any{"user": "a", "deep": map[string]any{"n": json.Number("1")}}))
	_, err = kv.GetVersion(ctx, "app/db", 9)
	s.Expect(errors.Is(err, vault.ErrSecretNotFound)).To(BeTrue(), "%v", err)

	// The mount point is not part of a secret's path, and `data/` alone is none.
	_, err = s.Client.Logical().WriteWithContext(ctx, "versioned/app/db", map[string]any{"a": "b"})
	s.Expect(err).To(MatchError(ContainSubstring("Code: 404")))
}

// checkAfterRestart reads in another process what the first one wrote.
func (s *session) checkAfterRestart(ctx context.Context, kv *vault.KVv2) {
	s.t.Helper()
	s.Eventually(func() error {
		_, err := kv.Get(ctx, "app/db")
		return err
	}).WithTimeout(soon).Should(Succeed(), "a new process takes over")
	versions, err := kv.GetVersionsAsList(ctx, "app/db")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(versions).To(HaveLen(2))
	s.Expect(versions[1].Version).To(Equal(2))
}

func (s *session) checkPatch(ctx context.Context, kv *vault.KVv2) {
	s.t.Helper()
	patched, err := kv.Patch(ctx, "app/db", map[string]any{"pass": "p", "user": nil, "deep": map[string]any{"a": "b"}},
		vault.WithMergeMethod("patch"))
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(patched.VersionMetadata.Version).To(Equal(3))
	got, err := kv.Get(ctx, "app/db")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(got.Data).To(Equal(map[string]any{"pass": "p", "deep": map[string]any{"a": "b"}}))
	_, err = kv.Patch(ctx, "none", map[string]any{"a": "b"}, vault.WithMergeMethod("patch"))
	s.Expect(errors.Is(err, vault.ErrSecretNotFound)).To(BeTrue(), "%v", err)

	keys := s.read(ctx, "versioned/subkeys/app/db")
	s.Expect(keys.Data["subkeys"]).To(Equal(map[string]any{"pass": nil, "deep": map[string]any{"a": nil}}))
	shallow, err := s.Client.Logical().ReadWithDataWithContext(ctx, "versioned/subkeys/app/db",
		map[string][]string{"depth": {"1"}, "version": {"1"}})
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(shallow.Data["subkeys"]).To(Equal(map[string]any{"user": nil, "deep": nil}))
}

func (s *session) checkDeletion(ctx context.Context, kv *vault.KVv2) {
	s.t.Helper()
	s.Expect(kv.Delete(ctx, "app/db")).To(Succeed())
	// A deleted version is a 404 with data: its metadata.
	gone, err := kv.Get(ctx, "app/db")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(gone.Data).To(BeNil())
	s.Expect(gone.VersionMetadata.DeletionTime).To(BeTemporally("~", time.Now(), time.Minute))
	s.Expect(kv.Undelete(ctx, "app/db", []int{3})).To(Succeed())
	back, err := kv.Get(ctx, "app/db")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(back.Data).To(HaveKeyWithValue("pass", "p"))

	s.Expect(kv.DeleteVersions(ctx, "app/db", []int{1, 2})).To(Succeed())
	s.Expect(kv.Destroy(ctx, "app/db", []int{1})).To(Succeed())
	s.Expect(kv.Undelete(ctx, "app/db", []int{1, 2})).To(Succeed())
	destroyed, err := kv.GetVersion(ctx, "app/db", 1)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(destroyed.Data).To(BeNil())
	s.Expect(destroyed.VersionMetadata.Destroyed).To(BeTrue())
	undeleted, err := kv.GetVersion(ctx, "app/db", 2)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(undeleted.Data).To(Equal(map[string]any{"user": "b"}))

	rolled, err := kv.Rollback(ctx, "app/db", 2)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(rolled.VersionMetadata.Version).To(Equal(4))
}

func (s *session) checkMetadata(ctx context.Context, kv *vault.KVv2) {
	s.t.Helper()
	s.Eventually(func() error {
		return kv.PutMetadata(ctx, "app/db", vault.KVMetadataPutInput{
			MaxVersions: 5, CASRequired: true, DeleteVersionAfter: time.Hour,
			CustomMetadata: map[string]any{"owner": "team", "tier": "1"},
		})
	}).WithTimeout(soon).Should(Succeed(), "the crashed process is started again")
	meta, err := kv.GetMetadata(ctx, "app/db")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(meta.CurrentVersion).To(Equal(4))
	s.Expect(meta.MaxVersions).To(Equal(5))
	s.Expect(meta.CASRequired).To(BeTrue())
	s.Expect(meta.DeleteVersionAfter).To(Equal(time.Hour))
	s.Expect(meta.CustomMetadata).To(Equal(map[string]any{"owner": "team", "tier": "1"}))
	s.Expect(meta.Versions).To(HaveLen(4))
	_, err = kv.Put(ctx, "app/db", map[string]any{"user": "c"})
	s.refused(err, 400, "check-and-set parameter required for this call")

	no := false
	s.Expect(kv.PatchMetadata(ctx, "app/db", vault.KVMetadataPatchInput{
		CASRequired: &no, CustomMetadata: map[string]any{"tier": nil, "since": "2024"},
	})).To(Succeed())
	got, err := kv.Get(ctx, "app/db")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(got.CustomMetadata).To(Equal(map[string]any{"owner": "team", "since": "2024"}))

	_, err = kv.Put(ctx, "other", map[string]any{"a": "b"})
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(s.keys(ctx, "versioned/metadata/")).To(Equal([]any{"app/", "other"}))
	s.Expect(s.keys(ctx, "versioned/metadata/app")).To(Equal([]any{"db"}))
	s.Expect(kv.DeleteMetadata(ctx, "other")).To(Succeed())
	_, err = kv.GetMetadata(ctx, "other")
	s.Expect(errors.Is(err, vault.ErrSecretNotFound)).To(BeTrue(), "%v", err)
	s.Expect(s.keys(ctx, "versioned/metadata/")).To(Equal([]any{"app/"}))
}

func (s *session) checkConfig(ctx context.Context, kv *vault.KVv2) {
	s.t.Helper()
	s.write(ctx, "versioned/config", map[string]any{"max_versions": 2, "cas_required": false, "delete_version_after": "90m"})
	config := s.read(ctx, "versioned/config")
	s.Expect(config.Data).To(Equal(map[string]any{
		"max_versions": json.Number("2"), "cas_required": false, "delete_version_after": "1h30m0s",
	}))
	for range 3 {
		_, err := kv.Put(ctx, "bounded", map[string]any{"a": "b"})
		s.Expect(err).NotTo(HaveOccurred())
	}
	versions, err := kv.GetVersionsAsList(ctx, "bounded")
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(versions).To(HaveLen(2), "the oldest version is dropped")
	s.Expect(versions[0].DeletionTime).To(BeTemporally("~", time.Now().Add(90*time.Minute), time.Minute))
}

// TestKVVersion1 is the plain store, which the same binary serves.
func TestKVVersion1(t *testing.T) {
	t.Parallel()
	each(t, vault.PluginTypeSecrets, "kv-external", kvBinary, func(ctx context.Context, s *session) {
		s.mountKV(ctx, "plain", "1")
		kv := s.Client.KVv1("plain")
		s.Expect(kv.Put(ctx, "app/db", map[string]any{"user": "a", "ttl": "30m"})).To(Succeed())
		s.Expect(kv.Put(ctx, "app/db", map[string]any{"user": "b", "ttl": "30m"})).To(Succeed())
		s.reload(ctx)
		s.Eventually(func() error {
			_, err := kv.Get(ctx, "app/db")
			return err
		}).WithTimeout(soon).Should(Succeed())
		got, err := kv.Get(ctx, "app/db")
		s.Expect(err).NotTo(HaveOccurred())
		s.Expect(got.Data).To(Equal(map[string]any{"user": "b", "ttl": "30m"}))
		s.Expect(got.Raw.LeaseDuration).To(Equal(1800), "the secret's own ttl")
		s.Expect(s.keys(ctx, "plain")).To(Equal([]any{"app/"}))
		s.crash(ctx)
		s.Eventually(func() error {
			_, err := kv.Get(ctx, "app/db")
			return err
		}).WithTimeout(soon).Should(Succeed(), "the crashed process is started again")
		s.Expect(s.keys(ctx, "plain/app")).To(Equal([]any{"db"}))
		s.Expect(kv.Delete(ctx, "app/db")).To(Succeed())
		_, err = kv.Get(ctx, "app/db")
		s.Expect(errors.Is(err, vault.ErrSecretNotFound)).To(BeTrue(), "%v", err)
		s.Expect(s.keys(ctx, "plain")).To(BeNil())
		_, err = s.Client.Logical().WriteWithContext(ctx, "plain/app/db", nil)
		s.refused(err, 400, "missing data fields")

		// To servers an external kv's secrets have leases, which it does not know
		// how to revoke: they must be forced.
		s.refused(s.Client.Sys().UnmountWithContext(ctx, "plain"), 400, "secret is unsupported by this backend")
		s.Expect(s.Client.Sys().RevokeForceWithContext(ctx, "plain")).To(Succeed())
		s.Expect(s.Client.Sys().UnmountWithContext(ctx, "plain")).To(Succeed())
		s.unmounted(ctx, "plain/app/db")
	})
}

// TestKVUnderTheBuiltinsName holds that servers use their own kv whatever is
// registered under its name.
func TestKVUnderTheBuiltinsName(t *testing.T) {
	t.Parallel()
	each(t, vault.PluginTypeSecrets, "kv", kvBinary, func(ctx context.Context, s *session) {
		s.Expect(s.Client.Sys().MountWithContext(ctx, "own", &vault.MountInput{Type: "kv", Options: map[string]string{"version": "1"}})).To(Succeed())
		mount, err := s.Client.Sys().GetMountWithContext(ctx, "own")
		s.Expect(err).NotTo(HaveOccurred())
		s.Expect(mount.RunningSha256).To(BeEmpty())
		s.Expect(s.processes(ctx)).To(BeEmpty())
		s.Expect(s.Client.KVv1("own").Put(ctx, "app", map[string]any{"a": "b"})).To(Succeed())
	})
}
