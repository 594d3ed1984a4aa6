// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// call asks the service of a configuration for something, if it has an address.
func call(ctx context.Context, config record, method, path string) error {
	address, ok := config["url"].(string)
	if !ok || address == "" {
		return nil
	}
	asked, err := http.NewRequestWithContext(ctx, method, address+path, nil)
	if err != nil {
		return fmt.Errorf("call the service: %w", err)
	}
	if name, ok := config["username"].(string); ok {
		asked.SetBasicAuth(name, fmt.Sprint(config["password"]))
	}
	got, err := http.DefaultClient.Do(asked)
	if err != nil {
		return fmt.Errorf("call the service: %w", err)
	}
	if gone := method == http.MethodDelete && got.StatusCode == http.StatusNotFound; got.StatusCode >= http.StatusBadRequest && !gone {
		return errors.Join(fmt.Errorf("call the service: %s", got.Status), got.Body.Close())
	}
	return got.Body.Close()
}

// dismiss ends an account at the service.
func dismiss(ctx context.Context, config record, account string) error {
	return call(ctx, config, http.MethodDelete, "/account/"+account)
}
