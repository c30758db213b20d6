"""What is deployed: the promises of the stack that no running system can show."""

import json
import subprocess
from pathlib import Path
from typing import Any

import aws_cdk
import pytest
from aws_cdk.assertions import Annotations, Match

from app import build_app
from handlers.core.patterns import compile_pattern
from rulebook.services import SERVICES
from tests.infrastructure.conftest import synthesize
from tests.support.records import make_event
from tests.support.templates import as_list, function, functions, resources, statements


def topics_of_destinations(template: dict[str, Any]) -> list[Any]:
    """The topics but that of the operators."""
    topics = resources(template, "AWS::SNS::Topic")
    return [topic for name, topic in topics.items() if name.startswith("Topic")]


def test_the_rule_catches_what_cloudtrail_records_of_iot_and_nothing_else(template: dict[str, Any]) -> None:
    (rule,) = resources(template, "AWS::Events::Rule").values()
    matches = compile_pattern(rule["EventPattern"])
    ours = make_event("AnOperationOfTomorrow")
    assert matches(ours)
    assert matches({**ours, "detail-type": "Amazon API Call via CloudTrail"})
    assert not matches({**ours, "source": "aws.iam"})
    assert not matches({**ours, "detail-type": "AWS Console Sign In via CloudTrail"})
    assert not matches(make_event(eventSource="organizations.amazonaws.com"))


def test_the_rule_catches_every_service_that_aws_still_runs(template: dict[str, Any]) -> None:
    (rule,) = resources(template, "AWS::Events::Rule").values()
    matches = compile_pattern(rule["EventPattern"])
    for service in SERVICES.values():
        for source in service.event_sources:
            event = {**make_event(eventSource=source), "source": service.bus_source}
            assert matches(event) == (not service.retired)


def test_the_rules_pattern_fits(template: dict[str, Any]) -> None:
    (rule,) = resources(template, "AWS::Events::Rule").values()
    assert len(json.dumps(rule["EventPattern"])) < 2048
    assert "EventBusName" not in rule
    assert "ENABLED" == rule["State"]


def test_an_event_that_can_not_be_handed_over_and_one_that_detect_fails_on_are_both_kept(
    template: dict[str, Any],
) -> None:
    (rule,) = resources(template, "AWS::Events::Rule").values()
    (target,) = rule["Targets"]
    (invocation,) = resources(template, "AWS::Lambda::EventInvokeConfig").values()
    kept = {
        target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0],
        invocation["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0],
    }
    assert 2 == len(kept & set(resources(template, "AWS::SQS::Queue")))
    assert {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185} == target["RetryPolicy"]
    # Lambda's second retry comes three minutes after the first try.
    assert (2, 21600) == (invocation["MaximumRetryAttempts"], invocation["MaximumEventAgeInSeconds"])


def test_no_role_may_do_everything_or_touch_everything(template: dict[str, Any]) -> None:
    for statement in statements(template):
        assert [] == [action for action in as_list(statement["Action"]) if "*" in action]
        # IAM knows no resource for these two.
        if ["iot:ListPrincipalThings", "iot:ListAttachedPolicies"] != statement["Action"]:
            assert "*" not in as_list(statement["Resource"])


def test_roles_hold_no_policy_but_our_own(template: dict[str, Any]) -> None:
    for role in resources(template, "AWS::IAM::Role").values():
        assert {"AssumeRolePolicyDocument"} == set(role)


@pytest.mark.parametrize(
    ("actions", "count"),
    [
        ({"logs:CreateLogStream", "logs:PutLogEvents"}, 3),
        ({"dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"}, 1),
        ({"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"}, 1),
        ({"dynamodb:PutItem", "dynamodb:DeleteItem"}, 1),
        ({"sns:Publish"}, 1),
        ({"ssm:GetParameter"}, 1),
    ],
)
def test_each_grant_stands_as_often_as_functions_need_it(
    template: dict[str, Any], actions: set[str], count: int
) -> None:
    assert count == len([each for each in statements(template) if set(as_list(each["Action"])) == actions])


def test_the_template_works_in_every_partition(template: dict[str, Any]) -> None:
    assert "arn:aws" not in json.dumps(template)
    assert ".amazonaws.com.cn" not in json.dumps(template)


@pytest.mark.parametrize("module", ["detect", "summarise", "deliver"])
def test_functions_run_on_arm64_and_the_newest_python_and_keep_their_logs_for_three_months(
    template: dict[str, Any], module: str
) -> None:
    ours = function(template, module)
    assert (["arm64"], "python3.14") == (ours["Architectures"], ours["Runtime"])
    group = resources(template, "AWS::Logs::LogGroup")[ours["LoggingConfig"]["LogGroup"]["Ref"]]
    assert 90 == group["RetentionInDays"]


@pytest.mark.parametrize("module", ["detect", "summarise", "deliver"])
def test_lambda_writes_what_functions_log_as_json_with_its_fields(
    template: dict[str, Any], module: str
) -> None:
    assert "JSON" == function(template, module)["LoggingConfig"]["LogFormat"]


