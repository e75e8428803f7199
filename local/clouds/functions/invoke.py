"""Call a function once, as Lambda's Invoke does with RequestResponse."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from local.clouds.functions.code import function_of, runtime_packages, unpack
from local.clouds.functions.runtime import function_environment
from local.clouds.functions.worker import Worker
from local.clouds.rds import certificates
from local.site import Site


def invoke(site: Site, client: Any, name: str, event: Any) -> Any:
    """The function's answer. `client` is Lambda's.

    Raises: FunctionError with what the function raised; CodeError if its archive cannot be unpacked.
    """
    folder = site.state / "functions"
    function = function_of(client.get_function(FunctionName=name)["Configuration"])
    code = unpack(function, client, folder)
    certificates.replace_roots(site, code.task)
    worker = Worker(
        function=function,
        code=code,
        packages=runtime_packages(folder),
        site_environment=function_environment(site),
        log=site.logs / f"function-{name}.log",
    )
    with closing(worker):
        return worker.invoke(event)
