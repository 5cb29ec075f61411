"""Functions that misbehave in every way the gateway has to survive."""

import os
import socket
import subprocess
import sys
import time


def environment() -> dict:
    return dict(os.environ)


def files() -> list:
    return os.listdir(os.getcwd())


def folder() -> str:
    return os.getcwd()


def leave_a_file() -> str:
    with open("left.txt", "w") as out:
        out.write("x")
    return os.path.abspath("left.txt")


def read_file(path: str) -> str:
    with open(path) as file:
        return file.read()


def write_file(path: str) -> None:
    with open(path, "w") as file:
        file.write("x")


def connect(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return "connected"


def connect_by_program(port: int) -> int:
    """Goes around what is blocked in the language."""
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=2)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode


def fail(message: str) -> None:
    raise ValueError(message)


def no_json():
    return {1, 2}


def loop():
    while True:
        pass


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "awake"


def memory(megabytes: int) -> int:
    held = [bytearray(1024 * 1024) for _ in range(megabytes)]
    return len(held)


def memory_of_children(megabytes: int) -> None:
    """Each child stays below the limit, all together do not."""
    code = f"import time; held = bytearray(b'x') * {megabytes // 4} * 1024 * 1024; time.sleep(20)"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    for child in children:
        child.wait()


def bomb() -> None:
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


def flood() -> None:
    while True:
        print("x" * 65536)


def flood_answer() -> str:
    return "x" * (2 * 1024 * 1024)


def chatter(text: str) -> int:
    print(text)
    print("and to stderr", file=sys.stderr)
    os.write(1, b"raw\n")
    return 1


def stay() -> int:
    """Leaves a process behind that outlives the call."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True).pid


def exit_early() -> None:
    os._exit(3)