def test_everything_at_rest_is_encrypted(template: dict[str, Any]) -> None:
    queues = resources(template, "AWS::SQS::Queue").values()
    assert [True] * 7 == [queue["SqsManagedSseEnabled"] for queue in queues]
    assert [True] == [
        table["SSESpecification"]["SSEEnabled"]
        for table in resources(template, "AWS::DynamoDB::Table").values()
    ]
    # SNS makes the key of this alias where it was never used; an ARN would only name what is not there yet.
    assert ["alias/aws/sns"] == [topic["KmsMasterKeyId"] for topic in topics_of_destinations(template)]


def test_every_queue_keeps_what_it_holds_for_two_weeks(template: dict[str, Any]) -> None:
    queues = resources(template, "AWS::SQS::Queue").values()
    assert [14 * 86400] * 7 == [queue["MessageRetentionPeriod"] for queue in queues]


def test_queues_and_topics_are_reached_over_tls_only(template: dict[str, Any]) -> None:
    policies = [
        *resources(template, "AWS::SQS::QueuePolicy").values(),
        *resources(template, "AWS::SNS::TopicPolicy").values(),
    ]
    refusals = [
        statement
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and {"Bool": {"aws:SecureTransport": "false"}} == statement["Condition"]
    ]
    assert (9, 9) == (len(policies), len(refusals))


def test_claims_and_windows_are_deleted_when_they_lapse(template: dict[str, Any]) -> None:
    (table,) = resources(template, "AWS::DynamoDB::Table").values()
    assert {"AttributeName": "lapses", "Enabled": True} == table["TimeToLiveSpecification"]


def test_the_state_is_found_by_key_and_place_and_never_by_a_stream_or_an_index(
    template: dict[str, Any],
) -> None:
    (table,) = resources(template, "AWS::DynamoDB::Table").values()
    assert [
        {"AttributeName": "key", "KeyType": "HASH"},
        {"AttributeName": "place", "KeyType": "RANGE"},
    ] == table["KeySchema"]
    assert set() == {"StreamSpecification", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"} & set(table)


def test_what_holds_state_keeps_its_name_so_that_an_update_replaces_nothing(template: dict[str, Any]) -> None:
    kept = ("AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::SNS::Topic")
    assert {
        "State1C20CC9A",
        "Topicaudit33746C79",
        "AlarmsOperatorsAD6DFC2B",
        "DeliveryDeadLettersA8B3558F",
        "DeliveryQueuesecopsF12EE821",
        "DeliveryQueueauditC673924D",
        "SummariesDeadLettersCD3777F9",
        "SummariesQueueE321D398",
        "DetectionHandoverFailures1BD5A1F2",
        "DetectionDetectFailures26363FD1",
    } == {name for name, resource in template["Resources"].items() if resource["Type"] in kept}


def test_the_outputs_say_where_everything_is_and_how_to_set_the_webhook(template: dict[str, Any]) -> None:
    assert {
        "TopicArnaudit",
        "OperatorsTopicArn",
        "DeliveryQueueUrlaudit",
        "DeliveryQueueUrlsecops",
        "DeadLetterQueueUrl",
        "GraceSeconds",
        "RulesetDigest",
        "StateTable",
        "SummaryQueueUrl",
        "SummaryDeadLetterQueueUrl",
        "DetectFailureQueueUrl",
        "HandoverFailureQueueUrl",
        "SetWebhooksecops",
        *(
            f"{name}{what}"
            for name in ("Detect", "Summarise", "Deliver")
            for what in ("FunctionName", "RoleArn")
        ),
    } == set(template["Outputs"])
    command = json.dumps(template["Outputs"]["SetWebhooksecops"]["Value"])
    assert "aws ssm put-parameter --type SecureString --name /thingwatch/slack/secops" in command


def test_cfn_lint_finds_nothing(template: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template))
    # Both are CDK's own: it writes DependsOn beside GetAtt, and a parameter that only its Rules read.
    ignored = ("--ignore-checks", "W3005", "W2001")
    regions = ("--regions", "us-east-1", "eu-west-1", "us-gov-west-1", "cn-north-1")
    done = subprocess.run(
        ["cfn-lint", str(path), *regions, *ignored], capture_output=True, text=True, check=False
    )
    assert (0, "") == (done.returncode, done.stdout)


