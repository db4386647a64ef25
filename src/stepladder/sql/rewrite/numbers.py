"""Rules of arithmetic and of the numbers' functions."""

from __future__ import annotations

from contextlib import suppress

from stepladder.errors import ProgrammingError
from stepladder.sql.functions import trigonometry
from stepladder.sql.functions.number_patterns import number_pattern
from stepladder.sql.infer.tree import Call, Constant, Reference
from stepladder.sql.rewrite.rules import Print, Rule, function, template

_INTEGERS = {"int2": 2, "int4": 4, "int8": 8}
_NATIVE = {"pl": "+", "mi": "-", "mul": "*"}


def _integer(symbol: str, result: str) -> Rule:
    """SQLite makes a float of what 64 bits do not hold: of bigints it can tell that itself."""
    if result != "int8":
        return template(f"pg_{result}({{0}} {symbol} {{1}})")

    def rule(show: Print, call: Call) -> str:
        left, right = map(show, call.arguments)
        found = f"{left} {symbol} {right}"
        if all(isinstance(each, Reference | Constant) for each in call.arguments):
            return f"(CASE WHEN typeof({found}) = 'real' THEN pg_int8({found}) ELSE {found} END)"
        return f"pg_int8({found})"

    return rule


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
        found |= _bit_rules(left, _INTEGERS[left] * 8)
        found[f"gcd({left},{left})"] = template(f"pg_{left}(pg_gcd({{0}}, {{1}}))")
        found[f"lcm({left},{left})"] = template(f"pg_{left}(pg_lcm({{0}}, {{1}}))")
    return found


def _bit_rules(type_: str, bits: int) -> dict[str, Rule]:
    pair = f"({type_},{type_})"
    return {
        f"{type_}and{pair}": template("({0} & {1})"),
        f"{type_}or{pair}": template("({0} | {1})"),
        f"{type_}xor{pair}": function("pg_xor"),
        f"{type_}not({type_})": template("(~ {0})"),
        f"{type_}shl({type_},int4)": function("pg_shift_left", str(bits)),
        f"{type_}shr({type_},int4)": function("pg_shift_right", str(bits)),
    }


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
        found[f"{type_}um({type_})"] = template("(-1.0 * {0})")  # SQLite's own minus loses the sign of -0.0
        found[f"{type_}up({type_})"] = template("{0}")
        found |= {f"{name}({type_})": template("abs({0})") for name in (f"{type_}abs", "abs")}
    for name, target in {
        "round": "round", "dround": "round", "floor": "floor", "ceil": "ceil", "ceiling": "ceil", "trunc": "trunc",
        "sqrt": "sqrt", "dsqrt": "sqrt", "ln": "ln", "log": "log10", "log10": "log10", "exp": "exp",
        "cbrt": "cbrt", "dcbrt": "cbrt", "dexp": "exp", "dlog1": "ln", "dlog10": "log10", "dtrunc": "trunc",
    }.items():  # fmt: skip
        found[f"{name}(float8)"] = function(f"pg_float_{target}")
    for name in ("power", "pow", "dpow"):
        found[f"{name}(float8,float8)"] = function("pg_float_power")
    for name in trigonometry.NAMES:
        found[f"{name}(float8)"] = function(f"pg_{name}")
    found["atan2(float8,float8)"] = function("pg_atan2")
    found["width_bucket(float8,float8,float8,int4)"] = template(
        "pg_int4(pg_float_bucket({0}, {1}, {2}, {3}))"
    )
    found["sign(float8)"] = template("CAST(sign({0}) AS REAL)")
    found["pi()"] = template("3.141592653589793")
    return found


def _formatted(name: str) -> Rule:
    def rule(show: Print, call: Call) -> str:
        value, pattern = call.arguments
        if isinstance(pattern, Constant) and pattern.value is not None:
            with suppress(ProgrammingError):  # an error of a row that has a value
                number_pattern(pattern.value)  # refuses what it does not know before anything runs
        return f"{name}({show(value)}, {show(pattern)})"

    return rule


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
    "exp(numeric)": "pg_numeric_exp",
    "ln(numeric)": "pg_numeric_ln",
    "log(numeric)": "pg_numeric_log",
    "log10(numeric)": "pg_numeric_log",
    "log(numeric,numeric)": "pg_numeric_log",
    **dict.fromkeys(
        ("power(numeric,numeric)", "pow(numeric,numeric)", "numeric_power(numeric,numeric)"),
        "pg_numeric_power",
    ),
    "gcd(numeric,numeric)": "pg_numeric_gcd",
    "lcm(numeric,numeric)": "pg_numeric_lcm",
    "factorial(int8)": "pg_factorial",
    "min_scale(numeric)": "pg_min_scale",
    "scale(numeric)": "pg_numeric_scale",
    "trim_scale(numeric)": "pg_trim_scale",
}
RULES: dict[str, Rule] = {
    **_integer_rules(),
    **_float_rules(),
    **{key: function(name) for key, name in _NUMERIC.items()},
    "numeric_uplus(numeric)": template("{0}"),
    "width_bucket(numeric,numeric,numeric,int4)": template("pg_int4(pg_width_bucket({0}, {1}, {2}, {3}))"),
    "to_char(int4,text)": _formatted("pg_format_int4"),
    **{f"to_char({name},text)": _formatted("pg_format_number") for name in ("int8", "numeric")},
    "to_char(float4,text)": _formatted("pg_format_float4"),
    "to_char(float8,text)": _formatted("pg_format_float"),
    "to_number(text,text)": _formatted("pg_to_number"),
    # 53 random bits: each of them a new draw, for each row
    "random()": template("((random() & 9007199254740991) / 9007199254740992.0)"),
    **{f"random({name},{name})": function("pg_random_integer", "random()") for name in ("int4", "int8")},
    "random(numeric,numeric)": function("pg_random_numeric", "random()", "random()"),
}
