// SPDX-License-Identifier: MPL-2.0

package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/plugproof/plugproof/steps"
)

// requestTimeout bounds one request; a mount starts a plugin process.
const requestTimeout = 90 * time.Second

// client talks to one server.
type client struct {
	server steps.Server
	http   *http.Client
}

func newClient(server steps.Server) *client {
	return &client{server: server, http: steps.HTTPClient(server)}
}

// call sends a request below /v1/ and decodes the answer's data into out,
// which may be nil. Any status but success is an error with the server's text.
func (c *client) call(ctx context.Context, method, path string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.server.Address()+"/v1/"+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	// No content type: the servers look at the body.
	req.Header.Set("X-Vault-Token", c.server.Token())
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("the server did not answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, shorten(string(answer)))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (c *client) version(ctx context.Context) (string, error) {
	var health struct {
		Version string `json:"version"`
	}
	err := c.call(ctx, http.MethodGet, "sys/health", nil, &health)
	return health.Version, err
}

// errAsked: the plugin runs, yet doesn't answer.
var errAsked = errors.New("asking the probe plugin")

// registration is the body of a registration.
type registration struct {
	Command string   `json:"command,omitempty"`
	SHA256  string   `json:"sha256"`
	Image   string   `json:"oci_image,omitempty"`
	Runtime string   `json:"runtime,omitempty"`
	Version string   `json:"version,omitempty"`
	Env     []string `json:"env"`
}

// askPlugin registers and mounts one plugin, asks it all its rows and takes it
// away again.
func (c *client) askPlugin(ctx context.Context, name string, what registration, s *setting, p *plugin, cells map[string]Cell) (err error) {
	catalog, mount := "sys/plugins/catalog/secret/"+name, "sys/mounts/"+name
	// Undone even when the run is cancelled, and in a server of our own too:
	// it shows that the plugin still answers.
	undo := context.WithoutCancel(ctx)
	if err := c.call(ctx, http.MethodPut, catalog, what, nil); err != nil {
		return fmt.Errorf("registering the probe plugin: %w", err)
	}
	// An entry with a version is only deleted with it.
	if what.Version != "" {
		catalog += "?version=" + url.QueryEscape(what.Version)
	}
	defer func() { err = errors.Join(err, c.call(undo, http.MethodDelete, catalog, nil, nil)) }()
	if err := c.call(ctx, http.MethodPost, mount, map[string]any{"type": name}, nil); err != nil {
		return fmt.Errorf("mounting the probe plugin: %w", err)
	}
	defer func() { err = errors.Join(err, c.call(undo, http.MethodDelete, mount, nil, nil)) }()
	if s.thenHost != nil {
		// The plugin has run in the old environment by now, so the reload is what
		// brings the new one.
		if errors.Is(steps.SetHostEnv(c.server, s.thenHost), steps.ErrUnsupported) {
			for _, row := range p.rows {
				cells[row.ID] = Cell{Winner: Unsupported, Reason: "the environment of a process can't be changed from outside while it runs"}
			}
			return nil
		}
		if err := c.call(ctx, http.MethodPut, "sys/plugins/reload/backend", map[string]any{"plugin": name}, nil); err != nil {
			return fmt.Errorf("reloading the probe plugin: %w", err)
		}
	}
	for _, row := range p.rows {
		// One request a row: the probe shows one variable at a time.
		var answer struct {
			Data struct {
				Set   bool   `json:"set"`
				Value string `json:"value"`
			} `json:"data"`
		}
		if err := c.call(ctx, http.MethodGet, name+"/env/"+url.PathEscape(row.Name), nil, &answer); err != nil {
			return fmt.Errorf("%w for %s: %w", errAsked, row.Name, err)
		}
		cells[row.ID] = row.cell(answer.Data.Value, answer.Data.Set)
	}
	return nil
}
