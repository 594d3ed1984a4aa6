// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// A token never leaves the server that the user named: the check for a
// development server is made on that one, and a redirect to another host would
// bring token and writes there. Vault's own client refuses to go from https to
// http for the same reason (api/client.go, rawRequestWithContext).

// maxRedirects is how many redirects in a row are followed, as net/http does.
const maxRedirects = 10

// RedirectError reports a server that sends its clients to another server, or
// from https to http.
type RedirectError struct {
	// From and To are the two places, scheme and host only.
	From, To string
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("%s redirects to %s, and the token is not sent there: name that server itself if it is the one that is meant", e.From, e.To)
}

// SameServer returns a copy of a client that follows redirects on the server that
// was asked only, with the same host and port; other redirects are a
// *RedirectError.
func SameServer(client *http.Client) *http.Client {
	kept := *client
	kept.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return errors.New("stopped after 10 redirects")
		}
		return leaves(via[0].URL, req.URL)
	}
	return &kept
}

// OneServer returns a transport that sends requests to the server at base only,
// for clients that follow redirects themselves, as Vault's does. Other requests
// are a *RedirectError. A nil next is http.DefaultTransport.
func OneServer(next http.RoundTripper, base *url.URL) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return oneServer{next, base}
}

type oneServer struct {
	next http.RoundTripper
	base *url.URL
}

// RoundTrip implements http.RoundTripper.
func (o oneServer) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := leaves(o.base, req.URL); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as http.RoundTripper has to, also on errors
		}
		return nil, err
	}
	return o.next.RoundTrip(req)
}

// leaves returns a *RedirectError if to is not on the server of from. From http to
// https on the same host and port does no harm.
func leaves(from, to *url.URL) error {
	if to.Host == from.Host && (to.Scheme == from.Scheme || to.Scheme == "https") {
		return nil
	}
	return &RedirectError{From: from.Scheme + "://" + from.Host, To: to.Scheme + "://" + to.Host}
}
