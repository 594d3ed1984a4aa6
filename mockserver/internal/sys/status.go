// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/plugproof/plugproof/mockserver/internal/core"
)

// Direct answers an HTTP request without token, mount and envelope. Without body
// and error the status stands alone.
type Direct func(r *http.Request) (status int, body any, err error)

// DirectEndpoints returns the endpoints of sys/ that servers answer before all
// else, by their path below sys/. They are not part of the backend of sys/ (http/sys_*.go).
func DirectEndpoints(c *core.Core) map[string]Direct {
	s := status{core: c}
	all := map[string]Direct{"health": s.health, "seal-status": s.seal, "leader": s.leader, "init": s.initialize, "step-down": stepDown, "unseal": s.unseal, "storage/raft/join": joinRaft, "storage/raft/bootstrap": bootstrapRaft}
	if c.Dialect().State.FeatureFlags {
		all["internal/ui/feature-flags"] = featureFlags
	}
	return all
}

// featureFlags answers for a server whose environment sets none.
func featureFlags(r *http.Request) (int, any, error) {
	if r.Method != http.MethodGet {
		return http.StatusMethodNotAllowed, nil, nil
	}
	return http.StatusOK, map[string][]string{"feature_flags": nil}, nil
}

// joinRaft and bootstrapRaft answer for clusters, which the mock has none of
// (http/sys_raft.go).
func joinRaft(r *http.Request) (int, any, error) {
	return ofClusters(r, http.StatusMethodNotAllowed)
}

func bootstrapRaft(r *http.Request) (int, any, error) { return ofClusters(r, http.StatusBadRequest) }

// ofClusters refuses all methods but those that write.
func ofClusters(r *http.Request, refused int) (int, any, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return refused, nil, nil
	}
	return http.StatusNotImplemented, nil, errors.New(strings.TrimPrefix(r.URL.Path, "/v1/") + " is not emulated by plugproof's mock server: it is no cluster")
}

// status answers for a server that is always initialized and active.
type status struct{ core *core.Core }

// health answers sys/health. A client may ask for another status with activecode.
func (s status) health(r *http.Request) (int, any, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return http.StatusMethodNotAllowed, nil, nil
	}
	sealed := s.core.Sealed()
	code, matters := http.StatusOK, "activecode"
	if sealed {
		code, matters = http.StatusServiceUnavailable, "sealedcode"
	}
	query := r.URL.Query()
	if ok := query.Get("standbyok"); ok != "" {
		if _, err := strconv.ParseBool(ok); err != nil {
			return http.StatusBadRequest, nil, nil
		}
	}
	// All of them are read, though only the last can matter here.
	for _, name := range []string{"uninitcode", "sealedcode", "standbycode", "activecode"} {
		if !query.Has(name) {
			continue
		}
		asked, err := strconv.Atoi(query.Get(name))
		if err != nil || name == matters && (asked < 100 || asked > 999) {
			return http.StatusBadRequest, nil, nil
		}
		if name == matters {
			code = asked
		}
	}
	cluster := s.core.Cluster()
	answer := map[string]any{
		"initialized": true, "sealed": sealed, "standby": false,
		"replication_performance_mode": "disabled", "replication_dr_mode": "disabled",
		"server_time_utc": s.core.Now().UTC().Unix(), "version": s.version(),
		"cluster_name": cluster.Name, "cluster_id": cluster.ID,
	}
	if s.core.Dialect().State.HealthStandby {
		answer["performance_standby"] = false
	}
	if s.core.Dialect().State.Enterprise {
		answer["enterprise"] = true
	}
	return code, answer, nil
}

// seal answers sys/seal-status as a development server with one key.
func (s status) seal(r *http.Request) (int, any, error) {
	if r.Method != http.MethodGet {
		return http.StatusMethodNotAllowed, nil, nil
	}
	return http.StatusOK, s.sealStatus(), nil
}

func (s status) sealStatus() map[string]any {
	cluster := s.core.Cluster()
	return map[string]any{
		"type": "shamir", "initialized": true, "sealed": s.core.Sealed(), "t": 1, "n": 1, "progress": 0, "nonce": "",
		"version": s.version(), s.core.Dialect().State.BuiltField(): "", "migration": false, "recovery_seal": false,
		"cluster_name": cluster.Name, "cluster_id": cluster.ID, "storage_type": s.core.StorageType(),
	}
}

// leader answers sys/leader: there is only this server.
func (s status) leader(r *http.Request) (int, any, error) {
	if r.Method != http.MethodGet {
		return http.StatusMethodNotAllowed, nil, nil
	}
	answer := map[string]any{"ha_enabled": false}
	if !s.core.Dialect().State.LeaderOmitsEmpty {
		answer["is_self"], answer["active_time"] = false, time.Time{}
		answer["leader_address"], answer["leader_cluster_address"] = "", ""
	}
	if s.core.Dialect().State.LeaderStandbys {
		answer["performance_standby"], answer["performance_standby_last_remote_wal"] = false, 0
	}
	return http.StatusOK, answer, nil
}

// stepDown answers a request to give the lead away: a server that is alone keeps it, and
// does not ask who wants that (StepDown in vault/ha.go).
func stepDown(r *http.Request) (int, any, error) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return http.StatusMethodNotAllowed, nil, nil
	}
	return http.StatusNoContent, nil, nil
}

func (s status) version() string {
	d := s.core.Dialect()
	return d.Version + d.VersionSuffix
}
