// SPDX-License-Identifier: MPL-2.0

package dialect

// Tokens says what differs in tokens.
type Tokens struct {
	// BadTokenTwice: an unknown, revoked or expired token gets the second
	// error text "invalid token".
	BadTokenTwice bool
	// ServicePrefix and BatchPrefix begin tokens: hvs. and hvb. since Vault 1.10, s. and b.
	// before that and in OpenBao.
	ServicePrefix, BatchPrefix string
	// SecretsLogIn: a secrets engine may log in whoever asks a path of it that needs no
	// token.
	SecretsLogIn bool
	// Signed: service tokens have the length and form of signed ones.
	Signed bool
}

// Leases says what differs in leases.
type Leases struct {
	// OldPaths: sys/renew, sys/revoke, sys/revoke-prefix and
	// sys/revoke-force exist beside those below sys/leases.
	OldPaths bool
	// Detailed: looking a lease up shows its path and why it could not be revoked.
	Detailed bool
	// IDChecked: a lease ID that is not a text is refused before the token is
	// looked at.
	IDChecked bool
}

// Policies says what differs in policies.
type Policies struct {
	// DefaultLacks are the paths that the default policy does not allow any more.
	DefaultLacks []string
	// Versions: policies have a version, a time of change and check-and-set.
	Versions bool
	// TemplateLimits: policies say whether values from identity templates may
	// hold slashes and wildcards; where they say nothing, such paths allow nothing.
	TemplateLimits bool
	// ListBelow: policies whose names begin with a path can be listed.
	ListBelow bool
	// Detailed: policies can be listed with their content, with DetailedBelow also
	// those whose names begin with a path.
	Detailed, DetailedBelow bool
	// Patch: policies can be patched.
	Patch bool
	// ListsWithSlashFirst: listing a path asks the patterns for the path with its slash
	// first, else without it.
	ListsWithSlashFirst bool
	// MoreCapabilities and MoreKeys are what policies may contain beyond
	// those of Vault 1.14.
	MoreCapabilities []string
	// MoreCapabilities and MoreKeys are what policies may contain beyond
	// those of Vault 1.14.
	MoreKeys []string
}

// Namespaces says what differs in namespaces: sys/namespaces.
type Namespaces struct {
	// Enabled: namespaces can be made, and the header X-Vault-Namespace names that of a
	// request; else it is ignored.
	Enabled bool
	// IDLength is how many characters the IDs of new namespaces have.
	IDLength int
	// MountTypePrefix begins the types of the server's own mounts in namespaces.
	MountTypePrefix string
	// RootOnly are the paths below sys/ that namespaces refuse, with all below them.
	RootOnly []string
	// RootOnlyText is what they say, as a bad request; empty for an unsupported path.
	RootOnlyText string
	// TaintNamed: requests to a mount or namespace that is being removed are told the
	// namespace.
	TaintNamed bool
	// Detailed: the UUID of a namespace, whether it is locked and whether it is being
	// deleted are shown, and that its deletion goes on.
	Detailed bool
	// VisibleDeep: sys/internal/ui/namespaces lists those of all levels.
	VisibleDeep bool
	// VisibleToAll: every token sees all namespaces, whatever its policies say.
	VisibleToAll bool
	// OwnTokensOnly: accessors of other namespaces' tokens are refused, and a lookup of
	// such a token shows nothing of its lease.
	OwnTokensOnly bool
	// RootNamed: the namespace header may name the root by root.
	RootNamed bool
	// HeaderRefused are the paths below sys/ that are refused with any namespace header,
	// before it is read.
	HeaderRefused []string
	// StrictNames: names are checked before anything is looked up, and whatever is wrong
	// with them is a bad request.
	StrictNames bool
	// CubbyholeFirst: deleting a namespace removes its cubbyhole before all other secrets
	// engines. Unused wrapping tokens of their paths can't be revoked then, and keep the
	// namespace.
	CubbyholeFirst bool
	// ChildrenTerse: the refusal to delete a namespace with others below it does not name
	// it.
	ChildrenTerse bool
}

// Entities says what differs in entities.
type Entities struct {
	// AliasMetadataListed: lists of aliases show the metadata of their logins.
	AliasMetadataListed bool
	// NamedAfterNamespace: names that the server makes up for entities end in the ID of
	// their namespace, also in the root's.
	NamedAfterNamespace bool
}
