// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"time"

	vault "github.com/hashicorp/vault/api"
	. "github.com/onsi/gomega"
)

func sysCalls() []call {
	return []call{
		{"Sys.Health Sys.SealStatus Sys.Leader Sys.InitStatus Sys.Init", checkStatus},
		{"Sys.Mount Sys.GetMount Sys.ListMounts Sys.Unmount", checkMounts},
		{"Sys.TuneMount Sys.TuneMountAllowNil Sys.MountConfig", checkTuning},
		{"Sys.Remount Sys.StartRemount Sys.RemountStatus", checkRemount},
		{"Sys.EnableAuth Sys.EnableAuthWithOptions Sys.GetAuth Sys.ListAuth Sys.DisableAuth", checkAuthMounts},
		{"Sys.PutPolicy Sys.GetPolicy Sys.ListPolicies Sys.DeletePolicy", checkPolicies},
		{"Sys.Lookup Sys.Renew Sys.Revoke Sys.RevokePrefix Sys.RevokeForce Sys.RevokeWithOptions", checkLeases},
	}
}

func checkStatus(s *session) {
	health := must[*vault.HealthResponse](s)(s.Client.Sys().Health())
	s.Expect(health.Initialized).To(BeTrue())
	s.Expect(health.Sealed).To(BeFalse())
	s.Expect(health.Standby).To(BeFalse())
	s.Expect(health.Version).NotTo(BeEmpty())
	s.Expect(health.ClusterID).NotTo(BeEmpty())
	s.Expect(time.Unix(health.ServerTimeUTC, 0)).To(BeTemporally("~", time.Now(), time.Minute))
	seal := must[*vault.SealStatusResponse](s)(s.Client.Sys().SealStatus())
	s.Expect(seal.Initialized).To(BeTrue())
	s.Expect(seal.Sealed).To(BeFalse())
	s.Expect(seal.Type).To(Equal("shamir"))
	s.Expect([]int{seal.T, seal.N, seal.Progress}).To(Equal([]int{1, 1, 0}))
	s.Expect(seal.ClusterID).To(Equal(health.ClusterID))
	s.Expect(seal.StorageType).To(Equal("inmem"))
	leader := must[*vault.LeaderResponse](s)(s.Client.Sys().Leader())
	s.Expect(leader.HAEnabled).To(BeFalse())
	s.Expect(must[bool](s)(s.Client.Sys().InitStatus())).To(BeTrue())
	_, err := s.Client.Sys().Init(&vault.InitRequest{SecretShares: 1, SecretThreshold: 1})
	s.fails(err, 400)
}

func checkMounts(s *session) {
	s.register(vault.PluginTypeSecrets, "mounts")
	s.ok(s.Client.Sys().Mount("mounts/a", &vault.MountInput{
		Type: "mounts", Description: "a mount", Local: true, Options: map[string]string{"colour": "blue"},
		Config: vault.MountConfigInput{
			DefaultLeaseTTL: "10m", MaxLeaseTTL: "1h", ForceNoCache: true, ListingVisibility: "unauth",
			AuditNonHMACRequestKeys: []string{"req"}, AuditNonHMACResponseKeys: []string{"resp"},
			PassthroughRequestHeaders: []string{"X-One"}, AllowedResponseHeaders: []string{"X-Two"},
		},
	}))
	mounts := must[map[string]*vault.MountOutput](s)(s.Client.Sys().ListMounts())
	s.Expect(mounts).To(HaveKey("sys/"))
	s.Expect(mounts["cubbyhole/"].Local).To(BeTrue())
	listed := mounts["mounts/a/"]
	s.Expect(listed).NotTo(BeNil())
	got := must[*vault.MountOutput](s)(s.Client.Sys().GetMount("mounts/a"))
	s.Expect(got).To(Equal(listed), "one mount reads as it is listed")
	s.Expect(got.UUID).NotTo(BeEmpty())
	s.Expect(got.Accessor).To(MatchRegexp(`^mounts_[0-9a-f]{8}$`))
	s.Expect(got.RunningSha256).To(Equal(s.sum))
	s.Expect(*got).To(Equal(vault.MountOutput{
		UUID: got.UUID, Accessor: got.Accessor, RunningSha256: s.sum, Type: "mounts", Description: "a mount", Local: true,
		Options: map[string]string{"colour": "blue"}, PluginVersion: got.PluginVersion, RunningVersion: got.RunningVersion,
		Config: vault.MountConfigOutput{
			DefaultLeaseTTL: 600, MaxLeaseTTL: 3600, ForceNoCache: true, ListingVisibility: "unauth",
			AuditNonHMACRequestKeys: []string{"req"}, AuditNonHMACResponseKeys: []string{"resp"},
			PassthroughRequestHeaders: []string{"X-One"}, AllowedResponseHeaders: []string{"X-Two"},
		},
	}))
	s.fails(s.Client.Sys().Mount("mounts/a", &vault.MountInput{Type: "mounts"}), 400)
	s.ok(s.Client.Sys().Unmount("mounts/a"))
	_, err := s.Client.Sys().GetMount("mounts/a")
	s.fails(err, 400)
	s.ok(s.Client.Sys().Unmount("mounts/a"))
}

