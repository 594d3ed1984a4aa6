// SPDX-License-Identifier: MPL-2.0

// Package quota limits how many requests each client may send in a time: to the server,
// to a namespace, a mount, paths of it, or with a role of an auth method.
//
// Source: vault/quotas of OpenBao 2.6.2.
package quota

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/sdk/helper/pathmanager"
	"github.com/hashicorp/vault/sdk/logical"

	"github.com/plugproof/plugproof/mockserver/internal/storage"
)

// ErrNotFound is returned for a rule that does not exist.
var ErrNotFound = errors.New("no such quota")

// Rule is a limit. What it is about are the longest of its parts that are not empty.
type Rule struct {
	Name string `json:"name"`
	// Namespace ends in a slash; empty is the root's, or the whole server's.
	Namespace string `json:"namespace"`
	// Mount is the mount's path in its namespace, Suffix a path of it, which may end in *.
	Mount  string `json:"mount"`
	Suffix string `json:"suffix"`
	Role   string `json:"role"`
	// Rate is how many requests each client may send in an Interval. One that sent more may
	// send none for the time of Block, if that is not 0.
	Rate     float64       `json:"rate"`
	Interval time.Duration `json:"interval"`
	Block    time.Duration `json:"block"`
	// Inheritable: it also limits the namespaces below that have none of their own.
	Inheritable bool `json:"inheritable"`
}

// Path returns what the rule is about, as requests name it.
func (r Rule) Path() string { return r.Namespace + r.Mount + r.Suffix }

// scope is what a rule is about.
type scope struct{ namespace, mount, suffix, role string }

func (r Rule) scope() scope { return scope{r.Namespace, r.Mount, r.Suffix, r.Role} }

// Config is what all rules have in common.
type Config struct {
	AuditLogging    bool     `json:"audit_logging"`
	ResponseHeaders bool     `json:"response_headers"`
	ExemptPaths     []string `json:"exempt_paths"`
}

// defaultExempt are the paths that no rule limits unless a Config says otherwise
// (defaultExemptPaths in vault/quotas/quotas.go).
func defaultExempt() []string {
	return []string{
		"sys/generate-recovery-token/attempt", "sys/generate-recovery-token/update", "sys/generate-root/attempt",
		"sys/generate-root/update", "sys/health", "sys/seal-status", "sys/unseal",
	}
}

// Manager has the rules and counts requests. It may be used by several goroutines.
type Manager struct {
	storage logical.Storage
	now     func() time.Time

	// number is that of the rules.
	number atomic.Int64

	mu     sync.Mutex
	config Config
	exempt *pathmanager.PathManager
	rules  map[string]*limit
	scopes map[scope]string
}

// The keys in the storage.
const (
	configKey  = "config"
	rulePrefix = "rate-limit/"
)

// NewManager returns a manager of the rules that are stored.
func NewManager(ctx context.Context, view logical.Storage, now func() time.Time) (*Manager, error) {
	m := &Manager{storage: view, now: now, rules: map[string]*limit{}, scopes: map[scope]string{}}
	config := Config{ExemptPaths: defaultExempt()}
	if _, err := storage.GetJSON(ctx, view, configKey, &config); err != nil {
		return nil, fmt.Errorf("the configuration of quotas: %w", err)
	}
	m.setConfig(config)
	names, err := view.List(ctx, rulePrefix)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		var r Rule
		if found, err := storage.GetJSON(ctx, view, rulePrefix+name, &r); err != nil || !found {
			return nil, errors.Join(fmt.Errorf("the quota %q can't be read", name), err)
		}
		m.set(r)
	}
	return m, nil
}

// set keeps a rule. mu must be held by all but NewManager.
func (m *Manager) set(r Rule) {
	m.forget(r.Name)
	m.rules[r.Name] = newLimit(r)
	m.scopes[r.scope()] = r.Name
	m.number.Store(int64(len(m.rules)))
}

func (m *Manager) forget(name string) {
	if old, ok := m.rules[name]; ok {
		delete(m.scopes, old.rule.scope())
		delete(m.rules, name)
		m.number.Store(int64(len(m.rules)))
	}
}

// Config returns the configuration.
func (m *Manager) Config() Config {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.config
}

// SetConfig replaces the configuration.
func (m *Manager) SetConfig(ctx context.Context, c Config) error {
	if err := storage.PutJSON(ctx, m.storage, configKey, c); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.setConfig(c)
	return nil
}

// setConfig keeps a configuration. mu must be held by all but NewManager.
func (m *Manager) setConfig(c Config) {
	m.config, m.exempt = c, pathmanager.New()
	m.exempt.AddPaths(c.ExemptPaths)
}

