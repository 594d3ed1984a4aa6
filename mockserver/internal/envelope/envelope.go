// SPDX-License-Identifier: MPL-2.0

// Package envelope is the form of all answers with content.
package envelope

import (
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// Envelope is an answer as it is written. The SDK's own type isn't used because
// it has fields that older servers don't send.
type Envelope struct {
	RequestID     string                `json:"request_id"`
	LeaseID       string                `json:"lease_id"`
	Renewable     bool                  `json:"renewable"`
	LeaseDuration int                   `json:"lease_duration"`
	Data          any                   `json:"data"`
	WrapInfo      *logical.HTTPWrapInfo `json:"wrap_info"`
	Warnings      []string              `json:"warnings"`
	Auth          *logical.HTTPAuth     `json:"auth"`
	// MountType is only sent where it is set: from Vault 1.16.
	MountType *string `json:"mount_type,omitempty"`
}

// Of puts the answer to the request of that id into its envelope. mountType
// tells whether the server sends the type of the mount.
func Of(requestID string, resp *logical.Response, mountType bool) Envelope {
	if info := resp.WrapInfo; info != nil && info.Token != "" {
		return Envelope{WrapInfo: &logical.HTTPWrapInfo{
			Token: info.Token, Accessor: info.Accessor, TTL: int(info.TTL.Seconds()),
			CreationTime: info.CreationTime.Format(time.RFC3339Nano), CreationPath: info.CreationPath,
			WrappedAccessor: info.WrappedAccessor,
		}}
	}
	h := logical.LogicalResponseToHTTPResponse(resp)
	e := Envelope{
		RequestID: requestID, LeaseID: h.LeaseID, Renewable: h.Renewable,
		LeaseDuration: h.LeaseDuration, Warnings: h.Warnings, Auth: h.Auth,
	}
	if h.Data != nil {
		e.Data = h.Data
	}
	if mountType {
		e.MountType = &h.MountType
	}
	return e
}
