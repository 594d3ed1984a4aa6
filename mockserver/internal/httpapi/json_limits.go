// SPDX-License-Identifier: MPL-2.0

package httpapi

import (
	"bytes"
	"io"
	"net/http"

	"github.com/hashicorp/vault/sdk/helper/jsonutil"

	"github.com/plugproof/plugproof/mockserver/dialect"
)

// limitJSON refuses a body that has more of something than the limits of its dialect, or that
// is visibly no JSON, before anything else is known of the request. A body that does not begin
// as an object or a list is let through. It returns the request with its whole body.
//
// Source: wrapJSONLimitsHandler in http/util.go of Vault.
func limitJSON(w http.ResponseWriter, r *http.Request, limits dialect.JSONLimits) (*http.Request, error) {
	if limits == (dialect.JSONLimits{}) || r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	var read bytes.Buffer
	body := http.MaxBytesReader(w, r.Body, maxBody)
	size := int64(maxBody)
	if _, err := jsonutil.VerifyMaxDepthStreaming(io.TeeReader(body, &read), jsonutil.JSONLimits(limits), &size); err != nil {
		return nil, err
	}
	limited := *r
	limited.Body = unread(&read, body)
	return &limited, nil
}
