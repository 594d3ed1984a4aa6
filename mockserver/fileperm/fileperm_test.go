// SPDX-License-Identifier: MPL-2.0

package fileperm_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/plugproof/plugproof/mockserver/fileperm"
)

func TestEnabled(t *testing.T) {
	t.Parallel()
	const vault, bao = "VAULT_ENABLE_FILE_PERMISSIONS_CHECK=", "BAO_ENABLE_FILE_PERMISSIONS_CHECK="
	for _, c := range []struct {
		environ, prefixes []string
		want, wrong       bool
	}{
		{nil, []string{"VAULT_"}, false, false},
		{[]string{vault + "true"}, []string{"VAULT_"}, true, false},
		{[]string{bao + "true"}, []string{"VAULT_"}, false, false},
		{[]string{vault + "true"}, []string{"BAO_", "VAULT_"}, true, false},
		{[]string{vault + "true", bao + "0"}, []string{"BAO_", "VAULT_"}, false, false},
		{[]string{vault + "1", bao}, []string{"BAO_", "VAULT_"}, true, false},
		{[]string{vault + "perhaps"}, []string{"VAULT_"}, false, true},
	} {
		if got, err := fileperm.Enabled(c.environ, c.prefixes); got != c.want || (err != nil) != c.wrong {
			t.Errorf("%q: %v %v", c.environ, got, err)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "plug")
	if err := os.WriteFile(path, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := os.Getuid() + 1
	for _, c := range []struct {
		mode os.FileMode
		rule fileperm.Rule
		want string
	}{
		{0o755, fileperm.Rule{}, ""},
		{0o700, fileperm.Rule{Mode: 0o700}, ""},
		{0o750, fileperm.Rule{Mode: 0o700}, fmt.Sprintf("path %q does not have permissions 700", path)},
		{0o775, fileperm.Rule{}, fmt.Sprintf("path %q has insecure permissions 775. Vault expects no write permissions for group or others", path)},
		{0o757, fileperm.Rule{}, fmt.Sprintf("path %q has insecure permissions 757. Vault expects no write permissions for group or others", path)},
		{0o777, fileperm.Rule{Mode: 0o777}, ""},
		{0o700, fileperm.Rule{UID: stranger}, fmt.Sprintf("path %q is not owned by uid %d", path, stranger)},
	} {
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := c.rule.Check(path); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%o %+v: %s, want %s", c.mode, c.rule, got, c.want)
		}
	}
	none := path + ".none"
	if err := (fileperm.Rule{}).Check(none); err == nil || err.Error() != fmt.Sprintf("error stating %q: stat %s: no such file or directory", none, none) {
		t.Error(err)
	}
}
