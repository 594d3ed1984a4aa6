// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/sdk/logical"
)

// shapes are not defects: plugins that are right and unlike the others.
func shapes() map[string]defect {
	return map[string]defect{
		"right-stocking":         {request: buildingOn(handlingStock)},
		"right-asking-the-cloud": onWrongType(askTheCloud),
	}
}

// askTheCloud asks a service that does not answer, and ends with its request.
func askTheCloud(ctx context.Context) error {
	cloud, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer cloud.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+cloud.Addr().String(), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// inStock is how many accounts are in stock.
const inStock = 2

// handlingStock lends what a role stored when it was written, which needs a configuration
// only then, as a library of accounts that were made before does.
func handlingStock() func(context.Context, *logical.Request, handler) (*logical.Response, error) {
	return func(ctx context.Context, req *logical.Request, next handler) (*logical.Response, error) {
		config, err := load(ctx, req.Storage, "config")
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(req.Path, "role/") && config != nil {
			if err := config.save(ctx, req.Storage, "stock"); err != nil {
				return nil, err
			}
		}
		if !strings.HasPrefix(req.Path, "creds/") {
			return next(ctx, req)
		}
		lent, err := req.Storage.List(ctx, "account/")
		if err != nil || len(lent) >= inStock {
			return logical.ErrorResponse("everything is lent"), err
		}
		if config != nil {
			return next(ctx, req)
		}
		stock, err := load(ctx, req.Storage, "stock")
		if err != nil || stock == nil {
			return logical.ErrorResponse("nothing is in stock"), err
		}
		if err := stock.save(ctx, req.Storage, "config"); err != nil {
			return nil, err
		}
		resp, err := next(ctx, req)
		if deleteErr := req.Storage.Delete(ctx, "config"); deleteErr != nil {
			return nil, deleteErr
		}
		return resp, err
	}
}
