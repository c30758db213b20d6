"""EventBridge event patterns: the one language in which every judgement is written.

A pattern is matched against a record plus its facts, with AWS's semantics
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html). Where
that page is silent, Event Ruler decides, the matcher that AWS publishes and EventBridge runs
(https://github.com/aws/event-ruler):

- Keys are AND-ed, the values of one key are OR-ed, a key that the pattern does not name is ignored.
- A dotted key is a path: `{"a.b": …}` and `{"a": {"b": …}}` mean the same, in patterns and in events.
- An array in the event matches when one of its elements does; two keys below one array must find
  their values in the same element.
- `exists` is asked of leaves: null exists, an object and an empty array do not.
- Numbers are equal by value (300 is 300.0), true is not 1, a text never equals a number. `numeric`
  holds for numbers from -5e9 to 5e9 with up to six decimals, and for no others.
- A text that is an IP address equals every spelling of that address.
- `$or` makes one alternative of each of its objects. A field that stands both in an alternative and
  beside it keeps what was written last.

Stricter than AWS on purpose: a `$or` that is not a list of two or more objects is refused (AWS
reads it as the name of a field, and the rule never fires), and so are an empty list below
`anything-but` (it would refuse nothing) and fields more than 100 keys deep.
"""

from handlers.core.patterns.compiler import Predicate, compile_nodes, compile_pattern
from handlers.core.patterns.error import PatternError
from handlers.core.patterns.tree import (
    Either,
    Field,
    Nodes,
    Path,
    alternatives_of,
    fields_of,
    read_pattern,
)

__all__ = [
    "Either",
    "Field",
    "Nodes",
    "Path",
    "PatternError",
    "Predicate",
    "alternatives_of",
    "compile_nodes",
    "compile_pattern",
    "fields_of",
    "read_pattern",
]
