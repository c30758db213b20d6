"""Policy documents for tests: the cases with the risks that each must have, and any others."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

CASES: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).parent / "policies.yaml")
ACCOUNT = "arn:aws:iot:eu-west-1:111122223333:"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Version", "Statement", "Effect", "Action", "NotAction", "Resource", "Condition", "x"]
            ),
            inner | st.sampled_from(["Allow", "Deny", "iot:*", "*", "${", "}", "${iot:ClientId}", "+"]),
            max_size=5,
        )
    ),
    max_leaves=24,
)
STATEMENTS = st.builds(
    lambda effect, actions, resources, condition: {
        "Effect": effect,
        "Action": actions,
        "Resource": resources,
        **condition,
    },
    st.sampled_from(["Allow", "Deny"]),
    st.lists(
        st.sampled_from(
            ["*", "iot:*", "iot:Connect", "iot:Publish", "iot:Subscribe", "iot:Receive", "iot:Get*"]
        ),
        min_size=1,
        max_size=2,
    ),
    st.lists(
        st.sampled_from(
            [
                "*",
                f"{ACCOUNT}client/*",
                f"{ACCOUNT}client/${{iot:ClientId}}",
                f"{ACCOUNT}topic/a/*",
                f"{ACCOUNT}topic/a/b",
                f"{ACCOUNT}topicfilter/a/*",
                f"{ACCOUNT}topicfilter/a/b/*",
                f"{ACCOUNT}topicfilter/a/+",
                f"{ACCOUNT}thing/*",
            ]
        ),
        min_size=1,
        max_size=2,
    ),
    st.sampled_from([{}, {"Condition": {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}}]),
)
DOCUMENTS = st.builds(
    lambda statements: {"Version": "2012-10-17", "Statement": statements}, st.lists(STATEMENTS, max_size=3)
)
