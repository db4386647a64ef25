"""Rows as Arrow: types, tables, frames; COPY's binary form to columns, columns to stored values."""
