Feature: What my engine gives for a time
  An author's own feature for the probe, with leases, logins, time and the log.

  Scenario: A revoked lease is gone
    Given a mount of its own "p"
    When I GET "{at}p/lease"
    Then the answer has the field "lease_duration" of type number
    When I keep "lease_id" as "account"
    Then the lease "account" is valid
    When the lease "account" is revoked
    Then the lease "account" is gone
    When I GET "{at}p/revoked"
    Then the answer is 200 with:
      | data.revoked | true |

  @needs-clock
  Scenario: A lease expires
    Given a mount of its own "p" whose time can be moved
    When I GET "{at}p/lease"
    And I keep "lease_id" as "account"
    And the clock moves on by 30s
    Then the lease "account" is valid
    When the lease "account" expires
    Then the lease "account" is gone

  @needs-plugin-logs
  Scenario: The log says what the plugin does
    Given the plugin is mounted
    When I GET "{mount}/?help=1"
    Then the plugin's log has "TLS"
    And the plugin's log has no "s3cr3t"
