// SPDX-License-Identifier: MPL-2.0

// Package envelope is the form of all answers with content.
package envelope

import (
	"encoding/json"
	"time"

	"github.com/hashicorp/vault/sdk/logical"
)

// Envelope is an answer as it is written. The SDK's own type isn't used because
// it has fields that older servers don't send.
type Envelope struct {
	head
	Data any `json:"data"`
	tail
}

// head and tail are what stands before the data and after it.
type head struct {
	RequestID     string `json:"request_id"`
	LeaseID       string `json:"lease_id"`
	Renewable     bool   `json:"renewable"`
	LeaseDuration int    `json:"lease_duration"`
}

type tail struct {
	WrapInfo *logical.HTTPWrapInfo `json:"wrap_info"`
	Warnings []string              `json:"warnings"`
	Auth     *logical.HTTPAuth     `json:"auth"`
	// MountType is only sent where it is set: from Vault 1.16.
	MountType *string `json:"mount_type,omitempty"`
}

// Around returns what stands before the data and after it, up to the braces of
// the whole. It is for long data, which json.Marshal would copy once more.
func (e Envelope) Around() (before, after []byte, err error) {
	before, err = json.Marshal(e.head)
	if err != nil {
		return nil, nil, err
	}
	after, err = json.Marshal(e.tail)
	if err != nil {
		return nil, nil, err
	}
	before = append(before[:len(before)-1], `,"data":`...)
	after[0] = ','
	return before, after, nil
}

// Of puts the answer to the request of that id into its envelope. mountType
// reports whether the server sends the type of the mount.
func Of(requestID string, resp *logical.Response, mountType bool) Envelope {
	if info := resp.WrapInfo; info != nil && info.Token != "" {
		return Envelope{tail: tail{WrapInfo: &logical.HTTPWrapInfo{
			Token: info.Token, Accessor: info.Accessor, TTL: int(info.TTL.Seconds()),
			CreationTime: info.CreationTime.Format(time.RFC3339Nano), CreationPath: info.CreationPath,
			WrappedAccessor: info.WrappedAccessor,
		}}}
	}
	h := logical.LogicalResponseToHTTPResponse(resp)
	e := Envelope{
		head: head{RequestID: requestID, LeaseID: h.LeaseID, Renewable: h.Renewable, LeaseDuration: h.LeaseDuration},
		tail: tail{Warnings: h.Warnings, Auth: h.Auth},
	}
	if h.Data != nil {
		e.Data = h.Data
	}
	if mountType {
		e.MountType = &h.MountType
	}
	return e
}