func checkTuning(s *session) {
	s.mount("tuning")
	description, empty, noKeys := "changed", "", []string{}
	s.ok(s.Client.Sys().TuneMount("tuning", vault.MountConfigInput{
		DefaultLeaseTTL: "5m", MaxLeaseTTL: "2h", Description: &description, ListingVisibility: "hidden",
		AuditNonHMACRequestKeys: []string{"a", "b"}, Options: map[string]string{"size": "2"},
	}))
	config := must[*vault.MountConfigOutput](s)(s.Client.Sys().MountConfig("tuning"))
	s.Expect([]int{config.DefaultLeaseTTL, config.MaxLeaseTTL}).To(Equal([]int{300, 7200}))
	s.Expect(config.ListingVisibility).To(Equal("hidden"))
	s.Expect(config.AuditNonHMACRequestKeys).To(Equal([]string{"a", "b"}))
	mount := must[*vault.MountOutput](s)(s.Client.Sys().GetMount("tuning"))
	s.Expect(mount.Description).To(Equal("changed"))
	s.Expect(mount.Options).To(Equal(map[string]string{"size": "2"}))

	s.ok(s.Client.Sys().TuneMountAllowNil("tuning", vault.TuneMountConfigInput{Description: &empty, AuditNonHMACRequestKeys: &noKeys}))
	mount = must[*vault.MountOutput](s)(s.Client.Sys().GetMount("tuning"))
	s.Expect(mount.Description).To(BeEmpty())
	s.Expect(mount.Config.AuditNonHMACRequestKeys).To(BeEmpty())
	s.Expect(mount.Config.MaxLeaseTTL).To(Equal(7200), "what is not sent stays")
	s.fails(s.Client.Sys().TuneMount("nowhere", vault.MountConfigInput{MaxLeaseTTL: "1h"}), 400)
}

func checkRemount(s *session) {
	s.mount("remount")
	_, err := s.Client.Logical().Write("remount/kv/a", map[string]any{"value": "kept"})
	s.ok(err)
	before := must[*vault.MountOutput](s)(s.Client.Sys().GetMount("remount"))
	// Remount waits for the end by asking for the status.
	s.ok(s.Client.Sys().Remount("remount", "moved/once"))
	after := must[*vault.MountOutput](s)(s.Client.Sys().GetMount("moved/once"))
	s.Expect(after.UUID).To(Equal(before.UUID))
	s.Expect(after.Accessor).To(Equal(before.Accessor))
	s.Expect(s.secret(s.Client.Logical().Read("moved/once/kv/a")).Data).To(HaveKeyWithValue("value", "kept"))

	started := must[*vault.MountMigrationOutput](s)(s.Client.Sys().StartRemount("moved/once", "moved/twice"))
	s.Expect(started.MigrationID).NotTo(BeEmpty())
	s.Eventually(func() (string, error) {
		status, err := s.Client.Sys().RemountStatus(started.MigrationID)
		if err != nil {
			return "", err
		}
		s.Expect(status.MigrationID).To(Equal(started.MigrationID))
		s.Expect(status.MigrationInfo.SourceMount).To(Equal("moved/once/"))
		s.Expect(status.MigrationInfo.TargetMount).To(Equal("moved/twice/"))
		return status.MigrationInfo.MigrationStatus, nil
	}).WithTimeout(20 * time.Second).Should(Equal("success"))
	_, err = s.Client.Sys().StartRemount("nowhere", "moved/three")
	s.fails(err, 400)
}

