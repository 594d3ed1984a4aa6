Feature: Database plugins
  Plugins of type database are run by the server's own engine, which asks them for
  users of a database.
  Source: https://developer.hashicorp.com/vault/docs/secrets/databases/custom
  Remedy: Read what the engine answers to a configuration, and the server's log.

  @contract-7
  Rule: A database plugin is registered as one, and mounted through the engine

    @DBS-001 @must @needs-plugin-directory
    Scenario: A database plugin is listed under its type
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      When I LIST "sys/plugins/catalog/database"
      Then the answer is 200 with:
        | data.keys | contains my-users |
      When I GET "sys/plugins/catalog/database/my-users"
      Then the answer is 200 with:
        | data.builtin | false             |
        | data.command | memdb             |
        | data.sha256  | {sha256 of memdb} |
      When I GET "sys/plugins/catalog/secret/my-users"
      Then the answer is 404

    @DBS-002 @must @needs-plugin-directory
    Scenario: A database plugin can't be mounted itself
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      When I POST "sys/mounts/m" {"type": "my-users"}
      Then the answer is 400

    @DBS-003 @must @needs-plugin-directory
    Scenario: The engine runs a database plugin
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      And "database" is mounted at "sql"
      When I POST "sql/config/main" {"plugin_name": "my-users", "connection_url": "memdb://memory/main", "username": "root", "password": "planted", "allowed_roles": "app"}
      Then the answer is 204
      When I GET "sql/config/main"
      Then the answer is 200 with:
        | data.plugin_name                       | my-users             |
        | data.allowed_roles                     | ["app"]             |
        | data.connection_details.connection_url | memdb://memory/main |
        | data.connection_details.password       | (missing)           |
      When I POST "sql/roles/app" {"db_name": "main", "creation_statements": "CREATE USER", "default_ttl": "10m"}
      Then the answer is 204
      When I GET "sql/creds/app"
      Then the answer is 200 with:
        | data.username  | /v-.+-app-.+/ |
        | data.password  | /.{20}/       |
        | lease_duration | 600           |
        | renewable      | true          |

    @DBS-004 @must @needs-plugin-directory
    Scenario: A configuration that can't be used is refused, and not stored
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      And "database" is mounted at "sql"
      When I POST "sql/config/main" {"plugin_name": "my-users", "connection_url": "other://here"}
      Then the answer is 400
      When I POST "sql/config/main" {"plugin_name": "nobody"}
      Then the answer is 400
      When I GET "sql/config/main"
      Then the answer is 404

    @DBS-005 @must @needs-plugin-directory
    Scenario: A role that is not allowed gets no credentials
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      And "database" is mounted at "sql"
      When I POST "sql/config/main" {"plugin_name": "my-users", "connection_url": "memdb://memory/main", "allowed_roles": "other"}
      Then the answer is 204
      When I POST "sql/roles/app" {"db_name": "main", "creation_statements": "CREATE USER"}
      Then the answer is 204
      When I GET "sql/creds/app"
      Then the answer is 500

  @contract-7
  Rule: Its processes are those of any plugin

    @DBS-010 @must @needs-plugin-directory @needs-process-control @own-server @needs-own-server
    Scenario: Configurations share a process, which ends with the engine
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      And "database" is mounted at "sql"
      When I POST "sql/config/main" {"plugin_name": "my-users", "connection_url": "memdb://memory/main"}
      And I POST "sql/config/other" {"plugin_name": "my-users", "connection_url": "memdb://memory/other"}
      Then the answer is 204
      And 1 process of "memdb" runs
      When I DELETE "sys/mounts/sql"
      Then the answer is 204
      And 0 processes of "memdb" run

    @DBS-011 @must @needs-plugin-directory @needs-process-control @own-server @needs-own-server
    Scenario: A reset starts what the catalog says then
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      And "database" is mounted at "sql"
      When I POST "sql/config/main" {"plugin_name": "my-users", "connection_url": "memdb://memory/main"}
      Then the answer is 204
      When the process of "memdb" is kept as "old"
      And the database plugin "my-users" is registered with:
        | binary | memdb     |
        | env    | REGION=eu |
      And I POST "sql/reset/main" {}
      Then the answer is 204
      And the process "old" has ended
      And 1 process of "memdb" runs

    @DBS-012 @must @needs-plugin-directory @vault>=1.16
    Scenario: All connections of a plugin are made anew
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      And "database" is mounted at "sql"
      When I POST "sql/config/main" {"plugin_name": "my-users", "connection_url": "memdb://memory/main"}
      And I POST "sql/config/other" {"plugin_name": "my-users", "connection_url": "memdb://memory/other"}
      And I POST "sql/reload/my-users" {}
      Then the answer is 200 with:
        | data.count | 2 |

    @DBS-013 @must @needs-plugin-directory @openbao>=2.6
    Scenario: The reload of plugins says that it is not for databases
      Given the database plugin "my-users" is registered with:
        | binary | memdb |
      When I POST "sys/plugins/reload/backend" {"plugin": "my-users"}
      Then the answer is 400
