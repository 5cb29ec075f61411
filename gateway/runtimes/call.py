"""Runs one function of a Python module: one JSON document on stdin, one on file descriptor 3.

The process is new for every call and has loaded nothing but the runtime when the request arrives. What cannot be had
from the kernel is blocked in the language; that keeps honest code honest and is no security boundary.
"""

import asyncio
import importlib
import importlib.util
import inspect
import io
import json
import os
import resource
import socket
import sys
import types


def main():
    # Descriptor 3 belongs to this program alone: what the module prints cannot reach the answer.
    out = os.dup(3)
    os.set_inheritable(out, False)
    os.close(3)
    request = json.loads(sys.stdin.buffer.read())
    try:
        limit(request["limits"])
        if request["denyNetwork"]:
            deny_network()
        restrict_files(request["readable"], request["writable"])
        answer = {"ok": True, "result": call(request)}
        text = json.dumps(answer, allow_nan=False, ensure_ascii=False)
    except MemoryError:
        text = json.dumps({"ok": False, "kind": "memory", "type": "MemoryError", "message": "out of memory"})
    except ArgumentMismatch as error:
        text = json.dumps({"ok": False, "kind": "arguments", "type": "TypeError", "message": str(error)})
    except BaseException as error:
        stack = error.__traceback__
        text = json.dumps({"ok": False, "kind": "raised", "type": type(error).__name__, "message": str(error)[:4000],
                           "stack": describe_stack(stack)})
    sys.stdout.flush()
    with os.fdopen(out, "wb") as stream:
        stream.write(text.encode("utf-8", "replace") + b"\n")
    # Threads and child processes of the module may not keep the call open.
    os._exit(0)


class ArgumentMismatch(Exception):
    pass


def describe_stack(stack):
    import traceback
    return "".join(traceback.format_tb(stack))[-4000:]


def limit(limits):
    for name, value in (("RLIMIT_NOFILE", 64), ("RLIMIT_FSIZE", 16 * 1024 * 1024), ("RLIMIT_CORE", 0),
                        ("RLIMIT_CPU", limits["cpuSeconds"]), ("RLIMIT_AS", limits["addressBytes"])):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            pass


def deny_network():
    def refuse(*_, **__):
        raise PermissionError("this skill may not use the network")
    for name in ("connect", "connect_ex", "bind", "sendto"):
        setattr(socket, name, refuse)
    class NoSocket(socket.socket):
        def __init__(self, family=-1, *rest, **more):
            if family != getattr(socket, "AF_UNIX", None):
                refuse()
            super().__init__(family, *rest, **more)
    socket.socket = NoSocket
    socket.create_connection = refuse
    socket.getaddrinfo = refuse


def restrict_files(readable, writable):
    roots = [os.path.realpath(path) for path in [*readable, *writable, sys.prefix, sys.base_prefix, sys.exec_prefix]]
    system = ("/usr/lib", "/usr/share", "/lib", "/dev/null", "/dev/urandom", "/etc/localtime", "/etc/mime.types")
    allowed = tuple(roots)
    writes = tuple(os.path.realpath(path) for path in writable)

    def inside(path, folders):
        return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)

    def hook(event, arguments):
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            mode, flags = arguments[1], arguments[2] or 0
            writing = any(letter in (mode or "") for letter in "wax+") or flags & (os.O_WRONLY | os.O_RDWR)
            if writing and not inside(path, writes) and path != "/dev/null":
                raise PermissionError(f"this skill may not write {path}")
            if not writing and not inside(path, (*allowed, *system)):
                raise PermissionError(f"this skill may not read {path}")
        elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"):
            for argument in arguments:
                if isinstance(argument, (str, bytes)) and not inside(os.path.realpath(os.fsdecode(argument)), writes):
                    raise PermissionError("this skill may only change files of its own folder")
        elif event == "os.listdir" and isinstance(arguments[0], (str, bytes)):
            if not inside(os.path.realpath(os.fsdecode(arguments[0])), (*allowed, *system)):
                raise PermissionError("this skill may not list this folder")

    sys.addaudithook(hook)


def call(request):
    target = load(request["file"], request["root"], request["rootNamespace"], request["namespace"])
    *owner, name = request["name"].split(".")
    if not owner and inspect.isclass(getattr(target, name)):
        instance = build(getattr(target, name), request["init"] or request["parameters"])
        method = instance if callable(instance) else next((getattr(instance, m) for m in ("run", "invoke") if hasattr(instance, m)), None)
        if method is None:
            return instance if is_json(instance) else {"constructed": name}
        return invoke(method, request["parameters"] if request["init"] else {})
    if owner:
        holder = getattr(target, owner[0])
        static = inspect.getattr_static(holder, name)
        holder = holder if isinstance(static, (staticmethod, classmethod)) else build(holder, request["init"])
        return invoke(getattr(holder, name), request["parameters"])
    return invoke(getattr(target, name), request["parameters"])


def is_json(value):
    return isinstance(value, (dict, list, str, int, float, bool, type(None)))


def build(cls, given):
    return apply(cls, given)


def invoke(function, given):
    result = apply(function, given)
    if inspect.isawaitable(result):
        async def wait():
            return await result
        return asyncio.run(wait())
    if inspect.isgenerator(result):
        return list(result)
    return result


def apply(function, given):
    positional, named = (given, {}) if isinstance(given, list) else ([], given or {})
    try:
        inspect.signature(function).bind(*positional, **named)
    except TypeError as error:
        raise ArgumentMismatch(str(error)) from None
    except ValueError:
        pass
    return function(*positional, **named)


def load(file, root, root_namespace, namespace):
    """Imports a file under its namespace, so that its relative imports work."""
    sys.dont_write_bytecode = True
    parts = root_namespace.split(".")
    is_folder = root != file
    for count in range(1, len(parts) + (1 if is_folder else 0)):
        name = ".".join(parts[:count])
        package = types.ModuleType(name)
        package.__path__ = [root] if count == len(parts) else []
        sys.modules[name] = package
    if namespace == root_namespace or not is_folder:
        search = [root] if is_folder else None
        spec = importlib.util.spec_from_file_location(namespace, file, submodule_search_locations=search)
        module = importlib.util.module_from_spec(spec)
        sys.modules[namespace] = module
        spec.loader.exec_module(module)
        return module
    initialiser = os.path.join(root, "__init__.py")
    if os.path.exists(initialiser):
        spec = importlib.util.spec_from_file_location(root_namespace, initialiser, submodule_search_locations=[root])
        package = importlib.util.module_from_spec(spec)
        sys.modules[root_namespace] = package
        spec.loader.exec_module(package)
    return importlib.import_module(namespace)


main()
