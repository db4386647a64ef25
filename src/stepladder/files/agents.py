"""What kind of device a user agent names: "bot", "tablet", "mobile", "desktop" or "other".

A heuristic on words, for a summary of traffic. The first rule that fits decides. Anybody can send any agent:
a robot that calls itself a browser counts as one.
"""

from __future__ import annotations

import re
from functools import lru_cache

# (device, any of these words, in lower case). Why the odd ones:
#   cubot        a make of telephones, no robot
#   +http        a robot's address for complaints, by convention
#   tablet pc    Internet Explorer says it on desktops that only have the tablet services installed
#   kf....       the Kindle Fire's models (KFAPWI, KFTHWA and so on)
#   android      telephones add "mobile", tablets do not:
#                https://developer.chrome.com/docs/multidevice/user-agent
_RULES = (
    (
        "bot",
        (
            r"(?<!cu)bot|robo|crawl|spider|slurp|scrap|\+http|archiver|"
            r"feed|rss|livejournal|liferea|newsblur|netnewswire|akregator|"
            r"facebookexternalhit|mediapartners-google|flipboardproxy|favicon|preview|validator|ezooms|embedly|"
            r"monitor|pingdom|uptime|nagios|check_http|headless|phantomjs|lighthouse|"
            r"curl|wget|libwww|libfetch|nutch|python-requests|python-urllib|python/|aiohttp|httpx|scrapy|go-http-client|"
            r"java/|okhttp|httpclient|ruby|php/|perl/|guzzle|node-fetch|axios|postman|apachebench|zgrab|masscan|nmap"
        ),
    ),
    ("other", r"smart-?tv|appletv|hbbtv|playstation|xbox|nintendo"),
    ("tablet", r"ipad|tablet(?! pc)|kindle|silk/|\bkf[a-z]{2,4}\b|playbook|nexus (?:7|9|10)\b"),
    (
        "mobile",
        (
            r"mobi|iphone|ipod|windows phone|iemobile|blackberry|\bbb10\b|opera mini|symbian|midp|"
            r"up\.browser|wap browser|maui|kaios|j2me|webos"
        ),
    ),
    ("tablet", r"android"),
    ("desktop", r"windows|macintosh|mac os x|darwin|x11|linux|\bcros\b|(?:free|open|net)bsd|sunos"),
)
_COMPILED = tuple((device, re.compile(words)) for device, words in _RULES)


@lru_cache(maxsize=65_536)
def device_type(agent: str) -> str:
    """The kind of device of a user agent; "other" for none ("" and "-") and for what no rule knows."""
    lowered = agent.lower()
    return next((device for device, words in _COMPILED if words.search(lowered)), "other")
