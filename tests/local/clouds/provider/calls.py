"""The calls of the provider's service as the engine makes them."""

from __future__ import annotations

from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2 as pb
from pulumi.runtime.proto import provider_pb2_grpc

from local.clouds.provider.wire import encode


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:local::novaretail::{token}::{name}"


class Engine:
    """The engine's side of the calls."""

    def __init__(self, port: int) -> None:
        self.stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def check(self, token: str, news: dict[str, Any]) -> Any:
        return self.stub.Check(pb.CheckRequest(urn=urn(token, "r"), name="r", type=token, news=encode(news)))

    def create(self, token: str, arguments: dict[str, Any], *, preview: bool = False) -> Any:
        properties = encode(arguments)
        return self.stub.Create(
            pb.CreateRequest(urn=urn(token, "r"), name="r", type=token, properties=properties, preview=preview)
        )

    def diff(self, token: str, id: str, before: dict[str, Any], after: dict[str, Any]) -> Any:
        return self.stub.Diff(
            pb.DiffRequest(
                urn=urn(token, "r"),
                id=id,
                type=token,
                old_inputs=encode(before),
                olds=encode(before),
                news=encode(after),
            )
        )

    def update(self, token: str, id: str, before: Any, arguments: dict[str, Any]) -> Any:
        return self.stub.Update(
            pb.UpdateRequest(urn=urn(token, "r"), id=id, type=token, olds=before, news=encode(arguments))
        )

    def delete(self, token: str, id: str, properties: Any) -> None:
        self.stub.Delete(pb.DeleteRequest(urn=urn(token, "r"), id=id, type=token, properties=properties))

    def read(self, token: str, id: str, properties: Any) -> Any:
        return self.stub.Read(pb.ReadRequest(urn=urn(token, "r"), id=id, name="r", type=token, properties=properties))
