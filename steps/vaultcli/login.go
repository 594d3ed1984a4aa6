// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hashicorp/vault/api"
)

func loginCommands() []command {
	return []command{{
		name: "login", synopsis: "Authenticate locally",
		help: `Usage: vault login [options] [AUTH K=V...]

  Authenticates users or machines to Vault with a token, and keeps it in
  ~/.vault-token for future requests. If the argument is "-", the values are
  read from stdin.

      $ vault login 96ddf4bc-d217-f3ba-f9bd-017055595017

  Other auth methods are not built in, JWT has none in Vault either. Write to
  the method's login path instead:

      $ vault write auth/jwt/login role=my-role jwt=@token.jwt`,
		outputs: fieldAndFormat(),
		action:  func() action { return new(login) },
	}}
}

// login knows the method token. Vault has handlers for others, but none for jwt,
// and of the rest none works without builtin auth methods.
type login struct {
	method, path                string
	noStore, noPrint, tokenOnly bool
}

func (a *login) flags(f *flagSet) {
	a.method = "token"
	f.text(&a.method, "method", "Type of authentication to use. Note this corresponds to the TYPE, not the enabled path. Use "+
		"-path to specify the path where the authentication is enabled.")
	f.text(&a.path, "path", "Remote path in Vault where the auth method is enabled. This defaults to the TYPE of method.")
	f.boolean(&a.noStore, "no-store", "Do not persist the token to the token helper (usually the local filesystem) after "+
		"authentication for use in future requests. The token will only be displayed in the command output.")
	f.boolean(&a.noPrint, "no-print", "Do not display the token. The token will be still be stored to the configured token "+
		"helper.")
	f.boolean(&a.tokenOnly, "token-only", "Output only the token with no verification. This flag is a shortcut for "+
		`"-field=token -no-store".`)
}

func (a *login) run(inv *invocation, args []string) error {
	if a.tokenOnly {
		a.noStore, inv.field = true, "token"
	}
	if a.noStore && a.noPrint {
		return misuse("-no-store and -no-print cannot be used together")
	}
	if method := cleanPath(a.method); method != "token" && method != "" {
		return misuse("%s", wrap("Unknown auth method: "+method+`. Use "vault auth list" to see the complete list of auth `+
			"methods. Additionally, some auth methods are only available via the HTTP API.", 0))
	}
	if len(args) > 0 && !strings.Contains(args[0], "=") {
		args = append([]string{"token=" + args[0]}, args[1:]...)
	}
	config, err := parseStrings(inv.input(), args)
	if err != nil {
		return misuse("Error parsing configuration: %w", err)
	}
	client, err := inv.clientWithoutToken()
	if err != nil {
		return err
	}
	secret, err := tokenLogin(inv, client, config)
	if err != nil {
		return refused("Error authenticating: %w", err)
	}
	if err := a.keep(inv, secret); err != nil {
		return err
	}
	switch {
	case a.noPrint:
		return nil
	case inv.field != "":
		return inv.printField(fieldOf(secret, inv.field))
	}
	inv.sayInTable(wrap("Success! You are now authenticated. The token information displayed below is already stored in the "+
		`token helper. You do NOT need to run "vault login" again. Future Vault requests will automatically use this token.`, 0) + "\n")
	return inv.printSecret(secret)
}

// keep stores the token for later runs, or says that it doesn't.
func (a *login) keep(inv *invocation, secret *api.Secret) error {
	if a.noStore {
		if !a.tokenOnly {
			inv.complain(wrap("The token was not stored in token helper. Set the VAULT_TOKEN environment variable or pass the "+
				"token below with each request to Vault.", 0) + "\n")
		}
		return nil
	}
	if err := inv.storeToken(secret.Auth.ClientToken); err != nil {
		inv.complain(fmt.Sprintf("Error storing token: %s", err))
		inv.complain(wrap("Authentication was successful, but the token was not persisted. The resulting token is shown "+
			"below for your records.", 0) + "\n")
		_ = inv.printSecret(secret)
		return silently(exitServer)
	}
	if inv.env[api.EnvVaultToken] != "" {
		inv.complain(wrap("WARNING! The VAULT_TOKEN environment variable is set! The value of this variable will take "+
			"precedence; if this is unwanted please unset VAULT_TOKEN or update its value accordingly.", 0) + "\n")
	}
	return nil
}

// tokenLogin looks a token up and gives the answer the form of a login's.
func tokenLogin(inv *invocation, client *api.Client, config map[string]string) (*api.Secret, error) {
	lookup := true
	if text, ok := config["lookup"]; ok {
		var err error
		if lookup, err = strconv.ParseBool(text); err != nil {
			return nil, fmt.Errorf("failed to parse \"lookup\" as boolean: %w", err)
		}
	}
	token, ok := config["token"]
	if !ok {
		// Vault asks on the terminal; a harness has none.
		return nil, errors.New("'token' not supplied and refusing to pull from stdin")
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return nil, errors.New("a token must be passed to auth, please view the help for more information")
	}
	if !lookup {
		return &api.Secret{Auth: &api.SecretAuth{ClientToken: token}}, nil
	}
	client.SetToken(token)
	client.SetWrappingLookupFunc(func(string, string) string { return "" })
	secret, err := client.Auth().Token().LookupSelfWithContext(inv.ctx)
	if err != nil {
		return nil, fmt.Errorf("error looking up token: %w", err)
	}
	if secret == nil {
		return nil, errors.New("empty response from lookup-self")
	}
	return asLogin(secret)
}

// asLogin turns the data of a lookup into what a login would have answered.
func asLogin(secret *api.Secret) (*api.Secret, error) {
	id, err := secret.TokenID()
	if err != nil {
		return nil, fmt.Errorf("error accessing token ID: %w", err)
	}
	accessor, err := secret.TokenAccessor()
	if err != nil {
		return nil, fmt.Errorf("error accessing token accessor: %w", err)
	}
	// This fills in secret.Auth.
	if _, err := secret.TokenPolicies(); err != nil {
		return nil, fmt.Errorf("error accessing token policies: %w", err)
	}
	metadata, err := secret.TokenMetadata()
	if err != nil {
		return nil, fmt.Errorf("error accessing token metadata: %w", err)
	}
	ttl, err := secret.TokenTTL()
	if err != nil {
		return nil, fmt.Errorf("error converting token TTL: %w", err)
	}
	renewable, err := secret.TokenIsRenewable()
	if err != nil {
		return nil, fmt.Errorf("error checking if token is renewable: %w", err)
	}
	return &api.Secret{Auth: &api.SecretAuth{
		ClientToken:      id,
		Accessor:         accessor,
		Policies:         secret.Auth.Policies,
		TokenPolicies:    secret.Auth.TokenPolicies,
		IdentityPolicies: secret.Auth.IdentityPolicies,
		Metadata:         metadata,
		LeaseDuration:    int(ttl.Seconds()),
		Renewable:        renewable,
	}}, nil
}
