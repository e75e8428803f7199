"""Names by which the organization's accounts refer to each other's things.

A service control policy names the roles that it exempts, a bucket's policy the trail that writes there, the pipeline of
the repository the role that it takes: each before, or without, an output that could say so.
"""

from __future__ import annotations

ADMIN_ROLE = "OrganizationAccountAccessRole"
"""What AWS makes in every account of an organization, for its management account; this program uses it there."""
DEPLOY_ROLE = "novaretail-deploy"
PREVIEW_ROLE = "novaretail-preview"
DELIVERY = "novaretail-delivery-"
"""What the names of the policies of those two roles begin with."""
PLATFORM_BOUNDARY = "novaretail-{environment}-boundary"
"""The most that a role of an environment can be given; the role that deploys may make no role without it."""
EXCHANGE_USER = "novaretail-{environment}-data-factory"
"""The one user of an environment: Azure Data Factory, which can take no role."""
PIPELINE_IDENTITY = "token.actions.githubusercontent.com"
"""Who signs the identity of a job in the repository's pipeline."""
TRAIL = "novaretail-organization"
DATA_TRAILS = "novaretail-*-data"
"""The environments' trails of what happens to objects; the log archive takes them too."""
LOG_ARCHIVE = "novaretail-log-archive"


def log_archive_bucket(account: str) -> str:
    """Return the name of the log archive's bucket in this account; the account's number makes it globally unique."""
    return f"{LOG_ARCHIVE}-{account}"
