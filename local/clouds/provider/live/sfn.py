"""Step Functions: state machines."""

from __future__ import annotations

from typing import Any

from local.clouds.provider.live.base import Live, canonical, compact, dropped_tags, tag_list, tag_map, tolerating
from local.clouds.provider.wire import Properties
from local.site import ACCOUNT, REGION


class StateMachine(Live):
    def identify(self, arguments: Properties) -> str | None:
        return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{arguments['name']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("stepfunctions").create_state_machine(
            name=arguments["name"],
            type=arguments.get("type") or "STANDARD",
            tags=tag_list(arguments.get("tags"), "key", "value"),
            **self._definition(arguments),
        )
        return made["stateMachineArn"], {
            "arn": made["stateMachineArn"],
            "creationDate": made["creationDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "status": "ACTIVE",
        }

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating("StateMachineDoesNotExist"):
            self.client("stepfunctions").describe_state_machine(stateMachineArn=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        client = self.client("stepfunctions")
        found = client.describe_state_machine(stateMachineArn=id)
        tags = client.list_tags_for_resource(resourceArn=id).get("tags", [])
        return {
            "definition": canonical(found["definition"]),
            "roleArn": found["roleArn"],
            "loggingConfiguration": found.get("loggingConfiguration"),
            "tracingConfiguration": found.get("tracingConfiguration"),
            "tags": tag_map(tags, "key", "value"),
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        client = self.client("stepfunctions")
        client.update_state_machine(stateMachineArn=id, **self._definition(arguments))
        if stale := dropped_tags(before, arguments):
            client.untag_resource(resourceArn=id, tagKeys=stale)
        if arguments.get("tags"):
            client.tag_resource(resourceArn=id, tags=tag_list(arguments["tags"], "key", "value"))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating("StateMachineDoesNotExist"):
            self.client("stepfunctions").delete_state_machine(stateMachineArn=id)

    def _definition(self, arguments: Properties) -> dict[str, Any]:
        logging = arguments.get("loggingConfiguration")
        if logging and logging.get("logDestination"):
            destination = {"cloudWatchLogsLogGroup": {"logGroupArn": logging["logDestination"]}}
            logging = {k: v for k, v in logging.items() if k != "logDestination"} | {"destinations": [destination]}
        return compact(
            definition=arguments["definition"],
            roleArn=arguments["roleArn"],
            loggingConfiguration=logging,
            tracingConfiguration=arguments.get("tracingConfiguration"),
        )
