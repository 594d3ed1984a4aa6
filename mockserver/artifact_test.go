// SPDX-License-Identifier: MPL-2.0

package mockserver_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ProtonMail/gopenpgp/v3/crypto"

	"github.com/plugproof/plugproof/mockserver"
)

// publisher signs artifacts.
type publisher struct{ key *crypto.Key }

func newPublisher(t *testing.T) publisher {
	t.Helper()
	key, err := crypto.PGP().KeyGeneration().AddUserId("publisher", "p@example.com").New().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return publisher{key}
}

// publicKey writes the key that signatures are verified with to a file.
func (p publisher) publicKey(t *testing.T) (file string) {
	t.Helper()
	armored, err := p.key.GetArmoredPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "key.asc")
	if err := os.WriteFile(file, []byte(armored), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// sign returns the armored detached signature of data.
func (p publisher) sign(t *testing.T, data []byte) []byte {
	t.Helper()
	key, err := p.key.Copy() // using a key changes it
	if err != nil {
		t.Fatal(err)
	}
	signer, err := crypto.PGP().Sign().SigningKey(key).Detached().New()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(data, crypto.Armor)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// artifact extracts an artifact into the plugin directory, whose binary is a link to a
// file: one that was just written can't always be run.
func (p publisher) artifact(t *testing.T, plugins, name, version, file string) (dir string) {
	t.Helper()
	binary, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(plugins, name+"_"+version+"_"+runtime.GOOS+"_"+runtime.GOARCH)
	metadata, err := json.Marshal(map[string]any{
		"version": "v1",
		"plugin":  map[string]any{"name": name, "version": version, "pgp_sig": string(p.sign(t, binary))},
	})
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err := errors.Join(
		err, os.Link(file, filepath.Join(dir, name)),
		os.WriteFile(filepath.Join(dir, "metadata.json"), metadata, 0o600),
		os.WriteFile(filepath.Join(dir, "metadata.json.sig"), p.sign(t, metadata), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestArtifacts: a version without sha256 registers the plugin of an extracted artifact,
// which runs.
func TestArtifacts(t *testing.T) {
	t.Parallel()
	plugins, sha := pluginDir(t)
	hashicorp := newPublisher(t)
	dir := hashicorp.artifact(t, plugins, "vault-plugin-probe", "1.2.3+ent", filepath.Join(plugins, "probe"))
	for _, name := range []string{"vault-1.20", "vault-1.21", "vault-2.0+ent"} {
		s, client, _ := start(t, mockserver.WithPluginDir(plugins), mockserver.WithPluginPGPKey(hashicorp.publicKey(t)), mockserver.WithDialect(name))
		const path = "sys/plugins/catalog/secret/vault-plugin-probe"
		if status, body := send(t, s.Address(), "POST", path, `{"version": "1.2.3+ent", "command": "ignored"}`); status >= 300 {
			t.Fatalf("%s: %d %s", name, status, body)
		}
		secret, err := client.Logical().ReadWithData(path, map[string][]string{"version": {"1.2.3+ent"}})
		if err != nil {
			t.Fatal(err)
		}
		command := filepath.Join(filepath.Base(dir), "vault-plugin-probe")
		if secret.Data["command"] != command || secret.Data["sha256"] != sha || secret.Data["version"] != "v1.2.3+ent" {
			t.Errorf("%s: %+v", name, secret.Data)
		}
		mount(t, client, "p", "vault-plugin-probe")
		if secret, err := client.Logical().Read("p/process"); err != nil || secret == nil {
			t.Errorf("%s: %v, %v", name, secret, err)
		}
		// What was signed is what runs: an exchanged binary does not.
		if name != "vault-1.21" {
			continue
		}
		if err := client.Sys().Unmount("p"); err != nil {
			t.Fatal(err)
		}
		signed, binary := filepath.Join(dir, "signed"), filepath.Join(dir, "vault-plugin-probe")
		move(t, binary, signed)
		move(t, script(t, dir), binary)
		if status, body := send(t, s.Address(), "POST", "sys/mounts/p", `{"type": "vault-plugin-probe"}`); status != 400 || !strings.Contains(body, "checksum") {
			t.Errorf("exchanged: %d %s", status, body)
		}
		move(t, signed, binary)
	}
}

// TestArtifactsAreVerifiedSideBySide: requests share the key, which its library changes.
func TestArtifactsAreVerifiedSideBySide(t *testing.T) {
	t.Parallel()
	plugins := artifactDir(t)
	ours := newPublisher(t)
	s, _, _ := start(t, mockserver.WithPluginPGPKey(ours.publicKey(t)), mockserver.WithPluginDir(plugins))
	move(t, ours.artifact(t, plugins, "p", "1.0.0", script(t, plugins)), filepath.Join(plugins, "q_1.0.0_"+runtime.GOOS+"_"+runtime.GOARCH))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			// The artifact is that of another plugin, which is found out after the signature.
			if status, body := send(t, s.Address(), "POST", "sys/plugins/catalog/secret/q", `{"version": "1.0.0"}`); status != 500 || !strings.Contains(body, "failed to read plugin binary: open ") {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	group.Wait()
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestArtifactsAreRefused: what is missing, or signed by somebody else, is not registered.
func TestArtifactsAreRefused(t *testing.T) {
	t.Parallel()
	ours, other := newPublisher(t), newPublisher(t)
	key := ours.publicKey(t)
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	unsigned := func(t *testing.T, dir string) {
		t.Helper()
		write("metadata.json", "[]")(t, dir)
		write("metadata.json.sig", string(ours.sign(t, []byte("[]"))))(t, dir)
	}
	for name, test := range map[string]struct {
		by    publisher
		spoil func(*testing.T, string)
		text  string
	}{
		"no directory": {ours, func(t *testing.T, dir string) {
			t.Helper()
			move(t, dir, dir+"x")
		}, "extracted artifact directory not found: "},
		"no metadata":              {ours, remove("metadata.json"), "failed to read metadata: open "},
		"no signature":             {ours, remove("metadata.json.sig"), "failed to read metadata signature: open "},
		"no binary":                {ours, remove("p"), "failed to read plugin binary: open "},
		"metadata of another":      {ours, write("metadata.json", "{}"), "failed to verify metadata detached signature: "},
		"a signature that is none": {ours, write("metadata.json.sig", "x"), "failed to verify metadata detached signature: "},
		"metadata that is none":    {ours, unsigned, "failed to read plugin metadata: json: "},
		"binary of another":        {ours, write("p", "x"), "failed to verify plugin binary PGP signature: "},
		"another publisher":        {other, func(*testing.T, string) {}, "failed to verify metadata detached signature: unexpected signature error: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugins := artifactDir(t)
			s, _, _ := start(t, mockserver.WithPluginPGPKey(key), mockserver.WithPluginDir(plugins))
			test.spoil(t, test.by.artifact(t, plugins, "p", "1.0.0", script(t, plugins)))
			status, body := send(t, s.Address(), "POST", "sys/plugins/catalog/secret/p", `{"version": "1.0.0"}`)
			if status != 500 || !strings.Contains(body, test.text) || !strings.Contains(body, `failed to verify plugin plugin \"p\" version \"v1.0.0\": `) {
				t.Errorf("%d %s, want %s", status, body, test.text)
			}
			if status, _ := send(t, s.Address(), "GET", "sys/plugins/catalog/secret/p?version=1.0.0", ""); status != 404 {
				t.Errorf("registered: %d", status)
			}
		})
	}
}

// script makes a program in a directory.
func script(t *testing.T, dir string) (file string) {
	t.Helper()
	file = filepath.Join(dir, "script")
	if err := os.WriteFile(file, []byte("#!/bin/false\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	return file
}

// artifactDir makes a plugin directory.
func artifactDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestWithoutAKeyNoArtifactIsRegistered: nobody's signature fits, and a key that is none
// is an error at once.
func TestWithoutAKeyNoArtifactIsRegistered(t *testing.T) {
	t.Parallel()
	plugins := artifactDir(t)
	ours := newPublisher(t)
	ours.artifact(t, plugins, "p", "1.0.0", script(t, plugins))
	s, _, _ := start(t, mockserver.WithPluginDir(plugins))
	if status, body := send(t, s.Address(), "POST", "sys/plugins/catalog/secret/p", `{"version": "1.0.0"}`); status != 500 || !strings.Contains(body, "unexpected signature error: ") {
		t.Errorf("%d %s", status, body)
	}
	private, err := ours.key.Armor()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"no key": "public key", private: "private key", "": "public key"} {
		file := filepath.Join(plugins, "key.asc")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := mockserver.New(mockserver.WithPluginPGPKey(file)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
