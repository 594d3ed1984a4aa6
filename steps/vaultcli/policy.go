// SPDX-License-Identifier: MPL-2.0

package vaultcli

import (
	"io"
	"os"
	"strings"
)

func policyCommands() []command {
	return []command{
		{
			name: "policy", synopsis: "Interact with policies",
			help: `Usage: vault policy <subcommand> [options] [args]

  This command groups subcommands for interacting with policies.
  Users can write, read, and list policies in Vault.

  List all enabled policies:

      $ vault policy list

  Create a policy named "my-policy" from contents on local disk:

      $ vault policy write my-policy ./my-policy.hcl

  Please see the individual subcommand help for detailed usage information.`,
		},
		{
			name: "policy list", synopsis: "Lists the installed policies",
			help: `Usage: vault policy list [options]

  Lists the names of the policies that are installed on the Vault server.`,
			outputs: formatOnly(),
			action:  func() action { return new(policyList) },
		},
		{
			name: "policy read", synopsis: "Prints the contents of a policy",
			help: `Usage: vault policy read [options] [NAME]

  Prints the contents and metadata of the Vault policy named NAME. If the policy
  does not exist, an error is returned.

  Read the policy named "my-policy":

      $ vault policy read my-policy`,
			outputs: formatOnly(),
			action:  func() action { return new(policyRead) },
		},
		{
			name: "policy write", synopsis: "Uploads a named policy from a file",
			help: `Usage: vault policy write [options] NAME PATH

  Uploads a policy with name NAME from the contents of a local file PATH or
  stdin. If PATH is "-", the policy is read from stdin. Otherwise, it is
  loaded from the file at the given path on the local disk.

  Upload a policy named "my-policy" from stdin:

      $ cat my-policy.hcl | vault policy write my-policy -`,
			action: func() action { return new(policyWrite) },
		},
		{
			name: "policy delete", synopsis: "Deletes a policy by name",
			help: `Usage: vault policy delete [options] NAME

  Deletes the policy named NAME in the Vault server. Once the policy is deleted,
  all tokens associated with the policy are affected immediately.

  Delete the policy named "my-policy":

      $ vault policy delete my-policy

  Note that it is not possible to delete the "default" or "root" policies.
  These are built-in policies.`,
			action: func() action { return new(policyDelete) },
		},
	}
}

// policyList prints one name a line, without a header.
type policyList struct{}

func (*policyList) flags(*flagSet) {}

func (*policyList) run(inv *invocation, args []string) error {
	if err := exactly(0, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	names, err := client.Sys().ListPoliciesWithContext(inv.ctx)
	if err != nil {
		return refused("Error listing policies: %w", err)
	}
	if !inv.isTable() {
		return inv.printData(names)
	}
	for _, name := range names {
		inv.say(name)
	}
	return nil
}

// policyName is how servers store a name.
func policyName(text string) string { return strings.TrimSpace(strings.ToLower(text)) }

// policyRead prints the rules as they were written, without blanks around them.
type policyRead struct{}

func (*policyRead) flags(*flagSet) {}

func (*policyRead) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	name := policyName(args[0])
	rules, err := client.Sys().GetPolicyWithContext(inv.ctx, name)
	if err != nil {
		return refused("Error reading policy named %s: %w", name, err)
	}
	if rules == "" {
		return refused("No policy named: %s", name)
	}
	if !inv.isTable() {
		return inv.printData(map[string]string{"policy": rules})
	}
	inv.say(strings.TrimSpace(rules))
	return nil
}

// policyWrite leaves it to the server to understand the rules.
type policyWrite struct{}

func (*policyWrite) flags(*flagSet) {}

func (*policyWrite) run(inv *invocation, args []string) error {
	if err := exactly(2, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	name := policyName(args[0])
	reader := inv.stdin
	if path := strings.TrimSpace(args[1]); path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return refused("Error opening policy file: %w", err)
		}
		defer func() { _ = file.Close() }()
		reader = file
	}
	rules, err := io.ReadAll(reader)
	if err != nil {
		return refused("Error reading policy: %w", err)
	}
	if err := client.Sys().PutPolicyWithContext(inv.ctx, name, string(rules)); err != nil {
		return refused("Error uploading policy: %w", err)
	}
	if name != args[0] {
		inv.complain(`Policy name was converted from "` + args[0] + `" to "` + name + `"`)
	}
	inv.say("Success! Uploaded policy: " + name)
	return nil
}

// policyDelete succeeds for what isn't there, as servers do.
type policyDelete struct{}

func (*policyDelete) flags(*flagSet) {}

func (*policyDelete) run(inv *invocation, args []string) error {
	if err := exactly(1, args); err != nil {
		return err
	}
	client, err := inv.client()
	if err != nil {
		return err
	}
	name := policyName(args[0])
	if err := client.Sys().DeletePolicyWithContext(inv.ctx, name); err != nil {
		return refused("Error deleting %s: %w", name, err)
	}
	inv.say("Success! Deleted policy: " + name)
	return nil
}
