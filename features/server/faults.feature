Feature: Faults
  What a server does while its storage fails, it is sealed or over a limit, and while
  a plugin is killed or its binary is exchanged; and that it serves again afterwards,
  with everything that it acknowledged.
  Source: https://developer.hashicorp.com/vault/docs/internals/architecture
  Remedy: Answer with an error whatever could not be done, leave the state as it was, and keep nothing that says otherwise in memory.

  @contract-8 @needs-faults @own-server @needs-own-server
  Rule: What can't be stored is not acknowledged

    @FLT-001 @must
    Scenario: A write is refused while the storage is read-only, and data stays
      Given "kv" is mounted at "a"
      And I wrote "kept" to "a/x"
      When the storage is read-only
      And I POST "a/x" {"value": "lost"}
      Then the answer is 500
      And "a/x" holds "kept"
      When the storage works again
      Then "a/x" holds "kept"
      Given I wrote "new" to "a/x"
      Then "a/x" holds "new"

    @FLT-002 @must
    Scenario: A mount that can't be stored is refused and leaves nothing behind
      When the storage is full
      And I POST "sys/mounts/full" {"type": "kv"}
      Then the answer is an error
      When the storage works again
      And I GET "full/x"
      Then the answer is 404
      Given "kv" is mounted at "full"
      And I wrote "kept" to "full/x"
      Then "full/x" holds "kept"

    @FLT-003 @must
    Scenario: A mount that can't be removed stays, with its data
      Given "kv" is mounted at "a"
      And I wrote "kept" to "a/x"
      When the storage is read-only
      And I DELETE "sys/mounts/a"
      Then the answer is an error
      When the storage works again
      Then "a/x" holds "kept"
      When I GET "sys/mounts/a"
      Then the answer is 200

    @FLT-004 @must @needs-plugin-directory
    Scenario: A registration that can't be stored is refused, and can be repeated
      Given the plugin directory holds "probe"
      When the storage is full
      And I PUT "sys/plugins/catalog/secret/full" {"command": "probe", "sha256": "{sha256 of probe}"}
      Then the answer is an error
      When the storage works again
      And I GET "sys/plugins/catalog/secret/full"
      Then the answer is 404
      When I PUT "sys/plugins/catalog/secret/full" {"command": "probe", "sha256": "{sha256 of probe}"}
      Then the answer is 204

    @FLT-005 @must
    Scenario: What can't be read is an error, not missing
      Given "kv" is mounted at "a"
      And I wrote "kept" to "a/x"
      When the storage fails
      And I GET "a/x"
      Then the answer is 500
      When the storage works again
      Then "a/x" holds "kept"

  @contract-8 @needs-plugin-directory
  Rule: What happens to a plugin while it runs ends with it
    Source: https://developer.hashicorp.com/vault/docs/plugins/plugin-architecture

    @FLT-010 @must @needs-process-control
    Scenario: A request during which the plugin is killed is answered
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the plugin at "p" runs as "first"
      And the process "first" is killed while a request to "p" runs
      Then soon "p/kv/x" holds "kept"

    @FLT-011 @must @needs-plugin-files @own-server @needs-own-server
    Scenario: A running plugin whose binary is replaced or removed serves on, and its reload is refused
      Remedy: Compare the binary with its registered checksum at each start, and start the plugin again when both agree.
      Given the plugin directory holds "probe" as "changing"
      When I PUT "sys/plugins/catalog/secret/changing" {"command": "changing", "sha256": "{sha256 of changing}"}
      Then the answer is 204
      Given "changing" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      And the binary "changing" is changed
      Then "p/kv/x" holds "kept"
      When I PUT "sys/plugins/reload/backend" {"mounts": ["p/"]}
      Then the answer is an error
      Given the binary "changing" is removed
      When I PUT "sys/plugins/reload/backend" {"mounts": ["p/"]}
      Then the answer is an error
      Given the binary "changing" is restored
      When I PUT "sys/plugins/reload/backend" {"mounts": ["p/"]}
      Then the answer is 200
      And "p/kv/x" holds "kept"

    @FLT-012 @must @needs-faults @own-server @needs-own-server
    Scenario: Requests during a reload with a slow start wait for the plugin
      Remedy: Hold requests back until the plugin that was reloaded serves, or have the one before serve them.
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the plugin at "p" runs as "first"
      And plugins start slowly
      Then 5 clients see that "p/kv/x" holds "kept" while "p" is reloaded
      When plugins start as fast as before
      Then the plugin at "p" runs as another process than "first"

  @contract-8
  Rule: A connection that is reset takes nothing with it
    Source: https://www.rfc-editor.org/rfc/rfc9112#section-8
    Remedy: Handle a request when all of it was received, and end what it started when its client is gone.

    @FLT-013 @must @own-server @needs-own-server
    Scenario: A write whose connection is reset before its end does nothing
      Given "kv" is mounted at "a"
      And I wrote "kept" to "a/x"
      When the connection is reset before the end of a write to "a/x" of {"value": "lost"}
      Then "a/x" holds "kept"
      Given I wrote "new" to "a/x"
      Then "a/x" holds "new"

    @FLT-014 @must @own-server @needs-own-server @needs-plugin-directory
    Scenario: A plugin serves on after the connection of a request to it was reset
      Given the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the plugin at "p" runs as "first"
      And the connection of a request to "p" is reset while it runs
      Then "p/kv/x" holds "kept"
      And the plugin at "p" still runs as "first"

  @contract-8 @needs-sealing @needs-restart
  Rule: A sealed server serves nothing, and everything when it is unsealed
    Source: https://developer.hashicorp.com/vault/docs/concepts/seal
    Remedy: Refuse requests with 503 while the server is sealed, end its plugins, and mount everything when it is unsealed.

    @FLT-020 @must
    Scenario: A sealed server refuses requests with 503 and says that it is sealed
      Given the server keeps its state
      And "kv" is mounted at "a"
      And I wrote "kept" to "a/x"
      When the server is sealed
      And I GET "a/x"
      Then the answer is 503
      When nobody GETs "sys/seal-status"
      Then the answer is 200 with:
        | sealed | true |
      When the server is unsealed
      Then "a/x" holds "kept"

    @FLT-021 @must @needs-plugin-directory @needs-process-control
    Scenario: Plugin processes end when the server is sealed, and start when it is unsealed
      Given the server keeps its state
      And the secret plugin "probe" is registered
      And "probe" is mounted at "p"
      And I wrote "kept" to "p/kv/x"
      When the plugin at "p" runs as "first"
      And the server is sealed
      Then the process "first" has ended
      When the server is unsealed
      Then "p/kv/x" holds "kept"

  @contract-8 @needs-faults @own-server @needs-own-server
  Rule: A request over a limit is refused, and the server serves on
    Source: https://developer.hashicorp.com/vault/docs/concepts/resource-quotas

    @FLT-030 @must
    Scenario: A request over the rate limit is answered with 429 and does nothing
      Given "kv" is mounted at "a"
      And I wrote "kept" to "a/x"
      When requests are over the limit
      And I POST "a/x" {"value": "lost"}
      Then the answer is 429
      When nobody GETs "sys/health"
      Then the answer is 200
      When requests are within the limit again
      Then "a/x" holds "kept"

  @contract-8 @own-server @needs-own-server
  Rule: A rate limit is for what it names
    Source: https://openbao.org/api-docs/system/rate-limit-quotas/
    Remedy: Find the mount of a request before its limit, and count the requests of each client to that mount.

    @FLT-031 @must
    Scenario: A rate limit of a mount is for that mount alone
      Given "kv" is mounted at "a"
      And "kv" is mounted at "b"
      And I wrote "kept" to "a/x"
      And I wrote "kept" to "b/x"
      When I POST "sys/quotas/rate-limit/few" {"path": "a", "rate": 2, "interval": "1h"}
      Then the answer is 204
      And "a/x" holds "kept"
      And "a/x" holds "kept"
      When I POST "a/x" {"value": "lost"}
      Then the answer is 429
      And "b/x" holds "kept"
      When I DELETE "sys/quotas/rate-limit/few"
      Then the answer is 204
      And "a/x" holds "kept"

    @FLT-032 @must
    Scenario: A rate limit goes with its mount
      Remedy: Delete the limits of a mount that is removed: they would be those of the next one at its path.
      Given "kv" is mounted at "a"
      When I POST "sys/quotas/rate-limit/few" {"path": "a", "rate": 2, "interval": "1h"}
      Then the answer is 204
      When I GET "sys/quotas/rate-limit/few"
      Then the answer is 200 with:
        | data.path | a/ |
      When I DELETE "sys/mounts/a"
      Then the answer is 204
      When I GET "sys/quotas/rate-limit/few"
      Then the answer is 404

    @FLT-033 @must @needs-plugin-directory
    Scenario: A rate limit of a role is for the logins that the auth method says have it
      Remedy: Ask the auth method with resolve-role for the role of each login at a mount that has limits of roles, before the login.
      Given the auth plugin "jwt" is registered with:
        | binary | jwt |
      And "jwt" is enabled as an auth method at "j"
      When I POST "auth/j/config" {"jwt_validation_pubkeys": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9lo81+QqTsFjRMbFirC6VcAonn9T\nUqzUDaZM7M7Ydv+6n2s7zaY9C1+Ndn3upFk31ROb2zPEZLfbXCYOJbeWUA==\n-----END PUBLIC KEY-----\n"}
      And I POST "auth/j/role/few" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "a"}
      And I POST "auth/j/role/many" {"role_type": "jwt", "user_claim": "sub", "bound_audiences": "a"}
      And I POST "sys/quotas/rate-limit/few" {"path": "auth/j", "role": "few", "rate": 1, "interval": "1h"}
      Then the answer is 204
      When nobody POSTs "auth/j/login" {"role": "few", "jwt": "x"}
      Then the answer is 400
      When nobody POSTs "auth/j/login" {"role": "few", "jwt": "x"}
      Then the answer is 429
      When nobody POSTs "auth/j/login" {"role": "many", "jwt": "x"}
      Then the answer is 400
