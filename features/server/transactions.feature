@contract-9
Feature: Transactions and pages of plugins' storage
  A plugin of OpenBao reads and writes its storage in transactions, and lists it in
  pages. The plugin of these scenarios leaves a transaction open from one request to
  another: tx/NAME begins it, tx/NAME/kv/KEY is in it, kv/KEY is outside of it.
  Source: https://openbao.org/docs/rfcs/transactions/
  Remedy: Serve BeginTx, BeginReadOnlyTx, Commit and Rollback of pb.Storage over one transaction of the storage each, and let the field txn of the other calls choose it.

  Background:
    Given the secret plugin "writer" is registered with:
      | env | PROBE_SERVE=transactions |
    And "writer" is mounted at "t"

  Rule: What a transaction wrote is there as a whole, or not at all

    Background:
      Given the storage of the plugin at "t" has transactions

    @TXN-001 @must @openbao>=2.1 @needs-plugin-directory
    Scenario: What was committed is there
      Given I wrote "old" to "t/kv/gone"
      When I POST "t/tx/a" {}
      Then the answer is 204
      Given I wrote "1" to "t/tx/a/kv/x"
      And I wrote "2" to "t/tx/a/kv/y"
      When I DELETE "t/tx/a/kv/gone"
      And I POST "t/tx/a/commit" {}
      Then the answer is 204
      And "t/kv/x" holds "1"
      And "t/kv/y" holds "2"
      And "t/kv/gone" holds nothing

    @TXN-002 @must @openbao>=2.1 @needs-plugin-directory
    Scenario: What was rolled back is not there
      Given I wrote "old" to "t/kv/x"
      When I POST "t/tx/a" {}
      Then the answer is 204
      Given I wrote "lost" to "t/tx/a/kv/x"
      And I wrote "lost" to "t/tx/a/kv/y"
      When I POST "t/tx/a/rollback" {}
      Then the answer is 204
      And "t/kv/x" holds "old"
      And "t/kv/y" holds nothing

    @TXN-003 @must @openbao>=2.1 @needs-plugin-directory
    Scenario: Before it is committed, only the transaction itself sees what it wrote
      Given I wrote "old" to "t/kv/x"
      When I POST "t/tx/a" {}
      Then the answer is 204
      Given I wrote "new" to "t/tx/a/kv/x"
      And I wrote "new" to "t/tx/a/kv/y"
      Then "t/tx/a/kv/x" holds "new"
      And "t/kv/x" holds "old"
      When I LIST "t/tx/a/kv"
      Then the answer is 200 with:
        | data.keys | ["x","y"] |
      When I LIST "t/kv"
      Then the answer is 200 with:
        | data.keys | ["x"] |
      When I POST "t/tx/a/rollback" {}
      Then the answer is 204

  Rule: A transaction sees the storage as it was when it began

    Background:
      Given the storage of the plugin at "t" has transactions

    @TXN-004 @must @openbao>=2.1 @needs-plugin-directory
    Scenario: One that read what others have written since can't be committed
      Remedy: Compare what a transaction read with what is there when it is committed, and refuse the commit where they differ.
      Given I wrote "old" to "t/kv/x"
      When I POST "t/tx/a" {}
      Then the answer is 204
      And "t/tx/a/kv/x" holds "old"
      Given I wrote "other" to "t/kv/x"
      And I wrote "lost" to "t/tx/a/kv/y"
      When I POST "t/tx/a/commit" {}
      Then the answer is an error
      And "t/kv/x" holds "other"
      And "t/kv/y" holds nothing

    @TXN-005 @must @openbao>=2.1 @needs-plugin-directory
    Scenario: Two that write the same are not both committed
      Remedy: Compare what a transaction writes with what was there when it began.
      Given I wrote "old" to "t/kv/x"
      When I POST "t/tx/a" {}
      And I POST "t/tx/b" {}
      Then the answer is 204
      And "t/tx/a/kv/x" holds "old"
      And "t/tx/b/kv/x" holds "old"
      Given I wrote "a" to "t/tx/a/kv/x"
      And I wrote "b" to "t/tx/b/kv/x"
      When I POST "t/tx/a/commit" {}
      Then the answer is 204
      When I POST "t/tx/b/commit" {}
      Then the answer is an error
      And "t/kv/x" holds "a"

    @TXN-006 @must @openbao>=2.1 @needs-plugin-directory
    Scenario: A transaction that only reads refuses writes
      Given I wrote "old" to "t/kv/x"
      When I POST "t/tx/a" {"read_only": true}
      Then the answer is 204
      And "t/tx/a/kv/x" holds "old"
      When I POST "t/tx/a/kv/x" {"value": "lost"}
      Then the answer is an error
      When I POST "t/tx/a/rollback" {}
      Then the answer is 204
      And "t/kv/x" holds "old"

  Rule: A transaction ends with its plugin

    Background:
      Given the storage of the plugin at "t" has transactions

    @TXN-007 @must @openbao>=2.1 @needs-plugin-directory
    Scenario: What a plugin had not committed when it crashed is not there
      Given I wrote "old" to "t/kv/x"
      When I POST "t/tx/a" {}
      Then the answer is 204
      Given I wrote "lost" to "t/tx/a/kv/x"
      When I POST "t/crash" {}
      Then soon "t/kv/x" holds "old"
      When I POST "t/tx/a" {}
      Then the answer is 204
      Given I wrote "new" to "t/tx/a/kv/x"
      When I POST "t/tx/a/commit" {}
      Then the answer is 204
      And "t/kv/x" holds "new"

  Rule: Lists come in pages

    @TXN-010 @must @openbao>=2.0 @needs-plugin-directory
    Scenario: A page begins behind a name and has no more than its limit
      Remedy: Sort the names, begin behind after, whether that name is there or not, and end with the limit; 0 is no limit.
      Given I wrote "1" to "t/kv/a"
      And I wrote "2" to "t/kv/c"
      And I wrote "3" to "t/kv/d"
      And I wrote "4" to "t/kv/e"
      When I LIST "t/kv?after=b&limit=2"
      Then the answer is 200 with:
        | data.keys | ["c","d"] |
      When I LIST "t/kv?after=d"
      Then the answer is 200 with:
        | data.keys | ["e"] |
      When I LIST "t/kv?limit=1"
      Then the answer is 200 with:
        | data.keys | ["a"] |
