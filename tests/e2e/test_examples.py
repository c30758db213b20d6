"""The examples that route, lower, suppress and watch reads, deployed one after the other."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from handlers.core.names import shorten
from local.aws import ACCOUNT, REGION, EmbeddedAws
from local.cdk_cli import delivery_queues, deploy
from local.inbox import Inbox
from local.slack import LocalSlack
from local.waiting import wait_until
from tests.e2e.conftest import PATIENCE, WIDE_OPEN, depth_of, logged, make_user
from tests.support.records import make_event

if TYPE_CHECKING:
    from mypy_boto3_iot import IoTClient

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
}


@dataclass
class Company:
    """An account into which one example after the other is deployed; each Slack destination is a channel."""

    aws: EmbeddedAws
    slack: LocalSlack
    folder: Path
    inboxes: dict[str, Inbox] = field(default_factory=dict)

    def deploy(self, example: str, *, topics: Mapping[str, str]) -> None:
        """Deploy an example as it stands, but for the account, and a Slack that is here. `topics` are those
        that are there before.
        """
        text = (EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8").replace("111122223333", ACCOUNT)
        for arn in topics.values():
            text = text.replace(f"arn:aws:sns:eu-west-1:{ACCOUNT}:{arn.rpartition(':')[2]}", arn)
        folder = self.folder / example
        folder.mkdir()
        config = folder / "alerts.yaml"
        config.write_text(f"{text}\nslack_test_host: 127.0.0.1\n", encoding="utf-8")
        outputs = deploy(self.aws, config=config, folder=folder)
        for output, value in outputs.items():
            if output.startswith("TopicArn"):
                self.listen(output.removeprefix("TopicArn"), value)
        for name, arn in topics.items():
            self.listen(name, arn)
        self.queue_urls = delivery_queues(outputs)

    def listen(self, name: str, topic_arn: str) -> None:
        self.inboxes[name] = Inbox(self.aws, topic_arn, f"inbox-{name}")

    def channel(self, name: str) -> str:
        """The webhook of a channel; what arrives there is told by its path."""
        return f"{self.slack.webhook_url}/{name}"

    def as_role(self, path: str, name: str) -> "IoTClient":
        iam = self.aws.client("iam")
        role = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(ANYONE))["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="fleet", PolicyDocument=WIDE_OPEN)
        session = self.aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="run-7")
        keys = session["Credentials"]
        client: IoTClient = self.aws.client_of(
            "iot", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
        )
        return client

    def heard(self, subject: str, about: str = "") -> dict[str, str]:
        """The destinations that heard of a resource, and how bad it was."""
        found = {
            message.path.rpartition("/")[2]: told.severity
            for message in self.slack.messages
            for told in message.told
            if shorten(subject) in told.headline and about in told.name
        }
        for name, inbox in self.inboxes.items():
            for alert in inbox.poll():
                if subject == alert["subject"] and about in alert["operation"]:
                    found[name] = alert["severity"]
        return found

    def settle(self) -> None:
        """Wait until no delivery waits."""
        wait_until(lambda: sum(depth_of(self.aws, url) for url in self.queue_urls) == 0, PATIENCE)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("examples")
    with ExitStack() as stack:
        slack = stack.enter_context(LocalSlack())
        aws = stack.enter_context(EmbeddedAws(folder, async_retry_seconds=0.5))
        company = Company(aws, slack, folder)
        for name in ("pki", "fleet", "secops", "compliance"):
            aws.client("ssm").put_parameter(
                Name=f"/thingwatch/slack/{name}", Value=company.channel(name), Type="SecureString"
            )
        secret = company.channel("on-call")
        aws.client("secretsmanager").create_secret(Name="thingwatch/on-call", SecretString=secret)
        yield company


def test_a_large_organisation_hears_by_team_in_its_own_words(company: Company) -> None:
    archive = company.aws.client("sns").create_topic(Name="security-archive")["TopicArn"]
    company.deploy("large-organisation", topics={"archive": archive})
    person = make_user(company.aws, "alice")
    certificate = str(person.create_keys_and_certificate(setAsActive=True)["certificateId"])
    everyone = {"archive": "high", "on-call": "high", "pki": "high"}
    wait_until(lambda: company.heard(certificate) == everyone, PATIENCE)
    (told,) = [each for each in company.slack.messages if each.path.endswith("/on-call")]
    assert f"🟠 Active certificate {certificate[:8]}… and key created, by alice" == told.text
    assert f"Where account prod-eu ({ACCOUNT}), Virginia ({REGION})" in told.readable()

    # The embedded AWS has no role aliases, so that CloudTrail's record of the call is put on the bus.
    pipeline = f"arn:aws:iam::{ACCOUNT}:role/ci/terraform-7"
    for caller, name in ((pipeline, "by-pipeline"), (f"arn:aws:iam::{ACCOUNT}:user/bob", "by-hand")):
        event = make_event(
            "UpdateRoleAlias",
            eventID=name,
            awsRegion=REGION,
            recipientAccountId=ACCOUNT,
            userIdentity={"type": "IAMUser", "accountId": ACCOUNT, "arn": caller},
            requestParameters={"roleAlias": name},
        )
        company.aws.put_record(event["detail"])
    wait_until(lambda: company.heard("by-pipeline") == {"archive": "low"}, PATIENCE)
    wait_until(lambda: company.heard("by-hand") == {"archive": "medium"}, PATIENCE)
    (lowered,) = [each for each in company.inboxes["archive"].alerts if each["severity"] == "low"]
    routine = (
        "it is routine work of terraform, so it is lowered: infrastructure as code applies what was reviewed"
    )
    assert routine == lowered["reasons"][-1]
    company.settle()
    assert everyone == company.heard(certificate)


def test_a_factory_line_is_quiet_and_everybody_else_is_loud(company: Company) -> None:
    company.deploy("noisy-provisioning", topics={})
    line, trial = company.as_role("/factory/", "line-3"), company.as_role("/factory/", "trial-line")
    stranger = make_user(company.aws, "mallory")
    by_line = str(line.create_keys_and_certificate(setAsActive=True)["certificateId"])
    by_trial = str(trial.create_keys_and_certificate(setAsActive=True)["certificateId"])
    by_stranger = str(stranger.create_keys_and_certificate(setAsActive=True)["certificateId"])
    line.create_policy(policyName="from-the-line", policyDocument=WIDE_OPEN)
    wait_until(lambda: company.heard(by_line) == {"record": "low"}, PATIENCE)
    wait_until(lambda: company.heard(by_stranger) == {"record": "high", "secops": "high"}, PATIENCE)
    loud = {"record": "critical", "secops": "critical"}
    wait_until(lambda: company.heard("from-the-line") == loud, PATIENCE)
    wait_until(lambda: logged(company.aws, '"suppressed_by": ["line-three-trial"]'), PATIENCE)
    company.settle()
    assert ({}, {"record": "low"}) == (company.heard(by_trial), company.heard(by_line))


def test_an_archive_hears_of_reads_and_people_of_those_that_were_denied(company: Company) -> None:
    company.deploy("compliance-archive", topics={})
    auditor = make_user(company.aws, "auditor")
    auditor.create_thing(thingName="lamp-9")
    auditor.list_things()
    wait_until(lambda: company.heard("lamp-9") == {"archive": "informational"}, PATIENCE)

    def reads() -> list[Mapping[str, Any]]:
        return [each for each in company.inboxes["archive"].poll() if each["operation"] == "iot:ListThings"]

    (read,) = wait_until(reads, PATIENCE)
    assert ("informational", "read-operation") == (read["severity"], read["rule"])
    company.settle()
    assert [] == [each for each in company.slack.messages if "ListThings" in each.readable()]
