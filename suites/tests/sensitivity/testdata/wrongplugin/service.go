// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
)

// call asks the service of a configuration, if it has an address.
func call(ctx context.Context, config record) error {
	address, ok := config["url"].(string)
	if !ok || address == "" {
		return nil
	}
	asked, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("call the service: %w", err)
	}
	got, err := http.DefaultClient.Do(asked)
	if err != nil {
		return fmt.Errorf("call the service: %w", err)
	}
	return got.Body.Close()
}
