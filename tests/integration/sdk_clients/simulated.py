"""Where the simulator is: its names lead to loopback, its root is trusted, and the SDKs are asked to retry nothing."""

import functools
import os
import socket
import ssl

KEY = os.environ["SIMULATED_KEY"]
TLS_PORT = int(os.environ["SIMULATED_TLS_PORT"])
PLAIN_PORT = int(os.environ["SIMULATED_PLAIN_PORT"])

_getaddrinfo = socket.getaddrinfo


def _simulated(host, *more, **named):
    if isinstance(host, bytes):
        host = host.decode()
    return _getaddrinfo("127.0.0.1" if host.endswith(".sim.test") else host, *more, **named)


# No resolver of the machine knows these names.
socket.getaddrinfo = _simulated


@functools.cache
def trusting():
    """A TLS context that trusts the simulator's root and nothing else."""
    return ssl.create_default_context(cafile=os.environ["SIMULATED_CA"])


def url(host, path=""):
    """The URL of a simulated host over TLS."""
    return f"https://{host}.sim.test:{TLS_PORT}{path}"


def raises(kind, call):
    """The error of this very kind, or of one below it, that a call raises."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")
