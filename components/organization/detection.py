"""CloudTrail, GuardDuty and IAM Access Analyzer for the whole organization, run by the account for shared services.

The management account names that account as administrator of the three; there, detectors take in every account, old
and new, and analyzers watch what is open to outsiders and what nobody uses. Member accounts get their detector from
this and make none of their own: a second one in a region is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import ComponentResource, Input, ResourceOptions

import settings
from components.blocks.place import Place

FEATURES = ("LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS", "S3_DATA_EVENTS")
"""Plans of GuardDuty for what the platform is made of; it has no clusters, containers or volumes of its own."""


@dataclass(frozen=True, kw_only=True)
class DetectionArgs:
    """The management account, which delegates, and the account that runs all this."""

    where: Place
    """The management account's."""
    aws_organization: aws.organizations.Organization
    administrator_id: Input[str]
    """The account that is delegated to."""
    administrator: aws.Provider
    """Of that account."""
    organization: settings.Organization
    """Which regions are watched, and after how many days access counts as unused."""


class Detection(ComponentResource):
    """One account administers CloudTrail, GuardDuty and Access Analyzer for all of them."""

    detectors: dict[str, aws.guardduty.Detector]
    """The administrator's, by region."""
    analyzers: dict[str, aws.accessanalyzer.Analyzer]
    """The administrator's, by region: what outsiders have access to."""

    def __init__(self, name: str, args: DetectionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("platform:organization:Detection", name, {}, args.where.options(opts))
        self._name, self._args = name, args
        # One after the other: each names an administrator, and Organizations takes one such change at a time.
        trails = aws.cloudtrail.OrganizationDelegatedAdminAccount(
            f"{name}-cloudtrail",
            account_id=args.administrator_id,
            opts=ResourceOptions(parent=self, depends_on=[args.aws_organization]),
        )
        delegated = aws.organizations.DelegatedAdministrator(
            f"{name}-access-analyzer",
            account_id=args.administrator_id,
            service_principal="access-analyzer.amazonaws.com",
            opts=ResourceOptions(parent=self, depends_on=[trails]),
        )
        self.detectors, self.analyzers = {}, {}
        before: pulumi.Resource = delegated
        for region in args.organization.regions:
            before = self._guard(region, before)
            self.analyzers[region] = self._analyzer(region, delegated)
        aws.accessanalyzer.Analyzer(
            f"{name}-unused-access",
            analyzer_name="novaretail-unused-access",
            type="ORGANIZATION_UNUSED_ACCESS",
            configuration={"unused_access": {"unused_access_age": args.organization.detection.unused_days}},
            tags=args.where.tags,
            opts=self._there(delegated),
        )
        self.register_outputs({"detectors": {region: detector.id for region, detector in self.detectors.items()}})

    def _there(self, *before: pulumi.Resource) -> ResourceOptions:
        """Return the options of what is made in the administrator's account."""
        return ResourceOptions(parent=self, provider=self._args.administrator, depends_on=list(before))

    def _detector(self, name: str, region: str, opts: ResourceOptions) -> aws.guardduty.Detector:
        return aws.guardduty.Detector(
            name,
            region=region,
            enable=True,
            finding_publishing_frequency="FIFTEEN_MINUTES",
            tags=self._args.where.tags,
            opts=opts,
        )

    def _guard(self, region: str, before: pulumi.Resource) -> aws.guardduty.OrganizationAdminAccount:
        """Turn GuardDuty on in a region, in every account of the organization."""
        name = f"{self._name}-{region}"
        here = ResourceOptions(parent=self, depends_on=[self._args.aws_organization])
        # GuardDuty takes the management account in as a member only where it is on already.
        own = self._detector(f"{name}-management", region, here)
        # Naming an account administrator turns GuardDuty on in it, and then a detector could not be made here.
        detector = self._detector(f"{name}-detector", region, self._there())
        named = aws.guardduty.OrganizationAdminAccount(
            f"{name}-administrator",
            region=region,
            admin_account_id=self._args.administrator_id,
            opts=ResourceOptions(parent=self, depends_on=[own, detector, before]),
        )
        for feature in FEATURES:
            plan = feature.lower().replace("_", "-")
            # What the organization is given does not reach the administrator's own detector.
            aws.guardduty.DetectorFeature(
                f"{name}-{plan}",
                region=region,
                detector_id=detector.id,
                name=feature,
                status="ENABLED",
                opts=self._there(),
            )
        members = aws.guardduty.OrganizationConfiguration(
            f"{name}-members",
            region=region,
            detector_id=detector.id,
            auto_enable_organization_members="ALL",
            opts=self._there(named),
        )
        for feature in FEATURES:
            aws.guardduty.OrganizationConfigurationFeature(
                f"{name}-members-{feature.lower().replace('_', '-')}",
                region=region,
                detector_id=detector.id,
                name=feature,
                auto_enable="ALL",
                opts=self._there(members),
            )
        self.detectors[region] = detector
        return named

    def _analyzer(self, region: str, delegated: pulumi.Resource) -> aws.accessanalyzer.Analyzer:
        return aws.accessanalyzer.Analyzer(
            f"{self._name}-{region}-external-access",
            region=region,
            analyzer_name="novaretail-external-access",
            type="ORGANIZATION",
            tags=self._args.where.tags,
            opts=self._there(delegated),
        )
