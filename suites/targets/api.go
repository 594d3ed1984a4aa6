// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/plugproof/plugproof/steps"
)

// requestTimeout bounds one request of the harness to a server.
const requestTimeout = 10 * time.Second

// api asks a server what the harness itself has to know. vault/api is not used
// for it because its client takes its settings from the user's environment and
// tries again where the first failure is the answer.
type api struct {
	base  string // URL without trailing slash
	token string
	http  *http.Client
}

// localAPI talks to a server that the harness started, past any proxy.
func localAPI(base, token string) api {
	return api{base: base, token: token, http: steps.SameServer(&http.Client{
		Timeout:   requestTimeout,
		Transport: &http.Transport{DisableKeepAlives: true},
	})}
}

// do sends one request below /v1/ and, when the answer has a body and out is
// not nil, decodes it. An answer of any status is not an error.
func (a api) do(ctx context.Context, method, path string, body, out any) (int, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+"/v1/"+path, reader)
	if err != nil {
		return 0, err
	}
	if a.token != "" {
		req.Header.Set("X-Vault-Token", a.token)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return resp.StatusCode, err
	}
	if out != nil && len(text) > 0 {
		if err := json.Unmarshal(text, out); err != nil {
			return resp.StatusCode, fmt.Errorf("%s %s answered with %d and no JSON", method, path, resp.StatusCode)
		}
	}
	return resp.StatusCode, nil
}

// must is do for requests that have to succeed.
func (a api) must(ctx context.Context, method, path string, body, out any) error {
	var raw json.RawMessage
	status, err := a.do(ctx, method, path, body, &raw)
	if err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("%s %s answered with %d: %s", method, path, status, raw)
	}
	if out != nil && len(raw) > 0 {
		return json.Unmarshal(raw, out)
	}
	return nil
}

// await asks for path again and again until it is answered with one of the
// statuses, and returns which one. It gives up when gone is closed or ctx ends;
// the error then names the last answer.
func (a api) await(ctx context.Context, gone <-chan struct{}, path string, statuses ...int) (int, error) {
	// Who holds the server's port may accept a request and never answer it.
	asking, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		select {
		case <-gone:
		case <-asking.Done():
		}
	}()
	// Servers offer no event for being ready to those who did not start them.
	pause := 2 * time.Millisecond
	timer := time.NewTimer(0)
	defer timer.Stop()
	last := "nothing answered"
	for {
		select {
		case <-gone:
			return 0, errExited
		case <-ctx.Done():
			return 0, &notReadyError{path: path, last: last, err: ctx.Err()}
		case <-timer.C:
		}
		status, err := a.do(asking, http.MethodGet, path, nil, nil)
		switch {
		case err == nil:
			for _, want := range statuses {
				if status == want {
					return status, nil
				}
			}
			last = fmt.Sprintf("it answered with %d", status)
		case asking.Err() == nil:
			last = err.Error()
		}
		timer.Reset(pause)
		pause = min(2*pause, 50*time.Millisecond)
	}
}

// notReadyError reports what a server answered last when the time was over.
type notReadyError struct {
	path, last string
	err        error
}

func (e *notReadyError) Error() string { return e.last + " to GET " + e.path }

func (e *notReadyError) Unwrap() error { return e.err }
