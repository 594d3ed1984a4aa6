// SPDX-License-Identifier: MPL-2.0

package sys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/hashicorp/go-secure-stdlib/parseutil"

	"github.com/plugproof/plugproof/mockserver/internal/mounts"
)

// lockout sets when users are locked out, in the servers' order: of three builtin
// auth methods only (handleTuneWriteCommon in vault/logical_system.go).
func (t *tuning) lockout(_ context.Context, e *mounts.Entry) error {
	raw, ok := t.field("user_lockout_config")
	if !ok || len(raw.(map[string]any)) == 0 {
		return nil
	}
	var asked struct {
		Threshold    string `mapstructure:"lockout_threshold"`
		Duration     string `mapstructure:"lockout_duration"`
		CounterReset string `mapstructure:"lockout_counter_reset_duration"`
		Disable      *bool  `mapstructure:"lockout_disable"`
	}
	if err := mapstructure.Decode(raw, &asked); err != nil {
		return errors.New("unable to convert given user lockout config information")
	}
	if !slices.Contains([]string{"ldap", "approle", "userpass"}, strings.ToLower(e.Type)) {
		return fmt.Errorf("tuning of user lockout configuration for auth type %q not allowed", e.Type)
	}
	config := mounts.UserLockout{}
	if e.Config.UserLockout != nil {
		config = *e.Config.UserLockout
	}
	if asked.Threshold != "" {
		threshold, err := strconv.ParseUint(asked.Threshold, 10, 64)
		if err != nil {
			return fmt.Errorf("unable to parse user lockout threshold: %w", err)
		}
		config.Threshold = threshold
	}
	for _, time := range []struct {
		asked string
		to    *time.Duration
	}{{asked.Duration, &config.Duration}, {asked.CounterReset, &config.CounterReset}} {
		if err := lockoutTime(time.asked, time.to); err != nil {
			return err
		}
	}
	if asked.Disable != nil {
		config.Disable = *asked.Disable
	}
	e.Config.UserLockout = &config
	return nil
}

// lockoutTime sets a time that was asked for; system is the server's own.
func lockoutTime(asked string, to *time.Duration) error {
	switch asked {
	case "":
		return nil
	case "system":
		*to = 0
		return nil
	}
	parsed, err := parseutil.ParseDurationSecond(asked)
	if err == nil {
		*to = parsed
	}
	return err
}
