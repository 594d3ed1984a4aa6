// SPDX-License-Identifier: MPL-2.0

package clients_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	vault "github.com/hashicorp/vault/api"

	"github.com/plugproof/plugproof/steps"
)

// call is a part of the test of the client: the methods it calls, and what
// calls them.
type call struct {
	// methods are named as Sys.Mount; Mount stands for MountWithContext too,
	// which it only wraps.
	methods string
	run     func(s *session)
}

// TestClient calls every method of the client that the mock's endpoints serve.
func TestClient(t *testing.T) {
	t.Parallel()
	each(t, steps.Spec{}, func(s *session) {
		for _, c := range calls() {
			s.sub(strings.Fields(c.methods)[0], c.run)
		}
	})
}

func calls() []call {
	return slices.Concat(sysCalls(), catalogCalls(), tokenCalls(), accessCalls(), logicalCalls(), storeCalls(), clientCalls())
}

// notServed are the methods that are not called, by the reason.
func notServed() map[string]string {
	return map[string]string{
		"audit devices are not part of plugin management": "Sys.AuditHash Sys.ListAudit Sys.EnableAudit Sys.EnableAuditWithOptions Sys.DisableAudit",
		"the mock is always unsealed and has no keys": `Sys.GenerateRootStatus Sys.GenerateDROperationTokenStatus Sys.GenerateRecoveryOperationTokenStatus
			Sys.GenerateRootInit Sys.GenerateDROperationTokenInit Sys.GenerateRecoveryOperationTokenInit Sys.GenerateRootCancel
			Sys.GenerateDROperationTokenCancel Sys.GenerateRecoveryOperationTokenCancel Sys.GenerateRootUpdate
			Sys.GenerateDROperationTokenUpdate Sys.GenerateRecoveryOperationTokenUpdate Sys.Rotate Sys.KeyStatus Sys.Seal
			Sys.ResetUnsealProcess Sys.Unseal Sys.UnsealWithOptions Sys.RekeyStatus Sys.RekeyRecoveryKeyStatus Sys.RekeyVerificationStatus
			Sys.RekeyRecoveryKeyVerificationStatus Sys.RekeyInit Sys.RekeyRecoveryKeyInit Sys.RekeyCancel Sys.RekeyCancelWithNonce
			Sys.RekeyRecoveryKeyCancel Sys.RekeyRecoveryKeyCancelWithNonce Sys.RekeyVerificationCancel Sys.RekeyRecoveryKeyVerificationCancel
			Sys.RekeyUpdate Sys.RekeyRecoveryKeyUpdate Sys.RekeyRetrieveBackup Sys.RekeyRetrieveRecoveryBackup Sys.RekeyDeleteBackup
			Sys.RekeyDeleteRecoveryBackup Sys.RekeyVerificationUpdate Sys.RekeyRecoveryKeyVerificationUpdate`,
		"the mock is one node without raft or replication": `Sys.HAStatus Sys.StepDown Sys.ReplicationStatus Sys.ReplicationPerformanceStatus
			Sys.ReplicationDRStatus Sys.RaftJoin Sys.RaftSnapshot Sys.RaftSnapshotRestore Sys.RaftAutopilotState
			Sys.RaftAutopilotStateWithDRToken Sys.RaftAutopilotConfiguration Sys.RaftAutopilotConfigurationWithDRToken
			Sys.PutRaftAutopilotConfiguration Sys.RaftLoadLocalSnapshot Sys.RaftLoadCloudSnapshot Sys.RaftUnloadSnapshot
			Sys.RaftForceUnloadSnapshot Logical.ReadFromSnapshot Logical.ReadRawFromSnapshot Logical.ListFromSnapshot Logical.Recover
			Logical.RecoverFromPath`,
		"endpoints of the web interface, of monitoring and of licences are not part of plugin management": `Sys.CORSStatus Sys.ConfigureCORS
			Sys.DisableCORS Sys.Monitor Sys.ListUICustomMessages Sys.CreateUICustomMessage Sys.ReadUICustomMessage Sys.UpdateUICustomMessage
			Sys.DeleteUICustomMessage Sys.BillingOverview Sys.ReportingScan Sys.UtilizationReport Sys.UtilizationReportWithNamespace`,
		"there is no login MFA": "Sys.MFAValidate Auth.MFALogin Auth.MFAValidate",
		"the status of reloads over several nodes is Enterprise's": "Sys.ReloadPluginStatus",
		"net/http's own":          "Response.Cookies Response.Location Response.ProtoAtLeast Response.Write",
		"ssh is another plugin's": "Client.SSH Client.SSHWithMountPoint Client.SSHHelper Client.SSHHelperWithMountPoint",
		"a setting of the client, or a copy of it, which sends nothing": `Client.CloneConfig Client.SetAddress Client.Address
			Client.SetCheckRedirect Client.SetLimiter Client.Limiter Client.SetMinRetryWait Client.MinRetryWait Client.SetMaxRetryWait
			Client.MaxRetryWait Client.SetMaxRetries Client.SetMaxIdleConnections Client.MaxIdleConnections Client.SetDisableKeepAlives
			Client.DisableKeepAlives Client.MaxRetries Client.SetSRVLookup Client.SRVLookup Client.SetCheckRetry Client.CheckRetry
			Client.SetClientTimeout Client.ClientTimeout Client.OutputCurlString Client.SetOutputCurlString Client.OutputPolicy
			Client.SetOutputPolicy Client.SetMFACreds Client.ClearNamespace Client.Namespace Client.SetNamespace
			Client.HCPCookie Client.SetHCPCookie Client.Headers Client.SetHeaders Client.SetBackoff Client.SetLogger Client.SetCloneHeaders
			Client.CloneHeaders Client.SetCloneToken Client.CloneToken Client.SetCloneTLSConfig Client.CloneTLSConfig
			Client.SetPolicyOverride Client.SetReadYourWrites Client.ReadYourWrites Client.CloneWithHeaders Client.Token`,
	}
}

// TestEveryMethodIsAccountedFor fails when a version of the client brings
// methods that are neither called nor listed, or loses some.
func TestEveryMethodIsAccountedFor(t *testing.T) {
	t.Parallel()
	known := map[string]string{}
	note := func(names, where string) {
		for _, name := range strings.Fields(names) {
			if before := known[name]; before != "" && before != where {
				t.Errorf("%s is listed twice: %s; %s", name, before, where)
			}
			known[name] = where
		}
	}
	for _, c := range calls() {
		note(c.methods, "called")
	}
	for reason, names := range notServed() {
		note(names, "not served: "+reason)
	}
	exists := map[string]bool{}
	for _, of := range []any{
		&vault.Sys{}, &vault.TokenAuth{}, &vault.Auth{}, &vault.Logical{}, &vault.KVv1{}, &vault.KVv2{}, &vault.Client{},
		&vault.LifetimeWatcher{}, &vault.Secret{}, &vault.Request{}, &vault.Response{},
	} {
		for method := range reflect.TypeOf(of).Methods() {
			name := reflect.TypeOf(of).Elem().Name() + "." + strings.ReplaceAll(method.Name, "WithContext", "")
			exists[name] = true
			if known[name] == "" {
				t.Errorf("%s (%s) is neither called nor listed as not served", name, method.Name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !exists[name] {
			t.Errorf("%s is listed, but the client has no such method", name)
		}
	}
}
