"""Thresholds stand in one table: each is used, each asked for exists, and none is written in code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from data.standards import standards

REPO = Path(__file__).resolve().parents[2]
SOURCES = [path for name in ("geo", "data", "layers", "api") for path in sorted((REPO / name).rglob("*.py"))]

# Names that carry a policy or a pace. A number given to one belongs in data/tables/standards.toml.
POLICY = re.compile(r"(^|_)(kph|mps|speed|max_snap|max_slope|threshold|plot_ratio|tobler|pace)(_|$)", re.IGNORECASE)

# Numbers with such a name that decide no result of a policy, each with its why.
EXEMPT = {"_FASTEST_KPH": "a tag that claims more is a slip of the pen and is not read"}


def test_every_standard_is_used() -> None:
    code = "\n".join(path.read_text() for path in SOURCES)
    unused = [key for key in standards() if f'"{key}"' not in code]
    assert not unused, f"in the table but never asked for: {unused}"


def test_every_standard_asked_for_exists() -> None:
    asked = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "standard":
                asked |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    assert asked <= set(standards()), asked - set(standards())


def test_every_standard_says_where_it_comes_from() -> None:
    for one in standards().values():
        assert one.title, one.key
        assert one.clause, one.key
        assert re.search(r"[一-鿿]|Tobler", one.zh), one.key
        assert one.confidence == "assumed" or one.clause != "—", f"{one.key}: {one.confidence} without a clause"


def _literal(node: ast.expr | None) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _literal(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) in {int, float} and node.value not in {0, 1}


def _given(tree: ast.AST) -> Iterator[tuple[int, str, ast.expr | None]]:
    """Yield (line, name, value) of every parameter default and every assignment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            plain = [*node.args.posonlyargs, *node.args.args]
            for arg, default in zip(reversed(plain), reversed(node.args.defaults), strict=False):
                yield arg.lineno, arg.arg, default
            for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
                yield arg.lineno, arg.arg, default
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.lineno, node.target.id, node.value
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield node.lineno, target.id, node.value
        elif isinstance(node, ast.Call):
            for word in node.keywords:
                yield node.lineno, word.arg or "", word.value


def test_no_threshold_is_written_in_code() -> None:
    bad = [
        f"{path.relative_to(REPO)}:{line}: {name} = {ast.unparse(value)}"
        for path in SOURCES
        for line, name, value in _given(ast.parse(path.read_text()))
        if value is not None and name not in EXEMPT and POLICY.search(name) and _literal(value)
    ]
    assert not bad, "belongs in data/tables/standards.toml:\n" + "\n".join(bad)
