"""Which question a call raises, and that nothing else of an event gets into a call of ours."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.core.alerts import Question
from handlers.core.questions import OPERATIONS, find_question
from handlers.core.record import parse_event
from handlers.core.resources import find_resource
from tests.service_models import find_operation
from tests.support.records import ACCOUNT, CERTIFICATE, REGION, make_event

ARN = f"arn:aws:iot:{REGION}:{ACCOUNT}:cert/{CERTIFICATE}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/fleet-admin"


def ask(operation: str, parameters: Any, answer: Any = None, **record: Any) -> Question | None:
    """The question that a call raises."""
    changes = {"requestParameters": parameters, "responseElements": answer, **record}
    found = parse_event(make_event(operation, **changes))
    return find_question(found, find_resource(found) or {})


@pytest.mark.parametrize(
    ("operation", "parameters", "answer", "question"),
    [
        (
            "CreatePolicyVersion",
            {"policyName": "p", "setAsDefault": True},
            {"policyVersionId": "4"},
            Question("policy", "p", "4"),
        ),
        (
            "SetDefaultPolicyVersion",
            {"policyName": "p", "policyVersionId": "2"},
            None,
            Question("policy", "p", "2"),
        ),
        (
            "CreateProvisioningTemplateVersion",
            {"templateName": "fleet"},
            {"templateName": "fleet", "versionId": 3},
            Question("template", "fleet", "3"),
        ),
        (
            "UpdateProvisioningTemplate",
            {"templateName": "fleet", "defaultVersionId": 2},
            None,
            Question("template", "fleet", "2"),
        ),
        ("UpdateCertificate", {"certificateId": CERTIFICATE}, None, Question("certificate", ARN)),
        ("AttachPolicy", {"policyName": "p", "target": ARN}, None, Question("certificate", ARN)),
        ("AttachThingPrincipal", {"thingName": "t", "principal": ARN}, None, Question("certificate", ARN)),
    ],
)
def test_a_version_and_a_certificate_raise_a_question(
    operation: str, parameters: Any, answer: Any, question: Question
) -> None:
    assert question == ask(operation, parameters, answer)


@pytest.mark.parametrize(
    ("operation", "parameters", "record"),
    [
        pytest.param("CreatePolicyVersion", {"policyName": "p"}, {}, id="AWS answered no version"),
        pytest.param(
            "UpdateProvisioningTemplate",
            {"templateName": "fleet", "enabled": True},
            {},
            id="no version is chosen",
        ),
        pytest.param("UpdateCertificate", {"certificateId": CERTIFICATE}, {"errorCode": "X"}, id="it failed"),
        pytest.param("DescribeCertificate", {"certificateId": CERTIFICATE}, {}, id="it only reads"),
        pytest.param("DeleteCertificate", {"certificateId": CERTIFICATE}, {}, id="it is gone"),
        pytest.param("UpdateCACertificate", {"certificateId": CERTIFICATE}, {}, id="it is a CA's"),
        pytest.param("AttachPolicy", {"policyName": "p", "target": ARN[:-1]}, {}, id="it is no certificate"),
        pytest.param(
            "UpdateCertificate",
            {"certificateId": CERTIFICATE},
            {"eventSource": "iotwireless.amazonaws.com"},
            id="another service",
        ),
    ],
)
def test_other_calls_raise_none(operation: str, parameters: Any, record: Any) -> None:
    assert None is ask(operation, parameters, **record)


def test_nothing_is_on_a_certificate_yet_that_the_call_made() -> None:
    answer = {"certificateId": CERTIFICATE, "certificateArn": ARN}
    assert None is ask("CreateKeysAndCertificate", {"setAsActive": True}, answer)


HOSTILE = st.sampled_from(["../p", "p\r\nx-amz: 1", "p?x=1", "p/version/9", "п", ""]) | st.text(max_size=200)


@given(name=HOSTILE, version=HOSTILE)
def test_a_name_that_aws_would_not_take_is_not_asked_about(name: str, version: str) -> None:
    asked = [
        ask("SetDefaultPolicyVersion", {"policyName": name, "policyVersionId": version}),
        ask("UpdateProvisioningTemplate", {"templateName": name, "defaultVersionId": version}),
        ask("UpdateCertificate", {"certificateId": name}),
        ask("AttachPolicy", {"policyName": "p", "target": name}),
    ]
    for question in filter(None, asked):
        assert question.name.isascii()
        assert set("/?#%&\r\n ") & set(question.name.removeprefix("arn:").partition("cert/")[2]) == set()
        assert "" == (question.version or "0").strip("0123456789")


def test_every_operation_that_it_calls_is_one_of_aws_iots_that_only_reads() -> None:
    assert [] == [each for each in OPERATIONS if not find_operation(each)]
    assert [] == [each for each in OPERATIONS if not each.startswith(("iot:List", "iot:Get", "iot:Describe"))]