def _differences(before: Any, after: Any, at: str = "") -> list[str]:
    """The paths at which two templates differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            path
            for key in sorted({*before, *after})
            for path in _differences(before.get(key), after.get(key), f"{at}/{key}")
        ]
    return [] if before == after else [at]


DIGEST = "/Outputs/RulesetDigest/Value"
OF_CONFIG_ALONE = """
operations: {iot:DeletePolicy: {severity: high}}
rules: [{name: mine, match: {eventName: [CreatePolicy]}, severity: high, why: because}]
suppressions: [{name: a, match: {eventName: [CreateThing]}, reason: x, until: 2030-01-01}]
known_automation: [{name: b, roles: ["arn:aws:iam::111122223333:role/ci"], reason: x}]
allow_lists: {accounts: ["111122223333"], domains: [example.com]}
aliases: {accounts: {"111122223333": prod}}
"""


def test_a_change_of_config_alone_changes_only_the_functions_code(
    template: dict[str, Any], tmp_path: Path
) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(Path("config/alerts.yaml").read_text() + OF_CONFIG_ALONE)
    after = synthesize(config, tmp_path)
    found = _differences(template, after)
    # And the output that says which config is deployed.
    assert ["Code/S3Key"] * 3 == [path.split("/Properties/")[1] for path in found if path != DIGEST]


def test_a_change_of_what_is_watched_changes_the_rule_too_and_nothing_else(
    template: dict[str, Any], tmp_path: Path
) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(
        Path("config/alerts.yaml").read_text() + "\nwatch: {services: [iot, iotevents], reads: true}\n"
    )
    after = synthesize(config, tmp_path)
    (rule,) = resources(after, "AWS::Events::Rule").values()
    assert "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" == rule["State"]
    assert ["aws.iot", "aws.iotevents"] == rule["EventPattern"]["source"]
    assert [
        "Code/S3Key",
        "Code/S3Key",
        "Code/S3Key",
        "EventPattern/detail/eventSource",
        "EventPattern/source",
        "State",
    ] == sorted(path.split("/Properties/")[1] for path in _differences(template, after) if path != DIGEST)


def test_a_topic_that_is_there_already_is_used_and_not_made(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    arn = "arn:aws:sns:eu-west-1:111122223333:security"
    config.write_text(f"version: 1\ndestinations: {{theirs: {{sns: '{arn}'}}, ours: {{sns: create}}}}\n")
    template = synthesize(config, tmp_path)
    assert 1 == len(topics_of_destinations(template))
    (publish,) = [each for each in statements(template) if each["Action"] == "sns:Publish"]
    assert [arn] == [each for each in publish["Resource"] if isinstance(each, str)]
    assert "TopicArntheirs" not in template["Outputs"]
    # The ruleset has it, so that it takes no place in the small environment.
    topics = json.dumps(function(template, "deliver")["Environment"]["Variables"]["TOPIC_ARNS"])
    assert arn not in topics


EXAMPLES = sorted(Path("config/examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_synthesizes_without_a_finding(example: Path, tmp_path: Path) -> None:
    template = synthesize(example, tmp_path)
    assert 3 == len(functions(template))


def test_a_secret_in_secrets_manager_is_granted_by_its_name_alone(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text("version: 1\ndestinations: {pager: {slack: 'secretsmanager:thingwatch/pager'}}\n")
    template = synthesize(config, tmp_path)
    (statement,) = [each for each in statements(template) if "secretsmanager" in str(each["Action"])]
    assert "secretsmanager:GetSecretValue" == statement["Action"]
    assert json.dumps(statement["Resource"]).count(":secret:thingwatch/pager-??????") == 1


def test_a_warning_of_the_config_is_shown_at_synth(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(
        "version: 1\n"
        "destinations: {audit: {sns: create}, pager: {sns: create}}\n"
        "routes: [{severity: [critical, high, medium, low], to: [audit]}]\n"
    )
    app = build_app(config=config, outdir=tmp_path / "cdk.out")
    stack = app.node.find_child("Thingwatch")
    assert isinstance(stack, aws_cdk.Stack)
    Annotations.from_stack(stack).has_warning(
        "*", Match.string_like_regexp("no route names this destination")
    )


KEYS = """
version: 1
destinations:
  secops: {slack: "ssm:/secops", kms_key: "arn:aws:kms:eu-west-1:111122223333:key/one"}
  pager: {slack: "secretsmanager:pager", kms_key: "arn:aws:kms:eu-west-1:111122223333:key/two"}
  audit: {sns: create, kms_key: "arn:aws:kms:eu-west-1:111122223333:key/three"}
"""


def test_a_key_of_the_operator_is_used_for_what_is_under_it_alone(tmp_path: Path) -> None:
    config = tmp_path / "alerts.yaml"
    config.write_text(KEYS)
    made = synthesize(config, tmp_path)
    statements = [
        statement
        for policy in resources(made, "AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if "kms:Decrypt" in statement["Action"]
    ]
    found = {each["Resource"].rpartition("/")[2]: each["Action"] for each in statements}
    assert {
        "one": "kms:Decrypt",
        "two": "kms:Decrypt",
        "three": ["kms:Decrypt", "kms:GenerateDataKey"],
    } == found
    assert [True] * 3 == [
        service in json.dumps(each["Condition"])
        for each, service in zip(
            sorted(statements, key=lambda each: each["Resource"]),
            ("ssm.eu-west-1", "sns.eu-west-1", "secretsmanager.eu-west-1"),
            strict=True,
        )
    ]
    assert ["arn:aws:kms:eu-west-1:111122223333:key/three"] == [
        topic["KmsMasterKeyId"] for topic in topics_of_destinations(made)
    ]
