Feature: What my engine stores
  An author's own feature for the passthrough engine: no Go, no identifiers, no
  levels. 'plugproof steps' lists the sentences.

  Background:
    Given a mount of its own "p"

  Scenario: A value is read back
    When I POST "{at}p/a/b" {"value": "1"}
    And I GET "{at}p/a/b"
    Then the answer is 200 with:
      | data.value | 1 |

  Scenario Outline: What is not there is 404, for <path>
    When I GET "{at}p/<path>"
    Then the answer is 404 without an error

    Examples:
      | path |
      | x    |
      | x/y  |
