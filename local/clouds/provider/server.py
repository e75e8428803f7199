"""The `ResourceProvider` service, one server for aws, azure-native and gcp.

The engine attaches to it by PULUMI_DEBUG_PROVIDERS, with one connection for each provider instance. So the
connection says which instance a call belongs to, and with it the account and region that it was configured for.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent import futures
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from google.protobuf import any_pb2, empty_pb2
from google.rpc import code_pb2, status_pb2
from grpc_status import rpc_status  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.clouds.provider import accounts, names
from local.clouds.provider.check import Failure, check
from local.clouds.provider.diff import diff
from local.clouds.provider.kept_shapes import Shapes
from local.clouds.provider.live import PartlyMadeError
from local.clouds.provider.resources import Resources
from local.clouds.provider.state import Existing, State
from local.clouds.provider.types import FAMILIES
from local.clouds.provider.wire import contains_secret, decode, encode
from local.site import Site

MESSAGE_BYTES = 400 << 20
"""The engine's own limit of a message (sdk/go/common/util/rpcutil)."""
THREADS = 32
PACKAGES = tuple(FAMILIES)

log = logging.getLogger(__name__)

Request = Any
"""A message of `provider_pb2`, whose classes are made at run time."""


def _answer(method: Callable[[Any, Request], Any]) -> Callable[[Any, Request, grpc.ServicerContext], Any]:
    """Hand what a call raises to the engine, as the service below worded it."""

    @functools.wraps(method)
    def call(self: Any, request: Request, context: grpc.ServicerContext) -> Any:
        accounts.current.set(self.accounts.get(context.peer(), accounts.Account()))
        try:
            return method(self, request)
        except PartlyMadeError as error:
            detail = any_pb2.Any()
            detail.Pack(
                provider_pb2.ErrorResourceInitFailed(
                    id=error.id, properties=encode(error.outputs), reasons=[str(error)], inputs=_arguments(request)
                )
            )
            failed = status_pb2.Status(code=code_pb2.UNKNOWN, message=str(error), details=[detail])
            context.abort_with_status(rpc_status.to_status(failed))
        except Exception as error:
            log.debug("%s of %s failed", method.__name__, getattr(request, "urn", ""), exc_info=True)
            context.abort(grpc.StatusCode.UNKNOWN, describe(error))

    return call


def describe(error: Exception) -> str:
    """An exception as the engine shows it: the service's own words, else with the name of its class."""
    if isinstance(error, EndpointConnectionError):
        return f"{error}: the local services do not run; start them with `python -m local up`"
    worded = isinstance(error, (ClientError, BotoCoreError, LookupError, ValueError, RuntimeError, OSError))
    return str(error) if worded and not isinstance(error, KeyError) else f"{type(error).__name__}: {error}"


