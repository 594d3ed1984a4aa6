// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/database/dbplugin/v5"
	"github.com/hashicorp/vault/sdk/helper/certutil"
	"github.com/hashicorp/vault/sdk/helper/template"
	"github.com/mitchellh/mapstructure"
)

// certificateGenerator generates client certificates, signed by the certificate that
// the role is configured with.
type certificateGenerator struct {
	CommonNameTemplate string `mapstructure:"common_name_template,omitempty"`
	CAPrivateKey       string `mapstructure:"ca_private_key,omitempty"`
	CACert             string `mapstructure:"ca_cert,omitempty"`
	KeyType            string `mapstructure:"key_type,omitempty"`
	KeyBits            int    `mapstructure:"key_bits,omitempty"`
	SignatureBits      int    `mapstructure:"signature_bits,omitempty"`

	ca    *certutil.ParsedCertBundle
	names template.StringTemplate
}

func newCertificateGenerator(config map[string]any) (*certificateGenerator, error) {
	g := &certificateGenerator{}
	if err := mapstructure.WeakDecode(config, g); err != nil {
		return nil, err
	}
	var sizes []int
	switch g.KeyType {
	case "rsa":
		sizes = []int{2048, 3072, 4096}
	case "ec":
		sizes = []int{256, 224, 384, 521}
	case "ed25519":
	default:
		return nil, errors.New("invalid key_type")
	}
	if g.KeyBits == 0 && sizes != nil {
		g.KeyBits = sizes[0]
	}
	if g.SignatureBits == 0 {
		g.SignatureBits = 256
	}
	switch {
	case sizes != nil && !slices.Contains(sizes, g.KeyBits):
		return nil, errors.New("invalid key_bits")
	case !slices.Contains([]int{256, 384, 512}, g.SignatureBits):
		return nil, errors.New("invalid signature_bits")
	case g.CommonNameTemplate == "":
		return nil, errors.New("missing required common_name_template")
	}
	var err error
	if g.names, err = template.NewTemplate(template.Template(g.CommonNameTemplate)); err != nil {
		return nil, fmt.Errorf("failed to create template: %w", err)
	}
	if _, err := g.names.Generate(dbplugin.UsernameMetadata{}); err != nil {
		return nil, fmt.Errorf("invalid common_name_template: %w", err)
	}
	return g, g.readCA()
}

// readCA parses the signing certificate and its key.
func (g *certificateGenerator) readCA() error {
	switch {
	case g.CACert == "":
		return errors.New("missing required ca_cert")
	case g.CAPrivateKey == "":
		return errors.New("missing required ca_private_key")
	}
	bundle, err := certutil.ParsePEMBundle(strings.Join([]string{g.CACert, g.CAPrivateKey}, "\n"))
	switch {
	case err != nil:
		return err
	case bundle.PrivateKey == nil:
		return errors.New("private key not found in the PEM bundle")
	case bundle.PrivateKeyType == certutil.UnknownPrivateKey:
		return errors.New("unknown private key found in the PEM bundle")
	case bundle.Certificate == nil:
		return errors.New("certificate not found in the PEM bundle")
	case !bundle.Certificate.IsCA:
		return errors.New("the given certificate is not marked for CA use")
	case !bundle.Certificate.BasicConstraintsValid:
		return errors.New("the given certificate does not meet basic constraints for CA use")
	}
	g.ca = bundle
	return nil
}

func (g *certificateGenerator) config() map[string]any {
	return encode(map[string]any{
		"common_name_template": g.CommonNameTemplate, "ca_private_key": g.CAPrivateKey, "ca_cert": g.CACert,
		"key_type": g.KeyType, "key_bits": g.KeyBits, "signature_bits": g.SignatureBits,
	})
}

func (g *certificateGenerator) generate(_ context.Context, _ passwords, _ string, user dbplugin.UsernameMetadata, expiration time.Time) (*secret, error) {
	name, err := g.names.Generate(user)
	if err != nil {
		return nil, fmt.Errorf("failed to generate client certificate: %w", err)
	}
	subject := pkix.Name{CommonName: name}
	urls := &certutil.URLEntries{IssuingCertificates: []string{}, CRLDistributionPoints: []string{}, OCSPServers: []string{}}
	parsed, err := certutil.CreateCertificateWithRandomSource(&certutil.CreationBundle{
		Params: &certutil.CreationParameters{
			Subject: subject, KeyType: g.KeyType, KeyBits: g.KeyBits, SignatureBits: g.SignatureBits, NotAfter: expiration,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: certutil.ClientAuthExtKeyUsage,
			NotBeforeDuration: 30 * time.Second, URLs: urls,
		},
		SigningBundle: &certutil.CAInfoBundle{ParsedCertBundle: *g.ca, URLs: urls},
	}, rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("failed to generate client certificate: unable to generate client certificate: %w", err)
	}
	bundle, err := parsed.ToCertBundle()
	if err != nil {
		return nil, fmt.Errorf("failed to generate client certificate: %w", err)
	}
	return &secret{Subject: subject.String(), Shown: map[string]string{
		"client_certificate": bundle.Certificate, "private_key": bundle.PrivateKey, "private_key_type": string(bundle.PrivateKeyType),
	}}, nil
}
