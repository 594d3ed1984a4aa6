// SPDX-License-Identifier: MPL-2.0

package profile

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/steps"
	"github.com/plugproof/plugproof/suites/internal/yamlfile"
)

// database is the key of that name as YAML has it.
type database struct {
	Connection           map[string]any `yaml:"connection"`
	CreationStatements   []string       `yaml:"creation_statements,omitempty"`
	RevocationStatements []string       `yaml:"revocation_statements,omitempty"`
	RenewStatements      []string       `yaml:"renew_statements,omitempty"`
	RollbackStatements   []string       `yaml:"rollback_statements,omitempty"`
	RotationStatements   []string       `yaml:"rotation_statements,omitempty"`
	Login                *bool          `yaml:"login,omitempty"`
	KeySetting           string         `yaml:"key_setting,omitempty"`
}

// readDatabase reads what a database plugin needs.
func readDatabase(node *yaml.Node) (steps.DatabaseProfile, error) {
	var in database
	if node.IsZero() {
		return steps.DatabaseProfile{}, nil
	}
	if node.Kind != yaml.MappingNode {
		return steps.DatabaseProfile{}, errors.New("it is a mapping with the keys connection, creation_statements, …")
	}
	err := yamlfile.Fields(node, "connection", "creation_statements", "revocation_statements", "renew_statements", "rollback_statements", "rotation_statements", "login", "key_setting")
	if err == nil {
		err = yamlfile.Into(node, &in)
	}
	if err == nil && len(in.Connection) == 0 {
		err = errors.New("connection has the settings with which the plugin connects, such as connection_url")
	}
	return steps.DatabaseProfile{
		Connection: in.Connection, CreationStatements: in.CreationStatements, RevocationStatements: in.RevocationStatements,
		RenewStatements: in.RenewStatements, RollbackStatements: in.RollbackStatements, RotationStatements: in.RotationStatements,
		NoLogin: in.Login != nil && !*in.Login, KeySetting: in.KeySetting,
	}, err
}

// draftDatabase returns a profile of a database plugin for its author to correct. The
// plugin documents nothing of its settings, so they are those that most have.
func draftDatabase() steps.Profile {
	return steps.Profile{Type: "database", Database: steps.DatabaseProfile{
		Connection:         map[string]any{"connection_url": "example://{{username}}:{{password}}@127.0.0.1:1234/", "username": "example", "password": "example-password"},
		CreationStatements: []string{"CREATE USER {{name}} PASSWORD '{{password}}'"},
	}}
}

// databaseOf returns a profile's part as it is written.
func databaseOf(p steps.DatabaseProfile) *database {
	d := &database{
		Connection: p.Connection, CreationStatements: p.CreationStatements, RevocationStatements: p.RevocationStatements,
		RenewStatements: p.RenewStatements, RollbackStatements: p.RollbackStatements, RotationStatements: p.RotationStatements, KeySetting: p.KeySetting,
	}
	if p.NoLogin {
		d.Login = new(bool)
	}
	return d
}
