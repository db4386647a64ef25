"""Rules of arithmetic and of the numbers' functions."""

from __future__ import annotations

from stepladder.sql.infer.tree import Call, Constant
from stepladder.sql.rewrite.rules import Print, Rule, function, template

_INTEGERS = {"int2": 2, "int4": 4, "int8": 8}
_NATIVE = {"pl": "+", "mi": "-", "mul": "*"}


def _integer(symbol: str, result: str) -> Rule:
    return template(f"pg_{result}({{0}} {symbol} {{1}})")


def _divided(symbol: str, result: str) -> Rule:
    """SQLite gives NULL for a division by zero: natively only by a literal that is none."""
    word = "divide" if symbol == "/" else "modulo"

    def rule(show: Print, call: Call) -> str:
        left, right = map(show, call.arguments)
        divisor = call.arguments[1]
        if isinstance(divisor, Constant) and divisor.value:
            return f"pg_{result}({left} {symbol} {right})"
        return f"pg_{result}(pg_integer_{word}({left}, {right}))"

    return rule


def _integer_rules() -> dict[str, Rule]:
    """int4pl, int48pl, int84mul, …: the digits are the bytes of the sides."""
    found: dict[str, Rule] = {}
    for left, left_bytes in _INTEGERS.items():
        for right, right_bytes in _INTEGERS.items():
            name = f"int{left_bytes}" + ("" if left == right else str(right_bytes))
            result = max(left, right)
            for suffix, symbol in _NATIVE.items():
                found[f"{name}{suffix}({left},{right})"] = _integer(symbol, result)
            found[f"{name}div({left},{right})"] = _divided("/", result)
        result = left
        found[f"{left}mod({left},{left})"] = _divided("%", result)
        found[f"mod({left},{left})"] = _divided("%", result)
        found[f"{left}um({left})"] = template(f"pg_{left}(- {{0}})")
        found[f"{left}up({left})"] = template("{0}")
        for name in (f"{left}abs", "abs"):
            found[f"{name}({left})"] = template(f"pg_{left}(CASE WHEN {{0}} < 0 THEN - {{0}} ELSE {{0}} END)")
        for name, symbol in ((f"{left}and", "&"), (f"{left}or", "|")):
            found[f"{name}({left},{left})"] = template(f"({{0}} {symbol} {{1}})")
        found[f"gcd({left},{left})"] = function("pg_gcd")
    return found


def _float_rules() -> dict[str, Rule]:
    found: dict[str, Rule] = {}
    words = {"pl": "add", "mi": "subtract", "mul": "multiply", "div": "divide"}
    for name, left, right, result in (
        ("float4", "float4", "float4", "float4"),
        ("float8", "float8", "float8", "float8"),
        ("float48", "float4", "float8", "float8"),
        ("float84", "float8", "float4", "float8"),
    ):
        for suffix, word in words.items():
            found[f"{name}{suffix}({left},{right})"] = function(f"pg_{result}_{word}")
    for type_ in ("float4", "float8"):
        found[f"{type_}um({type_})"] = template("(- {0})")
        found[f"{type_}up({type_})"] = template("{0}")
        found |= {f"{name}({type_})": template("abs({0})") for name in (f"{type_}abs", "abs")}
    for name, target in {
        "round": "round", "dround": "round", "floor": "floor", "ceil": "ceil", "ceiling": "ceil", "trunc": "trunc",
        "sqrt": "sqrt", "dsqrt": "sqrt", "ln": "ln", "log": "log10", "log10": "log10", "exp": "exp",
    }.items():  # fmt: skip
        found[f"{name}(float8)"] = function(f"pg_float_{target}")
    for name in ("power", "pow", "dpow"):
        found[f"{name}(float8,float8)"] = function("pg_float_power")
    found["sign(float8)"] = template("CAST(sign({0}) AS REAL)")
    found["pi()"] = template("3.141592653589793")
    return found


_NUMERIC = {
    "numeric_add(numeric,numeric)": "pg_numeric_add",
    "numeric_sub(numeric,numeric)": "pg_numeric_subtract",
    "numeric_mul(numeric,numeric)": "pg_numeric_multiply",
    "numeric_div(numeric,numeric)": "pg_numeric_divide",
    "numeric_mod(numeric,numeric)": "pg_numeric_modulo",
    "mod(numeric,numeric)": "pg_numeric_modulo",
    "div(numeric,numeric)": "pg_numeric_div",
    "numeric_uminus(numeric)": "pg_numeric_negate",
    "numeric_abs(numeric)": "pg_numeric_abs",
    "abs(numeric)": "pg_numeric_abs",
    "sign(numeric)": "pg_numeric_sign",
    "round(numeric)": "pg_numeric_round",
    "round(numeric,int4)": "pg_numeric_round",
    "trunc(numeric)": "pg_numeric_trunc",
    "trunc(numeric,int4)": "pg_numeric_trunc",
    "ceil(numeric)": "pg_numeric_ceil",
    "ceiling(numeric)": "pg_numeric_ceil",
    "floor(numeric)": "pg_numeric_floor",
    "sqrt(numeric)": "pg_numeric_sqrt",
    "scale(numeric)": "pg_numeric_scale",
    "trim_scale(numeric)": "pg_trim_scale",
    "width_bucket(numeric,numeric,numeric,int4)": "pg_width_bucket",
}
RULES: dict[str, Rule] = {
    **_integer_rules(),
    **_float_rules(),
    **{key: function(name) for key, name in _NUMERIC.items()},
    "numeric_uplus(numeric)": template("{0}"),
}
