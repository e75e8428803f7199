"""`pulumi-language-python` written in Python: the process in which the Pulumi engine runs our program.

The engine starts `pulumi-language-python ENGINE_ADDRESS`, reads a port from its first line and then
speaks the `LanguageRuntime` service to it. Pulumi's own host comes only with Pulumi's installer, which
a machine without access to get.pulumi.com cannot run; this one needs the `pulumi` package alone.

Not here: installing dependencies, templates and linking packages. The toolchain prepares the
interpreter, and the program is run with the very interpreter that runs this host.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent import futures
from importlib import metadata
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

RUN_VARIABLE = "NOVARETAIL_ENGINE_RUN"
"""What `run_program` is to do, as JSON; set by `Host.Run` for its child."""
REPORTED = 32
"""Exit code of a program whose error has been shown to the engine already (as Pulumi's host uses it)."""
MESSAGE_BYTES = 400 << 20
"""The engine's own limit of a gRPC message (sdk/go/common/util/rpcutil)."""
PLUGIN_FILE = "pulumi-plugin.json"


def end_with_parent() -> None:
    """End this process soon after its parent ended, so that a killed engine leaves no program behind.

    Polled, because Linux's parent-death signal is tied to the parent's thread, and Go moves between threads.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(1.0)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def run_program(request: dict[str, Any]) -> int:
    """Run a Pulumi program against the engine's resource monitor; returns the exit code for the host."""
    import pulumi
    from pulumi import runtime

    runtime.set_all_config(request["config"], request["secret_keys"])
    runtime.configure(
        runtime.Settings(
            monitor=request["monitor"],
            engine=request["engine"],
            project=request["project"],
            stack=request["stack"],
            parallel=request["parallel"],
            dry_run=request["dry_run"],
            organization=request["organization"],
            root_directory=request["root"],
        )
    )
    # One graph, needed to the end of a short life: looking for garbage in it again and again took a fifth of the time.
    gc.disable()
    # The SDK sends several of these a resource, each a call that it waits for, and the engine drops them.
    pulumi.log.debug = lambda *_, **__: None
    os.chdir(request["pwd"])
    sys.argv = [request["program"], *request["args"]]
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # "task was destroyed" after an error of the program
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = futures.ThreadPoolExecutor(max_workers=max(request["parallel"], 1) * 4)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(
            runtime.run_in_stack(lambda: runpy.run_path(request["program"], run_name="__main__"))  # type: ignore[arg-type,return-value]
        )
        executor.shutdown(wait=True)
    except pulumi.RunError as error:  # the program's own, finished message
        pulumi.log.error(str(error))
        return REPORTED
    except Exception as error:  # noqa: BLE001 - whatever the program raises is shown to the engine, as Pulumi's host does
        pulumi.log.error("the program failed:\n" + _traceback(error, Path(request["program"])))
        return REPORTED
    return 0


def _traceback(error: Exception, program: Path) -> str:
    """The traceback from the program's own first line on; whole if the error is from elsewhere."""
    begin = error.__traceback__
    while begin is not None and Path(begin.tb_frame.f_code.co_filename).parent != program:
        begin = begin.tb_next
    return "".join(traceback.format_exception(type(error), error, begin or error.__traceback__)).rstrip()


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """The service that the engine calls; one program at a time."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._program: subprocess.Popen[bytes] | None = None

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi"))

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        return iter(())

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        installed = ((d.metadata["Name"], d.version) for d in metadata.distributions())
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=n, version=v) for n, v in installed if "pulumi" in n]
        )

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The providers whose SDKs are installed.

        Looked up by file name beside the packages: the file lists of the distributions hold 100,000 names.
        """
        packages = []
        for folder in filter(Path.is_dir, map(Path, sys.path)):
            for file in sorted(folder.glob(f"pulumi_*/{PLUGIN_FILE}")):
                plugin = json.loads(file.read_text("utf-8"))
                if plugin.get("resource"):
                    name = plugin.get("name") or file.parent.name.removeprefix("pulumi_").replace("_", "-")
                    version = plugin.get("version") or metadata.version(file.parent.name)
                    packages.append(plugin_pb2.PackageDependency(name=name, kind="resource", version=version))
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        run = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization,
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "root": request.info.root_directory,
            "pwd": request.pwd,
            "program": str(Path(request.info.program_directory, request.info.entry_point)),
            "args": list(request.args),
        }
        # Configuration may hold secrets: in the environment, where only this user can read it.
        environment = {**os.environ, RUN_VARIABLE: json.dumps(run)}
        self._program = subprocess.Popen(
            [sys.executable, "-u", "-m", "local.clouds.engine.host", "--run"], env=environment
        )
        context.add_callback(self._interrupt)
        code = self._program.wait()
        if code == 0:
            return language_pb2.RunResponse()
        if code == REPORTED:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"the program ended with exit code {code}")

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._interrupt()
        return empty_pb2.Empty()

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Run a policy pack (kind `analyzer`) or another plugin written in Python; streams what it prints.

        A pack whose options name a virtual environment runs there, as with Pulumi's own host: its packages need
        not fit ours.
        """
        folder = request.info.program_directory
        analyzer = request.kind == "analyzer"
        command = ["-m", "pulumi.policy", *request.args, folder] if analyzer else [folder, *request.args]
        plugin = subprocess.Popen(
            [_interpreter(request.info), "-u", *command],
            cwd=folder if analyzer else request.pwd,
            env=dict(entry.split("=", 1) for entry in request.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        context.add_callback(plugin.terminate)
        printed: queue.Queue[Any] = queue.Queue()

        def pump(stream: Any, wrap: Callable[[bytes], Any]) -> None:
            while chunk := os.read(stream.fileno(), 1 << 16):
                printed.put(wrap(chunk))
            printed.put(None)

        response = language_pb2.RunPluginResponse
        streams: list[tuple[Any, Callable[[bytes], Any]]] = [
            (plugin.stdout, lambda chunk: response(stdout=chunk)),
            (plugin.stderr, lambda chunk: response(stderr=chunk)),
        ]
        for stream in streams:
            threading.Thread(target=pump, args=stream, daemon=True).start()
        for _ in streams:
            yield from iter(printed.get, None)
        yield response(exitcode=plugin.wait())

    def _interrupt(self) -> None:
        if self._program and self._program.poll() is None:
            self._program.send_signal(signal.SIGINT)


def _interpreter(info: Any) -> str:
    named = dict(info.options).get("virtualenv", "")
    python = Path(info.root_directory or info.program_directory, named, "bin", "python")
    return str(python) if named and python.exists() else sys.executable


def serve(engine: str) -> None:
    """Serve until the engine ends; prints the port first, as the engine expects of a plugin."""
    limits = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.server(futures.ThreadPoolExecutor(16), options=limits)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


def main(arguments: list[str]) -> None:
    end_with_parent()
    if arguments == ["--run"]:
        try:
            code = run_program(json.loads(os.environ.pop(RUN_VARIABLE)))
        except KeyboardInterrupt:
            code = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads that still wait for an answer of the engine must not keep a failed program alive
    addresses = [a for a in arguments if not a.startswith("-")]  # the engine may add -v=9, --logtostderr, --tracing
    try:
        serve(addresses[0] if addresses else "")
    except KeyboardInterrupt:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
