// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Image is a plugin as a container image.
type Image struct {
	// Name is the image's name without tag: example/probe.
	Name string
	// Tag is its tag, which the server takes for the plugin's version.
	Tag string
	// SHA256 is the digest of the image, in hex.
	SHA256 string
	// Runtime is a plugin runtime that the server knows; empty is its default.
	Runtime string
}

// ParseImage reads NAME:VERSION@sha256:HEX, as docker images --digests shows.
func ParseImage(text, runtime string) (*Image, error) {
	rest, digest, found := strings.Cut(text, "@sha256:")
	// A registry may have a port, so the tag is behind the last colon.
	colon := strings.LastIndex(rest, ":")
	if !found || colon <= 0 || colon == len(rest)-1 || strings.Contains(rest[colon:], "/") {
		return nil, fmt.Errorf("%q is not NAME:VERSION@sha256:HEX, as example/probe:1.0.0@sha256:1f2e…", text)
	}
	if b, err := hex.DecodeString(digest); err != nil || len(b) != 32 {
		return nil, errors.New("the digest after @sha256: is not 64 hex digits")
	}
	return &Image{Name: rest[:colon], Tag: rest[colon+1:], SHA256: digest, Runtime: runtime}, nil
}

func (i *Image) registration() registration {
	return registration{Image: i.Name, Version: i.Tag, SHA256: i.SHA256, Runtime: i.Runtime}
}