class Service(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that the engine makes."""

    def __init__(self, resources: Resources, *, live: bool) -> None:
        self._resources, self._live = resources, live
        self.accounts: dict[str, accounts.Account] = {}

    def Handshake(self, request: Request, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False, supports_autonaming_configuration=True
        )

    def Attach(self, request: Request, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Request, context: grpc.ServicerContext) -> Any:
        # The engine warns if this is older than the SDK of the package, and does not say which package it asks for.
        return plugin_pb2.PluginInfo(version=_newest(f"pulumi-{package}" for package in PACKAGES))

    def CheckConfig(self, request: Request, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Request, context: grpc.ServicerContext) -> Any:
        # Without a difference the engine would configure the instance as it was. None replaces what the instance made.
        answer = provider_pb2.DiffResponse
        same = decode(request.old_inputs) == decode(request.news)
        return answer(changes=answer.DIFF_NONE if same else answer.DIFF_SOME)

    def Configure(self, request: Request, context: grpc.ServicerContext) -> Any:
        given = decode(request.args)
        if "region" in given:  # azure-native and gcp have no such argument, or another meaning of it
            try:
                self.accounts[context.peer()] = accounts.account_of(given, live=self._live)
            except accounts.ConfigurationError as error:
                context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, supports_autonaming_configuration=True
        )

    def Cancel(self, request: Request, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    @_answer
    def Invoke(self, request: Request) -> Any:
        reason = f"the local provider has no data source {request.tok}; pass the value as an argument"
        return provider_pb2.InvokeResponse(failures=[provider_pb2.CheckFailure(reason=reason)])

    @_answer
    def Check(self, request: Request) -> Any:
        arguments = decode(request.news)
        shape = self._resources.shape(request.type)
        proposed = request.autonaming.proposed_name if request.HasField("autonaming") else None
        filled = names.fill(shape, request.name, arguments, decode(request.olds), request.randomSeed, proposed or None)
        failures = [_failure(failure, arguments) for failure in check(shape, filled)]
        return provider_pb2.CheckResponse(inputs=encode(filled), failures=failures)

    @_answer
    def Diff(self, request: Request) -> Any:
        before = decode(request.old_inputs) or decode(request.olds)
        found = diff(self._resources.shape(request.type), before, decode(request.news), request.ignoreChanges)
        answer, kinds = provider_pb2.DiffResponse, provider_pb2.PropertyDiff
        return answer(
            changes=answer.DIFF_SOME if found.changes else answer.DIFF_NONE,
            diffs=found.arguments,
            replaces=found.replacing,
            deleteBeforeReplace=found.delete_before_replace,
            hasDetailedDiff=True,
            detailedDiff={
                c.path: kinds(kind=kinds.Kind.Value(c.kind + ("_REPLACE" if c.replaces else "")), inputDiff=True)
                for c in found.changes
            },
        )

    @_answer
    def Create(self, request: Request) -> Any:
        arguments = decode(request.properties)
        id, made = self._resources.create(request.type, request.urn, arguments, preview=request.preview)
        return provider_pb2.CreateResponse(id=id, properties=encode(made))

    @_answer
    def Read(self, request: Request) -> Any:
        known, arguments = decode(request.properties), decode(request.inputs)
        found = self._resources.read(request.type, request.id, request.urn, known, arguments)
        if found is None:
            return provider_pb2.ReadResponse()  # an empty id says that it is gone
        return provider_pb2.ReadResponse(id=request.id, properties=encode(found[0]), inputs=encode(found[1]))

    @_answer
    def Update(self, request: Request) -> Any:
        made = self._resources.update(
            request.type,
            request.id,
            request.urn,
            decode(request.olds),
            decode(request.news),
            preview=request.preview,
        )
        return provider_pb2.UpdateResponse(properties=encode(made))

    @_answer
    def Delete(self, request: Request) -> Any:
        self._resources.delete(request.type, request.id, decode(request.properties))
        return empty_pb2.Empty()


def _newest(distributions: Iterable[str]) -> str:
    versions = [metadata.version(name) for name in distributions]
    return max(versions, key=lambda version: [int(part) for part in version.split(".")])


def _arguments(request: Request) -> Any:
    """The arguments that a call about one resource brings: of Read, of Create, of Update."""
    names_of_arguments = ("inputs", "properties", "news")
    return next(getattr(request, name) for name in names_of_arguments if hasattr(request, name))


def _failure(failure: Failure, arguments: Mapping[str, Any]) -> Any:
    """A failure for the engine, which prints the value of the named property: only where there is one to print."""
    value = arguments.get(failure.path)
    if isinstance(value, (str, int, float, bool)) and not contains_secret(value):
        return provider_pb2.CheckFailure(property=failure.path, reason=failure.reason)
    reason = failure.reason if f"'{failure.path}'" in failure.reason else f"{failure.path}: {failure.reason}"
    return provider_pb2.CheckFailure(reason=reason)


class ProviderServer:
    """The running server; use it as a context manager.

    `port` is 0 for any free one; the attribute says which it became.
    """

    def __init__(
        self,
        site: Site,
        root: Path,
        state: Path | None,
        *,
        port: int = 0,
        live: bool = True,
        ids: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        """`state` None, with `live` False, is the provider of a preview: it remembers and touches nothing."""
        self._state = State(state)
        self._resources = Resources(site, root, self._state, Shapes(), live=live, ids=ids)
        limits = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
        # Without so_reuseport=0 a second server could bind the same port, and calls would go to either.
        options = [*limits, ("grpc.so_reuseport", 0)]
        self._server = grpc.server(futures.ThreadPoolExecutor(THREADS), options=options)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Service(self._resources, live=live), self._server)
        try:
            self.port: int = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:  # grpc says no more than this
            raise RuntimeError(
                f"the provider cannot have port {port}: another program listens there; end it, or choose other ports"
                " (NOVARETAIL_PORT_BASE=<first port>)"
            ) from error

    def __enter__(self) -> ProviderServer:
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.stop(grace=1).wait()
        self._state.close()

    def clear_orphans(self, stack: str, known: Iterable[tuple[str, str]]) -> list[Existing]:
        """Remove what a killed run of this stack made and the engine, which knows `known`, could not note."""
        orphans = self._state.orphans(stack, known)
        for orphan in orphans:
            self._resources.clear(orphan)
        return orphans

    def settle(self, stack: str) -> None:
        """Note that the engine ended by itself and knows all that exists of this stack."""
        self._state.settle(stack)
