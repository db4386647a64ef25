"""Rules of bytea. SQLite's own functions serve where they count bytes, too."""

from __future__ import annotations

from stepladder.sql.rewrite.rules import Rule, function, template

_FUNCTIONS = {
    "byteacat(bytea,bytea)": "pg_bytes_concat",
    **{
        f"{name}(bytea,{numbers})": "pg_bytes_substring"
        for name in ("substr", "substring")
        for numbers in ("int4", "int4,int4")
    },
    "overlay(bytea,bytea,int4)": "pg_bytes_overlay",
    "overlay(bytea,bytea,int4,int4)": "pg_bytes_overlay",
    "position(bytea,bytea)": "pg_bytes_position",
    "btrim(bytea,bytea)": "pg_bytes_trim",
    "ltrim(bytea,bytea)": "pg_bytes_trim_left",
    "rtrim(bytea,bytea)": "pg_bytes_trim_right",
    "reverse(bytea)": "pg_bytes_reverse",
    "bit_count(bytea)": "pg_bytes_bit_count",
    "get_byte(bytea,int4)": "pg_get_byte",
    "set_byte(bytea,int4,int4)": "pg_set_byte",
    "get_bit(bytea,int8)": "pg_get_bit",
    "set_bit(bytea,int8,int4)": "pg_set_bit",
    **{f"{name}(bytea)": f"pg_{name}" for name in ("sha224", "sha256", "sha384", "sha512", "crc32")},
    "md5(bytea)": "pg_bytes_md5",
    "encode(bytea,text)": "pg_encode",
    "decode(text,text)": "pg_decode",
    "convert_from(bytea,name)": "pg_convert_from",
    "convert_to(text,name)": "pg_convert_to",
}
RULES: dict[str, Rule] = {
    **{key: function(name) for key, name in _FUNCTIONS.items()},
    "length(bytea)": template("length({0})"),
    "octet_length(bytea)": template("length({0})"),
    "bit_length(bytea)": template("(length({0}) * 8)"),
}