// Put makes or replaces the rule of that name; its counts begin anew.
func (m *Manager) Put(ctx context.Context, r Rule) error {
	if err := storage.PutJSON(ctx, m.storage, rulePrefix+r.Name, r); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(r)
	return nil
}

// Get returns the rule of that name, or ErrNotFound.
func (m *Manager) Get(name string) (Rule, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.rules[name]
	if !ok {
		return Rule{}, ErrNotFound
	}
	return l.rule, nil
}

// Delete removes a rule; one that does not exist is not an error.
func (m *Manager) Delete(ctx context.Context, name string) error {
	if err := m.storage.Delete(ctx, rulePrefix+name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(name)
	return nil
}

// Names returns the names of all rules in order.
func (m *Manager) Names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.rules))
}

// Same returns the name of the rule about the same as r, or empty.
func (m *Manager) Same(r Rule) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.scopes[r.scope()]
}

// NeedsRole reports whether a rule of the mount is about a role.
func (m *Manager) NeedsRole(namespace, mount string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.scopes {
		if s.namespace == namespace && s.mount == mount && s.role != "" {
			return true
		}
	}
	return false
}

// Request is what rules are looked up for.
type Request struct {
	// Path is the whole path; Namespace, Mount and Suffix are its parts.
	Path, Namespace, Mount, Suffix string
	Role                           string
	// Client is who sent it.
	Client string
}

// Empty reports whether there are no rules. It takes no lock: every request asks.
func (m *Manager) Empty() bool { return m.number.Load() == 0 }

// Take counts a request and reports whether it is within its limit.
func (m *Manager) Take(r Request) Answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.exempt.HasPath(r.Path) {
		return Answer{Allowed: true}
	}
	l := m.find(r)
	if l == nil {
		return Answer{Allowed: true}
	}
	answer := l.take(r.Client, m.now())
	answer.Shown = m.config.ResponseHeaders
	return answer
}

// find returns the most specific rule for a request, or nil (queryQuota in
// vault/quotas/quotas.go).
func (m *Manager) find(r Request) *limit {
	suffix := strings.TrimSuffix(r.Suffix, "/")
	candidates := []scope{
		{r.Namespace, r.Mount, suffix, ""},
		{r.Namespace, r.Mount, m.glob(r, suffix), ""},
		{r.Namespace, r.Mount, "", ""},
		{r.Namespace, "", "", ""},
	}
	if r.Role != "" {
		candidates = append([]scope{{r.Namespace, r.Mount, "", r.Role}}, candidates...)
	}
	for _, s := range candidates {
		if name, ok := m.scopes[s]; ok {
			return m.rules[name]
		}
	}
	return m.inherited(r.Namespace)
}

// glob returns the longest path with a * at its end that a rule of the request's mount is
// about and that the suffix fits; empty for none.
func (m *Manager) glob(r Request, suffix string) (longest string) {
	for s := range m.scopes {
		prefix, isGlob := strings.CutSuffix(s.suffix, "*")
		if isGlob && s.namespace == r.Namespace && s.mount == r.Mount && s.role == "" && strings.HasPrefix(suffix, prefix) && len(s.suffix) > len(longest) {
			longest = s.suffix
		}
	}
	return longest
}

// inherited returns the rule of the nearest namespace above that it hands down, or nil.
func (m *Manager) inherited(namespace string) *limit {
	for namespace != "" {
		parent, _ := cutLast(strings.TrimSuffix(namespace, "/"))
		if name, ok := m.scopes[scope{namespace: parent}]; ok && m.rules[name].rule.Inheritable {
			return m.rules[name]
		}
		namespace = parent
	}
	return nil
}

// cutLast cuts the last part off a path; before ends in a slash or is empty.
func cutLast(path string) (before, last string) {
	i := strings.LastIndex(path, "/")
	return path[:i+1], path[i+1:]
}

// Drop deletes the rules of a mount that is gone, or with an empty mount all of its
// namespace.
func (m *Manager) Drop(ctx context.Context, namespace, mount string) error {
	for _, r := range m.of(namespace, mount) {
		if err := m.Delete(ctx, r.Name); err != nil {
			return err
		}
	}
	return nil
}

// Move lets the rules of a mount be about the path that it was moved to.
func (m *Manager) Move(ctx context.Context, namespace, mount, toNamespace, toMount string) error {
	for _, r := range m.of(namespace, mount) {
		r.Namespace, r.Mount = toNamespace, toMount
		if err := m.Put(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// of returns the rules of a mount, or with an empty mount all of its namespace.
func (m *Manager) of(namespace, mount string) []Rule {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rules []Rule
	for _, l := range m.rules {
		if l.rule.Namespace == namespace && (mount == "" || l.rule.Mount == mount) {
			rules = append(rules, l.rule)
		}
	}
	return rules
}
