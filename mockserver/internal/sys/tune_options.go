// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"fmt"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// tuneOptions sets the options that a mount's plugin gets. The version, which
// is kv's, may be raised but not lowered; the upgrade's warning is returned.
// Servers don't ask for the mount's type: that is how a kv under another name
// gets version 2, which can't be chosen when it is mounted (measured, OpenBao
// 2.5.5).
func (t *tuning) tuneOptions(e *mounts.Entry) (upgrade string, err error) {
	raw, ok := t.sent.GetOk("options")
	if !ok {
		return "", nil
	}
	options := raw.(map[string]string)
	if asked, ok := options["version"]; ok {
		if upgrade, err = t.tuneStoreVersion(e.Options["version"], asked); err != nil {
			return "", err
		}
	}
	e.Options = mergeOptions(e.Options, options)
	return upgrade, nil
}

func (t *tuning) tuneStoreVersion(now, asked string) (upgrade string, err error) {
	from, err := parseutil.ParseInt(now)
	if err != nil {
		return "", fmt.Errorf("unable to parse mount entry: %w", err)
	}
	to, err := parseutil.ParseInt(asked)
	switch {
	case err != nil:
		return "", fmt.Errorf("unable to parse options: %w", err)
	case to != 1 && to != 2:
		return "", fmt.Errorf("invalid version provided: %d", to)
	case from > to:
		return "", fmt.Errorf("cannot downgrade mount from version %d", from)
	case from == to:
		return "", nil
	}
	if t.dialect.Mounts.UpgradeWithoutVersion {
		to = 0
	}
	return fmt.Sprintf("Upgrading mount from version %d to version %d. This mount will be unavailable for a brief period and will resume service shortly.", from, to), nil
}

// upgradeStore reloads a mount whose version was raised, which starts the
// upgrade of what it has stored. The tuning holds if that fails.
func (b *backend) upgradeStore(ctx context.Context, r *mounts.Route, warning string) (*logical.Response, error) {
	if err := b.reloadMount(ctx, r); err != nil {
		b.Logger().Error("mount tuning of options: could not reload backend", "path", r.Entry().Path, "error", err)
		if b.dialect.Mounts.UpgradeWithoutVersion {
			return badRequest(err)
		}
	}
	resp := &logical.Response{}
	resp.AddWarning(warning)
	return resp, nil
}

// mergeOptions adds options to those there are; an empty value removes one.
func mergeOptions(old, change map[string]string) map[string]string {
	merged := map[string]string{}
	for _, options := range []map[string]string{old, change} {
		for k, v := range options {
			merged[k] = v
			if v == "" {
				delete(merged, k)
			}
		}
	}
	return merged
}