func checkAuthMounts(s *session) {
	s.register(vault.PluginTypeCredential, "auths")
	s.ok(s.Client.Sys().EnableAuth("auths/plain", "auths", "a method"))
	s.ok(s.Client.Sys().EnableAuthWithOptions("auths/full", &vault.EnableAuthOptions{
		Type: "auths", Description: "another", Local: true, Options: map[string]string{"a": "b"},
		Config: vault.AuthConfigInput{DefaultLeaseTTL: "1h", MaxLeaseTTL: "2h", ListingVisibility: "unauth", TokenType: "batch"},
	}))
	auths := must[map[string]*vault.AuthMount](s)(s.Client.Sys().ListAuth())
	s.Expect(auths["token/"].Type).To(Equal("token"))
	s.Expect(auths["auths/plain/"].Description).To(Equal("a method"))
	full := auths["auths/full/"]
	s.Expect(full).NotTo(BeNil())
	s.Expect(must[*vault.AuthMount](s)(s.Client.Sys().GetAuth("auths/full"))).To(Equal(full))
	s.Expect(full.Local).To(BeTrue())
	s.Expect(full.Options).To(Equal(map[string]string{"a": "b"}))
	s.Expect([]int{full.Config.DefaultLeaseTTL, full.Config.MaxLeaseTTL}).To(Equal([]int{3600, 7200}))
	s.Expect(full.Config.TokenType).To(Equal("batch"))
	s.Expect(full.Config.ListingVisibility).To(Equal("unauth"))
	s.ok(s.Client.Sys().DisableAuth("auths/full"))
	_, err := s.Client.Sys().GetAuth("auths/full")
	s.fails(err, 400)
	s.ok(s.Client.Sys().DisableAuth("auths/full"))
}

func checkPolicies(s *session) {
	const rules = `path "a/*" { capabilities = ["read"] }`
	s.ok(s.Client.Sys().PutPolicy("Reader", rules))
	s.Expect(must[string](s)(s.Client.Sys().GetPolicy("reader"))).To(Equal(rules))
	s.Expect(must[[]string](s)(s.Client.Sys().ListPolicies())).To(ContainElements("default", "reader", "root"))
	s.ok(s.Client.Sys().DeletePolicy("reader"))
	s.Expect(must[string](s)(s.Client.Sys().GetPolicy("reader"))).To(BeEmpty())
	s.ok(s.Client.Sys().DeletePolicy("reader"))
	s.fails(s.Client.Sys().PutPolicy("broken", "path {"), 400)
}

func checkLeases(s *session) {
	s.mount("leases")
	lease := func() *vault.Secret {
		got := s.secret(s.Client.Logical().Read("leases/lease"))
		s.Expect(got.LeaseID).To(HavePrefix("leases/lease/"))
		s.Expect(got.LeaseDuration).To(Equal(60))
		s.Expect(got.Renewable).To(BeTrue())
		return got
	}
	known := func(id string) bool {
		_, err := s.Client.Sys().Lookup(id)
		return err == nil
	}
	one := lease()
	about := s.secret(s.Client.Sys().Lookup(one.LeaseID))
	s.Expect(about.Data).To(HaveKeyWithValue("id", one.LeaseID))
	s.Expect(about.Data).To(HaveKeyWithValue("renewable", true))
	renewed := s.secret(s.Client.Sys().Renew(one.LeaseID, 30))
	s.Expect(renewed.LeaseID).To(Equal(one.LeaseID))
	s.Expect(renewed.LeaseDuration).To(BeNumerically(">", 0))
	s.ok(s.Client.Sys().Revoke(one.LeaseID))
	s.Eventually(known).WithArguments(one.LeaseID).WithTimeout(10 * time.Second).Should(BeFalse())

	one = lease()
	s.ok(s.Client.Sys().RevokeWithOptions(&vault.RevokeOptions{LeaseID: one.LeaseID, Sync: true}))
	s.Expect(known(one.LeaseID)).To(BeFalse())
	one = lease()
	s.ok(s.Client.Sys().RevokePrefix("leases/lease"))
	s.Eventually(known).WithArguments(one.LeaseID).WithTimeout(10 * time.Second).Should(BeFalse())
	one = lease()
	s.ok(s.Client.Sys().RevokeForce("leases"))
	s.Expect(known(one.LeaseID)).To(BeFalse())
	s.Expect(s.secret(s.Client.Logical().Read("leases/revoked")).Data).To(HaveKeyWithValue("revoked", true))
	_, err := s.Client.Sys().Lookup("leases/lease/none")
	s.fails(err, 400)
}
