// SPDX-License-Identifier: MPL-2.0

package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/helper/consts"
)

// errOverQuota has the servers' text (vault/quotas/quotas.go).
var errOverQuota = errors.New("rate limit quota exceeded")

// withinQuota counts a request and answers it if it is over a limit.
func (h *handler) withinQuota(w http.ResponseWriter, r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, prefix)
	if !ok || h.core.Quotas().Empty() || h.core.Sealed() {
		return true
	}
	client, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil { // of a request without a connection
		client = r.RemoteAddr
	}
	answer := h.core.LimitRequest(r.Context(), r.Header.Get(consts.NamespaceHeaderName), path, client, func() map[string]any { return peekBody(r) })
	answer.SetHeaders(w.Header())
	if !answer.Allowed {
		writeError(w, http.StatusTooManyRequests, fmt.Errorf("request path %q: %w", path, errOverQuota))
	}
	return answer.Allowed
}

// peekBody returns the JSON of a request and leaves it as it was. What is no JSON is no data.
func peekBody(r *http.Request) map[string]any {
	var data map[string]any
	if json.Unmarshal(readAhead(r), &data) != nil {
		return nil
	}
	return data
}
