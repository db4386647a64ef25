"""A made-up shop to try Stepladder on: the same data on every machine, and facts about it that are known.

make_shop    users, events, orders and an experiment, by seed
Shop         its tables and its facts
"""

from __future__ import annotations

from stepladder.demo.shop import Facts, Shop, ShopTable, make_shop

__all__ = ["Facts", "Shop", "ShopTable", "make_shop"]
