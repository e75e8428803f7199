"""IAM: roles, policies and how they are attached."""

from __future__ import annotations

import json

from local.clouds.provider.live.base import (
    Live,
    canonical,
    compact,
    dropped_tags,
    partly_made,
    tag_list,
    tag_map,
    tolerating,
)
from local.clouds.provider.wire import Properties

_GONE = "NoSuchEntity"


class Role(Live):
    def identify(self, arguments: Properties) -> str | None:
        return str(arguments["name"])

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        name = arguments["name"]
        made = self.client("iam").create_role(
            RoleName=name,
            Path=arguments.get("path") or "/",
            AssumeRolePolicyDocument=_document(arguments["assumeRolePolicy"]),
            Tags=tag_list(arguments.get("tags")),
            **compact(
                Description=arguments.get("description"),
                MaxSessionDuration=arguments.get("maxSessionDuration"),
                PermissionsBoundary=arguments.get("permissionsBoundary"),
            ),
        )["Role"]
        created = made["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ")
        computed = {"arn": made["Arn"], "uniqueId": made["RoleId"], "createDate": created}
        with partly_made(name, computed):
            self._inline(name, {}, arguments)
        return name, computed

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("iam").get_role(RoleName=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        role = self.client("iam").get_role(RoleName=id)["Role"]
        return {
            "assumeRolePolicy": _text(role["AssumeRolePolicyDocument"]),
            "description": role.get("Description") or None,
            "maxSessionDuration": role.get("MaxSessionDuration"),
            "permissionsBoundary": (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
            "tags": tag_map(self.client("iam").list_role_tags(RoleName=id)["Tags"]),
        }

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        iam = self.client("iam")
        iam.update_assume_role_policy(RoleName=id, PolicyDocument=_document(arguments["assumeRolePolicy"]))
        duration = compact(MaxSessionDuration=arguments.get("maxSessionDuration"))
        iam.update_role(RoleName=id, Description=arguments.get("description") or "", **duration)
        if boundary := arguments.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=boundary)
        elif before.get("permissionsBoundary"):
            iam.delete_role_permissions_boundary(RoleName=id)
        self._inline(id, before, arguments)
        if stale := dropped_tags(before, arguments):
            iam.untag_role(RoleName=id, TagKeys=stale)
        iam.tag_role(RoleName=id, Tags=tag_list(arguments.get("tags")))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        iam = self.client("iam")
        with tolerating(_GONE):
            # Both belong to the role itself; attachments of other resources are gone before it.
            for policy in outputs.get("inlinePolicies") or []:
                iam.delete_role_policy(RoleName=id, PolicyName=policy["name"])
            for arn in outputs.get("managedPolicyArns") or []:
                iam.detach_role_policy(RoleName=id, PolicyArn=arn)
            iam.delete_role(RoleName=id)

    def _inline(self, id: str, before: Properties, arguments: Properties) -> None:
        iam = self.client("iam")
        wanted = {policy["name"]: policy["policy"] for policy in arguments.get("inlinePolicies") or []}
        for policy in before.get("inlinePolicies") or []:
            if policy["name"] not in wanted:
                iam.delete_role_policy(RoleName=id, PolicyName=policy["name"])
        for name, document in wanted.items():
            iam.put_role_policy(RoleName=id, PolicyName=name, PolicyDocument=document)
        arns = set(arguments.get("managedPolicyArns") or [])
        for arn in set(before.get("managedPolicyArns") or []) - arns:
            iam.detach_role_policy(RoleName=id, PolicyArn=arn)
        for arn in arns:
            iam.attach_role_policy(RoleName=id, PolicyArn=arn)


class Policy(Live):
    def create(self, arguments: Properties) -> tuple[str, Properties]:
        made = self.client("iam").create_policy(
            PolicyName=arguments["name"],
            Path=arguments.get("path") or "/",
            PolicyDocument=_document(arguments["policy"]),
            Tags=tag_list(arguments.get("tags")),
            **compact(Description=arguments.get("description")),
        )["Policy"]
        return made["Arn"], {"arn": made["Arn"], "policyId": made["PolicyId"], "attachmentCount": 0}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        with tolerating(_GONE):
            self.client("iam").get_policy(PolicyArn=id)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        iam = self.client("iam")
        policy = iam.get_policy(PolicyArn=id)["Policy"]
        version = iam.get_policy_version(PolicyArn=id, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
        return {"policy": _text(version["Document"])}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._drop_old_versions(id)  # IAM keeps five at most
        document = _document(arguments["policy"])
        self.client("iam").create_policy_version(PolicyArn=id, PolicyDocument=document, SetAsDefault=True)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        with tolerating(_GONE):
            self._drop_old_versions(id)
            self.client("iam").delete_policy(PolicyArn=id)

    def _drop_old_versions(self, arn: str) -> None:
        iam = self.client("iam")
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


class RolePolicy(Live):
    def identify(self, arguments: Properties) -> str | None:
        return f"{arguments['role']}:{arguments['name']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self._put(arguments)
        return f"{arguments['role']}:{arguments['name']}", {}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        role, name = id.split(":", 1)
        with tolerating(_GONE):
            self.client("iam").get_role_policy(RoleName=role, PolicyName=name)
            return {}
        return None

    def observe(self, id: str, outputs: Properties) -> Properties:
        role, name = id.split(":", 1)
        return {"policy": _text(self.client("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])}

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        self._put(arguments)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        role, name = id.split(":", 1)
        with tolerating(_GONE):
            self.client("iam").delete_role_policy(RoleName=role, PolicyName=name)

    def _put(self, arguments: Properties) -> None:
        self.client("iam").put_role_policy(
            RoleName=arguments["role"],
            PolicyName=arguments["name"],
            PolicyDocument=_document(arguments["policy"]),
        )


class RolePolicyAttachment(Live):
    def identify(self, arguments: Properties) -> str | None:
        return f"{arguments['role']}/{arguments['policyArn']}"

    def create(self, arguments: Properties) -> tuple[str, Properties]:
        self.client("iam").attach_role_policy(RoleName=arguments["role"], PolicyArn=arguments["policyArn"])
        return f"{arguments['role']}/{arguments['policyArn']}", {}

    def read(self, id: str, outputs: Properties) -> Properties | None:
        role, arn = id.split("/", 1)
        with tolerating(_GONE):
            attached = self.client("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
            return {} if any(policy["PolicyArn"] == arn for policy in attached) else None
        return None

    def update(self, id: str, before: Properties, arguments: Properties) -> Properties:
        raise RuntimeError("an attachment has no argument that can be changed")

    def delete(self, id: str, outputs: Properties) -> None:
        role, arn = id.split("/", 1)
        with tolerating(_GONE):
            self.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


def _text(document: str | dict[str, object]) -> str | None:
    """What IAM reports, which boto3 has decoded, as one spelling of JSON."""
    return canonical(document if isinstance(document, str) else json.dumps(document))


def _document(policy: str | dict[str, object]) -> str:
    """The document as JSON; the SDK also takes it as an object."""
    return policy if isinstance(policy, str) else json.dumps(policy)
