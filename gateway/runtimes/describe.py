"""Describes Python modules without running them.

One JSON document on stdin, {"files": [{"namespace", "text"}]}; one on file descriptor 3, a list in the same order of
{"items", "imports"} or {"error"}. Only the syntax tree is looked at.
"""

import ast
import json
import os
import sys


def describe(namespace, text, is_package):
    tree = ast.parse(text)
    listed = exported_names(tree)
    visible = lambda name: name in listed if listed is not None else not name.startswith("_")
    items = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and visible(node.name):
            items.append(callable_item(node, node.name, "function"))
        elif isinstance(node, ast.ClassDef) and visible(node.name):
            items.extend(class_items(node))
    return {"items": items, "imports": relative_imports(tree, namespace, is_package)}


def exported_names(tree):
    """What `__all__` lists, if it is a plain list of texts."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(target, "id", None) == "__all__" for target in node.targets):
            try:
                return set(ast.literal_eval(node.value))
            except (ValueError, TypeError):
                return None
    return None


def class_items(node):
    methods = [entry for entry in node.body if isinstance(entry, (ast.FunctionDef, ast.AsyncFunctionDef))]
    constructor = next((method for method in methods if method.name == "__init__"), None)
    yield {
        "name": node.name, "kind": "class", "docstring": ast.get_docstring(node), "async": False,
        "args": arguments(constructor, bound=True) if constructor else [], "returns": node.name,
        "callable": [method.name for method in methods if method.name in ("__call__", "run", "invoke")],
    }
    for method in methods:
        if not method.name.startswith("_"):
            yield callable_item(method, f"{node.name}.{method.name}", "method")


def callable_item(node, name, kind):
    decorators = {getattr(decorator, "id", None) for decorator in node.decorator_list}
    return {
        "name": name, "kind": kind, "docstring": ast.get_docstring(node),
        "async": isinstance(node, ast.AsyncFunctionDef),
        "args": arguments(node, bound=kind == "method" and "staticmethod" not in decorators),
        "returns": returned(node),
    }


def arguments(node, bound):
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [None] * (len(positional) - len(spec.defaults)) + list(spec.defaults)
    pairs = list(zip(positional, defaults))[1 if bound else 0:]
    pairs += list(zip(spec.kwonlyargs, spec.kw_defaults))
    described = [argument(entry, default) for entry, default in pairs]
    for star, entry in (("*", spec.vararg), ("**", spec.kwarg)):
        if entry is not None:
            described.append({"name": star + entry.arg, "type": annotation(entry.annotation), "required": False})
    return described


def argument(entry, default):
    described = {"name": entry.arg, "type": annotation(entry.annotation), "required": default is None}
    if default is not None:
        try:
            value = ast.literal_eval(default)
            json.dumps(value)
            described["default"] = value
        except (ValueError, TypeError):
            pass
    return described


def annotation(node):
    return "Any" if node is None else ast.unparse(node)


def returned(node):
    if node.returns is not None:
        return ast.unparse(node.returns)
    return "Any" if returns_value(node.body) else "None"


def returns_value(body):
    for node in body:
        if isinstance(node, ast.Return) and node.value is not None:
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, (ast.Yield, ast.YieldFrom)):
            return True
        if returns_value([child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.excepthandler))]):
            return True
    return False


def relative_imports(tree, namespace, is_package):
    package = namespace.split(".") if is_package else namespace.split(".")[:-1]
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            base = package[: len(package) - (node.level - 1)]
            if node.module:
                found.append(".".join([*base, node.module]))
            found.extend(".".join([*base, *(node.module or "").split("."), alias.name]).replace("..", ".") for alias in node.names)
    return sorted(set(found))


def main():
    request = json.load(sys.stdin)
    answers = []
    for file in request["files"]:
        try:
            answers.append(describe(file["namespace"], file["text"], file["isPackage"]))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            answers.append({"error": f"{type(error).__name__}: {error}"})
    with os.fdopen(3, "w", encoding="utf-8") as out:
        json.dump(answers, out)


main()
