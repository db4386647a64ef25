"""Rules of the text functions."""

from __future__ import annotations

from stepladder.sql.infer.context import refuse
from stepladder.sql.infer.tree import Call, Expression
from stepladder.sql.rewrite.casts import as_text
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
    "textlike(text,text)": "pg_like",
    "texticlike(text,text)": "pg_ilike",
}


def _concat(name: str) -> Rule:
    """concat and concat_ws take values of any type, as text; `t` and `f` for boolean."""

    def rule(show: Print, call: Call) -> str:
        return f"{name}({', '.join(_output(show, node) for node in call.arguments)})"

    return rule


def _output(show: Print, node: Expression) -> str:
    if node.type.name == "bool":
        return f"(CASE {show(node)} WHEN 1 THEN 't' WHEN 0 THEN 'f' END)"
    if node.type.name == "bpchar":
        if node.type.length is None:
            raise refuse(
                "a value of type character without a length in concat",
                node.position,
                instead="cast it to text",
            )
        return f"pg_rpad({show(node)}, {node.type.length})"
    return as_text(show(node), node)


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
    "textnlike(text,text)": template("(NOT pg_like({0}, {1}))"),
    "texticnlike(text,text)": template("(NOT pg_ilike({0}, {1}))"),
    "textcat(text,text)": template("({0} || {1})"),
}
# Any number of arguments, of any type: the key is the name.
OPEN_RULES: dict[str, Rule] = {
    "concat": _concat("pg_concat"),
    "concat_ws": _concat("pg_concat_ws"),
    "anytextcat": _joined,
    "textanycat": _joined,
}
