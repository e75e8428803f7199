"""What the CIS AWS Foundations Benchmark monitors (version 3.0, section 4), with its own filter patterns.

Each is a metric of the trail's log group, and an alarm. What a deployment does on purpose counts like anything else, so
the first question is always whether one was under way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PATTERN_LIMIT = 1024
"""Characters of a filter pattern (CloudWatch Logs, PutMetricFilter)."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control of section 4."""

    number: str
    metric: str
    """The name is ours."""
    why: str
    """What happened and what to do first."""
    pattern: str
    """The benchmark's filter of the trail's events."""


def _events(names: str, *, source: str | None = None) -> str:
    listed = " || ".join(f"($.eventName = {name})" for name in names.split())
    return f"{{ ($.eventSource = {source}) && ({listed}) }}" if source else f"{{ {listed} }}"


CONTROLS: Sequence[Control] = (
    Control(
        number="4.1",
        metric="UnauthorizedCalls",
        why="Calls are refused for want of rights. See whose: a role's that lost a grant, or somebody's who tries.",
        pattern='{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") && '
        '($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }',
    ),
    Control(
        number="4.2",
        metric="SignInWithoutMfa",
        why="An IAM user signed in to the console without a second factor. There should be no such user: delete it.",
        pattern='{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
        '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    ),
    Control(
        number="4.3",
        metric="RootUse",
        why="The account's root user did something. If nobody announced it, take it for an intrusion.",
        pattern='{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && '
        '$.eventType != "AwsServiceEvent" }',
    ),
    Control(
        number="4.4",
        metric="IamPolicyChanges",
        why="IAM policies were changed. Compare with the last deployment; undo what no deployment did.",
        pattern=_events(
            "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy "
            "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy "
            "AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy"
        ),
    ),
    Control(
        number="4.5",
        metric="TrailChanges",
        why="A trail was changed, made, started or stopped. If no deployment did it, take it for an intrusion.",
        pattern=_events("CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
    ),
    Control(
        number="4.6",
        metric="SignInFailures",
        why="Sign-ins to the console fail. See from which addresses and for which users.",
        pattern='{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    ),
    Control(
        number="4.7",
        metric="KeysDisabledOrDeleted",
        why="A key was disabled, or is to be deleted; all it encrypts would be lost. Cancel it, then ask why.",
        pattern=_events("DisableKey ScheduleKeyDeletion", source="kms.amazonaws.com"),
    ),
    Control(
        number="4.8",
        metric="BucketPolicyChanges",
        why="Policies of buckets were changed. Compare with the last deployment; undo what no deployment did.",
        pattern=_events(
            "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy "
            "DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication",
            source="s3.amazonaws.com",
        ),
    ),
    Control(
        number="4.9",
        metric="ConfigChanges",
        why="AWS Config was changed or stopped. If the organization did not do it, take it for an intrusion.",
        pattern=_events(
            "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder",
            source="config.amazonaws.com",
        ),
    ),
    Control(
        number="4.10",
        metric="SecurityGroupChanges",
        why="Security groups were changed. Compare with the last deployment; undo what no deployment did.",
        pattern=_events(
            "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
            "RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup"
        ),
    ),
    Control(
        number="4.11",
        metric="NetworkAclChanges",
        why="Network ACLs were changed; this platform has only the default ones. Undo it.",
        pattern=_events(
            "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry "
            "ReplaceNetworkAclAssociation"
        ),
    ),
    Control(
        number="4.12",
        metric="GatewayChanges",
        why="Gateways were changed. A customer gateway may be a deployment's; an internet gateway never is: remove it.",
        pattern=_events(
            "CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway "
            "DeleteInternetGateway DetachInternetGateway"
        ),
    ),
    Control(
        number="4.13",
        metric="RouteChanges",
        why="Routes were changed. Compare with the last deployment; undo what no deployment did.",
        pattern=_events(
            "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute "
            "DisassociateRouteTable",
            source="ec2.amazonaws.com",
        ),
    ),
    Control(
        number="4.14",
        metric="VpcChanges",
        why="VPCs or their peerings were changed. Compare with the last deployment; refuse a peering nobody planned.",
        pattern=_events(
            "CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection "
            "DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc "
            "DisableVpcClassicLink EnableVpcClassicLink"
        ),
    ),
    Control(
        number="4.15",
        metric="OrganizationChanges",
        why="Something of the organization was changed from this account, which may change nothing of it. See who did.",
        pattern=_events(
            "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake "
            "DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType "
            "InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy "
            "UpdateOrganizationalUnit",
            source="organizations.amazonaws.com",
        ),
    ),
)
