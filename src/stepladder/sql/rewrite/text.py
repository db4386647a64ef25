"""Rules of the text functions."""

from __future__ import annotations

from collections.abc import Callable

from stepladder.sql.infer.tree import Call, Expression, SetCall
from stepladder.sql.rewrite.casts import as_text
from stepladder.sql.rewrite.characters import padded
from stepladder.sql.rewrite.rules import Print, Rule, function, template

_FUNCTIONS = {
    "upper(text)": "pg_upper",
    "lower(text)": "pg_lower",
    "initcap(text)": "pg_initcap",
    "left(text,int4)": "pg_left",
    "right(text,int4)": "pg_right",
    "substr(text,int4)": "pg_substring",
    "substr(text,int4,int4)": "pg_substring",
    "substring(text,int4)": "pg_substring",
    "substring(text,int4,int4)": "pg_substring",
    "split_part(text,text,int4)": "pg_split_part",
    "replace(text,text,text)": "pg_replace",
    "lpad(text,int4)": "pg_lpad",
    "lpad(text,int4,text)": "pg_lpad",
    "rpad(text,int4)": "pg_rpad",
    "rpad(text,int4,text)": "pg_rpad",
    "repeat(text,int4)": "pg_repeat",
    "reverse(text)": "pg_reverse",
    "strpos(text,text)": "pg_position",
    "position(text,text)": "pg_position",
    "translate(text,text,text)": "pg_translate",
    "btrim(text)": "pg_trim",
    "btrim(text,text)": "pg_trim",
    "ltrim(text)": "pg_trim_left",
    "ltrim(text,text)": "pg_trim_left",
    "rtrim(text)": "pg_trim_right",
    "rtrim(text,text)": "pg_trim_right",
    "starts_with(text,text)": "pg_starts_with",
    "md5(text)": "pg_md5",
    "ascii(text)": "pg_ascii",
    "chr(int4)": "pg_chr",
    "octet_length(text)": "pg_octet_length",
    "bit_length(text)": "pg_bit_length",
    "overlay(text,text,int4)": "pg_overlay",
    "overlay(text,text,int4,int4)": "pg_overlay",
    **{
        f"to_{name}({type_})": f"pg_to_{name}{type_[3:]}"
        for name in ("hex", "bin", "oct")
        for type_ in ("int4", "int8")
    },
    "unistr(text)": "pg_unistr",
    **{f"normalize({types})": "pg_normalize" for types in ("text", "text,text")},
    **{f"is_normalized({types})": "pg_is_normalized" for types in ("text", "text,text")},
    "quote_literal(text)": "pg_quote_literal",
    "quote_nullable(text)": "pg_quote_nullable",
    "quote_ident(text)": "pg_quote_ident",
    "string_to_array(text,text)": "pg_string_to_array",
    "string_to_array(text,text,text)": "pg_string_to_array",
}


def _concat(name: str) -> Rule:
    """concat and concat_ws take values of any type, as text; `t` and `f` for boolean."""

    def rule(show: Print, call: Call) -> str:
        return f"{name}({', '.join(_output(show, node) for node in call.arguments)})"

    return rule


def _output(show: Print, node: Expression) -> str:
    """A value of any type as its output function prints it."""
    if node.type.name == "bool":
        return f"(CASE {show(node)} WHEN 1 THEN 't' WHEN 0 THEN 'f' END)"
    return padded(show, node) if node.type.name == "bpchar" else as_text(show(node), node)


def _quoted(name: str) -> Rule:
    """quote_literal() and quote_nullable() of a value of any type, as text."""

    def rule(show: Print, call: Call) -> str:
        (node,) = call.arguments
        return f"{name}({as_text(show(node), node)})"

    return rule


def _joined(show: Print, call: Call) -> str:
    """text || anything, and the other way round."""
    left, right = (_as_operand(show, node) for node in call.arguments)
    return f"({left} || {right})"


def _as_operand(show: Print, node: Expression) -> str:
    return as_text(show(node), node)


RULES: dict[str, Rule] = {
    **{key: function(name) for key, name in _FUNCTIONS.items()},
    "length(text)": template("length({0})"),
    "char_length(text)": template("length({0})"),
    "character_length(text)": template("length({0})"),
    "length(bpchar)": template("length({0})"),
    "char_length(bpchar)": template("length({0})"),
    "character_length(bpchar)": template("length({0})"),
    "octet_length(bpchar)": lambda show, call: f"pg_octet_length({padded(show, call.arguments[0])})",
    **{
        f"text_pattern_{word}(text,text)": template(f"({{0}} {symbol} {{1}})")
        for word, symbol in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))
    },
    "textcat(text,text)": template("({0} || {1})"),
}
# Any number of arguments, of any type: the key is the name.
OPEN_RULES: dict[str, Rule] = {
    "concat": _concat("pg_concat"),
    "format": _concat("pg_format"),
    "quote_literal": _quoted("pg_quote_literal"),
    "quote_nullable": _quoted("pg_quote_nullable"),
    "concat_ws": _concat("pg_concat_ws"),
    "anytextcat": _joined,
    "textanycat": _joined,
}


def _rows(show: Print, call: SetCall) -> str:
    return f"pg_string_to_rows({', '.join(map(show, call.arguments))})"


ROWS: dict[str, Callable[[Print, SetCall], str]] = {
    "string_to_table(text,text)": _rows,
    "string_to_table(text,text,text)": _rows,
}
