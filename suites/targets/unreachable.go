// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Unreachable returns, as an *Error, why the server at an address gave no usable answer
// to a request, which ended with err or a status. name is how the user named the
// address: addr:URL, or a flag and the URL.
func Unreachable(name string, address *url.URL, status int, err error) error {
	e := &Error{Target: name, Err: cause(err)}
	as := func(scheme string) string {
		return strings.TrimSuffix(name, address.String()) + scheme + "://" + address.Host
	}
	var dns *net.DNSError
	switch {
	case isTLS(err):
		e.Kind, e.Problem = ErrTLS, "no trusted TLS connection"
		e.Remedy = "set VAULT_CACERT to the certificate of the server's authority, or VAULT_TLS_SERVER_NAME to the name in its certificate"
		if isPlain(err) {
			e.Remedy = "the server speaks plain HTTP: name it as " + as("http")
		}
	case status == http.StatusBadRequest && address.Scheme == "http":
		// So Go's servers answer plain HTTP where they expect TLS.
		e.Err, e.Kind, e.Problem = nil, ErrTLS, "the server refuses plain HTTP"
		e.Remedy = "name it as " + as("https")
	case status != 0:
		e.Kind, e.Problem = ErrNotAServer, fmt.Sprintf("the request is answered with %d, not as a Vault-compatible server does", status)
		e.Remedy = "check the address; a proxy or another service may answer there"
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Err, e.Kind, e.Problem, e.Remedy = nil, ErrUnreachable, "its name is not known", "check the address"
	default:
		e.Kind, e.Problem, e.Remedy = ErrUnreachable, "nothing answers", "check the address and that the server runs"
	}
	return e
}

// cause returns what is at the ground of a request's error, without the request and the
// calls that it stands in: "connection refused".
func cause(err error) error {
	var (
		verify  *tls.CertificateVerificationError
		number  syscall.Errno
		request *url.Error
	)
	switch {
	case errors.As(err, &verify):
		return errors.New(strings.TrimPrefix(verify.Err.Error(), "x509: "))
	case errors.As(err, &number):
		return number
	case errors.As(err, &request) && request.Timeout():
		return errors.New("no answer in time")
	case errors.As(err, &request):
		return request.Err
	}
	return err
}
