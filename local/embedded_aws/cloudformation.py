"""CloudFormation: the resource properties that our stacks use and MiniStack leaves out."""

import json
from typing import Any

from ministack.services import cloudtrail, dynamodb, secretsmanager, sns
from ministack.services.cloudformation import provisioners

from . import pinned

Provisioned = tuple[str, dict[str, Any]]
Properties = dict[str, Any]

_CREATE = "logical_id, props, stack_name"
_UPDATE = "physical_id, old_props, new_props, stack_name"
_UPDATE_NAMED = f"{_UPDATE}, logical_id"
_DELETE = "physical_id, props"
_FAILED = 400


def install() -> None:
    """Mend the resource types."""
    handlers = pinned.attribute(provisioners, "_RESOURCE_HANDLERS")
    _name_secrets_by_arn(handlers["AWS::SecretsManager::Secret"])
    _apply_time_to_live(handlers["AWS::DynamoDB::Table"], _UPDATE_NAMED)
    _apply_time_to_live(handlers["AWS::DynamoDB::GlobalTable"], _UPDATE)
    _keep_topics_to_the_account(handlers["AWS::SNS::Topic"])
    _know_trails(handlers)


def _name_secrets_by_arn(handler: dict[str, Any]) -> None:
    """`Ref` of a secret is its ARN; MiniStack's is its name."""
    pinned.attribute(secretsmanager, "_secrets")
    create, update, delete = _parts(handler, _UPDATE_NAMED)

    def name_of(arn: str) -> str:
        return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)

    def created(logical_id: str, props: Properties, stack_name: str) -> Provisioned:
        _name, attributes = create(logical_id, props, stack_name)
        return attributes["Arn"], attributes

    def updated(
        physical_id: str,
        old_props: Properties,
        new_props: Properties,
        stack_name: str,
        logical_id: str | None = None,
    ) -> Provisioned:
        _name, attributes = update(name_of(physical_id), old_props, new_props, stack_name, logical_id)
        return attributes["Arn"], attributes

    def deleted(physical_id: str, props: Properties) -> None:
        delete(name_of(physical_id), props)

    handler.update({"create": created, "update": updated, "delete": deleted})


def _apply_time_to_live(handler: dict[str, Any], update_parameters: str) -> None:
    """A table expires the items that its TimeToLiveSpecification says."""
    pinned.function(dynamodb, "_update_ttl", "data")
    create, update, _delete = _parts(handler, update_parameters)

    def applied(table: Provisioned, props: Properties) -> Provisioned:
        wanted = props.get("TimeToLiveSpecification")
        if wanted:
            enabled = str(wanted.get("Enabled")).lower() == "true"
            specification = {"Enabled": enabled, "AttributeName": wanted["AttributeName"]}
            _succeed(dynamodb._update_ttl({"TableName": table[0], "TimeToLiveSpecification": specification}))
        return table

    def created(logical_id: str, props: Properties, stack_name: str) -> Provisioned:
        return applied(create(logical_id, props, stack_name), props)

    def updated(physical_id: str, old_props: Properties, new_props: Properties, *names: str) -> Provisioned:
        return applied(update(physical_id, old_props, new_props, *names), new_props)

    handler.update({"create": created, "update": updated})


def _keep_topics_to_the_account(handler: dict[str, Any]) -> None:
    """A topic starts with the policy that CreateTopic gives it; MiniStack's would let anybody publish."""
    pinned.attribute(sns, "_topics")
    create, _update, _delete = _parts(handler, _UPDATE_NAMED)

    def created(logical_id: str, props: Properties, stack_name: str) -> Provisioned:
        arn, attributes = create(logical_id, props, stack_name)
        topic = sns._topics[arn]["attributes"]
        policy = json.loads(topic["Policy"])
        for statement in policy["Statement"]:
            statement["Condition"] = {"StringEquals": {"AWS:SourceOwner": topic["Owner"]}}
        topic["Policy"] = json.dumps(policy)
        if "KmsMasterKeyId" in props:
            topic["KmsMasterKeyId"] = props["KmsMasterKeyId"]
        return arn, attributes

    handler["create"] = created


def _know_trails(handlers: dict[str, Any]) -> None:
    """`AWS::CloudTrail::Trail`, as far as the CloudTrail API can show it again."""
    for call in ("_create_trail", "_update_trail", "_delete_trail", "_start_logging", "_stop_logging"):
        pinned.function(cloudtrail, call, "body")
    if "AWS::CloudTrail::Trail" in handlers:
        raise pinned.MiniStackChangedError("AWS::CloudTrail::Trail")

    def created(logical_id: str, props: Properties, stack_name: str) -> Provisioned:
        name = props.get("TrailName") or f"{stack_name}-{logical_id}"
        trail = _succeed(cloudtrail._create_trail({**_trail(props), "Name": name}))
        return _logging(name, trail["TrailARN"], props)

    def updated(physical_id: str, _old: Properties, new_props: Properties, _stack_name: str) -> Provisioned:
        trail = _succeed(cloudtrail._update_trail({**_trail(new_props), "Name": physical_id}))
        return _logging(physical_id, trail["TrailARN"], new_props)

    def deleted(physical_id: str, _props: Properties) -> None:
        _succeed(cloudtrail._delete_trail({"Name": physical_id}))

    handlers["AWS::CloudTrail::Trail"] = {"create": created, "update": updated, "delete": deleted}


def _trail(props: Properties) -> dict[str, Any]:
    flags = ("IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation")
    switched = {flag: str(props[flag]).lower() == "true" for flag in flags if flag in props}
    return {"S3BucketName": props["S3BucketName"], **switched}


def _logging(name: str, arn: str, props: Properties) -> Provisioned:
    is_logging = str(props.get("IsLogging")).lower() == "true"
    _succeed((cloudtrail._start_logging if is_logging else cloudtrail._stop_logging)({"Name": name}))
    return name, {"Arn": arn}


def _parts(handler: dict[str, Any], update_parameters: str) -> tuple[Any, Any, Any]:
    """The handler's functions, each checked for the signature that is wrapped here."""
    functions = []
    for action, parameters in (("create", _CREATE), ("update", update_parameters), ("delete", _DELETE)):
        name = getattr(handler.get(action), "__name__", action)
        functions.append(pinned.function(provisioners, name, parameters))
    return functions[0], functions[1], functions[2]


def _succeed(response: tuple[int, Any, Any]) -> dict[str, Any]:
    """The body of an API answer; a refusal fails the stack, with the API's own words."""
    status, _headers, body = response
    if status >= _FAILED:
        raise ValueError(body.decode() if isinstance(body, bytes) else str(body))
    answer: dict[str, Any] = json.loads(body or "{}")
    return answer
