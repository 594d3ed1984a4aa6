// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
)

// isTLS reports whether a request failed because no trusted TLS connection came
// about, for whatever reason.
func isTLS(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		alert     tls.AlertError
		header    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &alert) || errors.As(err, &header) ||
		errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) ||
		isPlain(err)
}

// isPlain reports whether TLS failed because the other side speaks plain HTTP.
func isPlain(err error) bool {
	var header tls.RecordHeaderError
	return errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &header) && string(header.RecordHeader[:]) == "HTTP/"
}
