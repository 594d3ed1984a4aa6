// SPDX-License-Identifier: MPL-2.0

package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// health answers sys/health: the mock is always initialized, unsealed and
// active. A client may ask for another status with activecode.
func (h *handler) health(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		writeError(w, http.StatusMethodNotAllowed, nil)
		return
	}
	status := http.StatusOK
	query := r.URL.Query()
	if ok := query.Get("standbyok"); ok != "" {
		if _, err := strconv.ParseBool(ok); err != nil {
			writeError(w, http.StatusBadRequest, nil)
			return
		}
	}
	// All of them are read, though only the last can matter here.
	for _, name := range []string{"uninitcode", "sealedcode", "standbycode", "activecode"} {
		if !query.Has(name) {
			continue
		}
		code, err := strconv.Atoi(query.Get(name))
		if err != nil || name == "activecode" && (code < 100 || code > 999) {
			writeError(w, http.StatusBadRequest, nil)
			return
		}
		if name == "activecode" {
			status = code
		}
	}
	cluster := h.core.Cluster()
	writeJSON(w, status, map[string]any{
		"initialized": true, "sealed": false, "standby": false, "performance_standby": false,
		"replication_performance_mode": "disabled", "replication_dr_mode": "disabled",
		"server_time_utc": time.Now().UTC().Unix(), "version": h.version(),
		"cluster_name": cluster.Name, "cluster_id": cluster.ID,
	})
}

// sealStatus answers sys/seal-status as a development server with one key.
func (h *handler) sealStatus(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		writeError(w, http.StatusMethodNotAllowed, nil)
		return
	}
	cluster := h.core.Cluster()
	writeJSON(w, http.StatusOK, map[string]any{
		"type": "shamir", "initialized": true, "sealed": false, "t": 1, "n": 1, "progress": 0, "nonce": "",
		"version": h.version(), "build_date": "", "migration": false, "recovery_seal": false,
		"cluster_name": cluster.Name, "cluster_id": cluster.ID, "storage_type": h.core.StorageType(),
	})
}

// leader answers sys/leader: there is only this server.
func (h *handler) leader(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		writeError(w, http.StatusMethodNotAllowed, nil)
		return
	}
	answer := map[string]any{
		"ha_enabled": false, "is_self": false, "active_time": time.Time{}, "leader_address": "",
		"leader_cluster_address": "",
	}
	if h.core.Dialect().PerformanceStandbys {
		answer["performance_standby"], answer["performance_standby_last_remote_wal"] = false, 0
	}
	writeJSON(w, http.StatusOK, answer)
}

// oldName is what all servers, OpenBao too, call themselves in the oldest texts.
const oldName = "Vault"

// initialized answers sys/init.
func (h *handler) initialized(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		writeJSON(w, http.StatusOK, map[string]bool{"initialized": true})
	case http.MethodPost, http.MethodPut:
		writeError(w, http.StatusBadRequest, fmt.Errorf("%s is already initialized", oldName))
	default:
		writeError(w, http.StatusMethodNotAllowed, nil)
	}
}

func (h *handler) version() string {
	d := h.core.Dialect()
	return d.Version + d.VersionSuffix
}
