// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"context"
	"fmt"
	"net/http"

	"github.com/plugproof/plugproof/steps"
)

// noSeal is why the mock in a process of its own can't be sealed.
const noSeal = "the mock has no seal in a process of its own; --target mock has one"

// sealable returns why a server of the program can't be sealed. Of a program that can't
// be identified, its start says what is wrong.
func sealable(p program, err error) (reason string) {
	if _, own := p.(ownProgram); own && err == nil {
		return noSeal
	}
	return ""
}

// seal seals a server, or unseals it and waits until it serves again.
func seal(ctx context.Context, server api, gone <-chan struct{}, k keys, sealed bool) error {
	if k.unseal == "" {
		return fmt.Errorf("the key of a server that keeps no state is not known: %w", steps.ErrUnsupported)
	}
	path, body, status := "sys/unseal", map[string]any{"key": k.unseal}, http.StatusOK
	if sealed {
		path, body, status = "sys/seal", nil, http.StatusServiceUnavailable
	}
	if err := server.must(ctx, http.MethodPut, path, body, nil); err != nil {
		return err
	}
	_, err := server.await(ctx, gone, "sys/health", status)
	return err
}

// Seal implements steps.Sealer.
func (s *binaryServer) Seal(ctx context.Context, sealed bool) error {
	_, k, p := s.now()
	if err := seal(ctx, localAPI(s.Address(), k.token), p.exited, k, sealed); err != nil {
		return fmt.Errorf("%s: %w", s.target.name, err)
	}
	return nil
}

// Seal implements steps.Sealer.
func (s *containerServer) Seal(ctx context.Context, sealed bool) error {
	base, k, exited := s.now()
	if err := seal(ctx, localAPI(base, k.token), exited, k, sealed); err != nil {
		return fmt.Errorf("%s: %w", s.target.name, err)
	}
	return nil
}
