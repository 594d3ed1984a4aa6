// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/hashicorp/vault/sdk/helper/consts"
)

// The files of an extracted artifact beside the plugin's binary, which has its name.
const (
	metadataFile      = "metadata.json"
	metadataSignature = metadataFile + ".sig"
)

// ArtifactKey is the public key of whoever publishes artifacts. The zero value is nobody's:
// no signature fits it.
type ArtifactKey struct{ key *crypto.Key }

// ReadArtifactKey reads an ASCII-armored OpenPGP public key.
func ReadArtifactKey(armored []byte) (ArtifactKey, error) {
	key, err := crypto.NewKeyFromArmored(string(armored))
	if err != nil {
		return ArtifactKey{}, err
	}
	if key.IsPrivate() {
		return ArtifactKey{}, errors.New("it is a private key: export the public one")
	}
	return ArtifactKey{key}, nil
}

// TrustArtifacts sets the key that artifacts are signed with. It is called before the
// catalog is used.
func (c *Catalog) TrustArtifacts(key ArtifactKey) { c.artifactKey = key }

// artifactMetadata is the part of metadata.json that servers look at.
type artifactMetadata struct {
	Version string `json:"version"`
	Plugin  struct {
		Name     string            `json:"name"`
		Type     consts.PluginType `json:"type"`
		Version  string            `json:"version"`
		Platform string            `json:"platform"`
		Arch     string            `json:"arch"`
		// Signature is that of the binary, ASCII-armored.
		Signature string `json:"pgp_sig"`
	} `json:"plugin"`
}

// adoptArtifact makes an entry that of an extracted artifact: a directory of the plugin
// directory with the plugin's binary, metadata and the signatures of both. It sets
// command and digest.
//
// Source: vault/plugincatalog/plugin_artifact.go of Vault 1.20.
func (c *Catalog) adoptArtifact(e *Entry) error {
	name := fmt.Sprintf("%s_%s_%s_%s", e.Name, strings.TrimPrefix(e.Version, "v"), runtime.GOOS, runtime.GOARCH)
	digest, err := c.verifyArtifact(filepath.Join(c.directory, name), e.Name)
	if err != nil {
		// "plugin plugin" is the servers' own.
		return fmt.Errorf("failed to verify plugin plugin %q version %q: %w", e.Name, e.Version, err)
	}
	e.Command, e.SHA256 = filepath.Join(name, e.Name), digest
	return nil
}

// verifyArtifact returns the digest of the binary in an artifact's directory.
func (c *Catalog) verifyArtifact(dir, name string) ([]byte, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", ErrNoArtifact, dir)
	case err != nil:
		return nil, fmt.Errorf("unexpected err %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: %s is not a directory", ErrNoArtifact, dir)
	}
	text, err := os.ReadFile(filepath.Join(dir, metadataFile))
	if err != nil {
		return nil, fmt.Errorf("failed to read metadata: %w", err)
	}
	signature, err := os.ReadFile(filepath.Join(dir, metadataSignature))
	if err != nil {
		return nil, fmt.Errorf("failed to read metadata signature: %w", err)
	}
	if err := c.artifactKey.verify(text, signature); err != nil {
		return nil, fmt.Errorf("failed to verify metadata detached signature: %w", err)
	}
	binary, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("failed to read plugin binary: %w", err)
	}
	var metadata artifactMetadata
	if err := json.Unmarshal(text, &metadata); err != nil {
		return nil, fmt.Errorf("failed to read plugin metadata: %w", err)
	}
	if err := c.artifactKey.verify(binary, []byte(metadata.Plugin.Signature)); err != nil {
		return nil, fmt.Errorf("failed to verify plugin binary PGP signature: %w", err)
	}
	sum := sha256.Sum256(binary)
	return sum[:], nil
}

// verify checks a detached ASCII-armored signature.
func (k ArtifactKey) verify(data, signature []byte) error {
	pgp := crypto.PGP()
	key, err := k.own(pgp)
	if err != nil {
		return fmt.Errorf("failed to load verifier: %w", err)
	}
	verifier, err := pgp.Verify().VerificationKey(key).New()
	if err != nil {
		return fmt.Errorf("failed to load verifier: %w", err)
	}
	result, err := verifier.VerifyDetached(data, signature, crypto.Armor)
	if err != nil {
		return fmt.Errorf("failed to verify data: %w", err)
	}
	if err := result.SignatureError(); err != nil {
		return fmt.Errorf("unexpected signature error: %w", err)
	}
	return nil
}

// own returns a key for one verification, since its library changes a key that it uses:
// requests can't share one.
func (k ArtifactKey) own(pgp *crypto.PGPHandle) (*crypto.Key, error) {
	if k.key == nil {
		return pgp.KeyGeneration().AddUserId("nobody", "").New().GenerateKey()
	}
	return k.key.Copy()
}
