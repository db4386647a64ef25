from __future__ import annotations

import pytest

from stepladder.files.agents import device_type

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"


@pytest.mark.parametrize(
    ("device", "agent"),
    [
        ("other", ""),
        ("other", "-"),
        ("other", "Mozilla/5.0"),
        ("bot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        (
            "bot",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 6_0 like Mac OS X) Mobile/10A (compatible; Googlebot/2.1)",
        ),
        ("bot", "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/)"),
        ("bot", "Baiduspider+(+http://www.baidu.com/search/spider.htm)"),
        ("bot", "Feedfetcher-Google; (+http://www.google.com/feedfetcher.html; 16 subscribers)"),
        ("bot", "Tiny Tiny RSS/1.11 (http://tt-rss.org/)"),
        ("bot", "curl/8.5.0"),
        ("bot", "Wget/1.21"),
        ("bot", "python-requests/2.31"),
        ("bot", f"Mozilla/5.0 (X11; Linux x86_64) {CHROME} HeadlessChrome/120.0"),
        ("mobile", f"Mozilla/5.0 (Linux; Android 9; CUBOT X19) {CHROME} Mobile Safari/537.36"),
        ("mobile", f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME} Mobile Safari/537.36"),
        ("mobile", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148"),
        ("mobile", "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0)"),
        ("mobile", "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1) Presto/2.8.119"),
        ("tablet", "Mozilla/5.0 (iPad; CPU OS 7_0_4 like Mac OS X) Version/7.0 Mobile/11B554a"),
        ("tablet", f"Mozilla/5.0 (Linux; Android 14; SM-X710) {CHROME} Safari/537.36"),
        ("tablet", "Mozilla/5.0 (Linux; U; en-us; KFAPWI Build/JDQ39) Silk/3.13 Safari/535.19"),
        ("tablet", "Mozilla/5.0 (Android 13; Tablet; rv:120.0) Gecko/120.0 Firefox/120.0"),
        ("desktop", f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36"),
        ("desktop", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Tablet PC 2.0)"),
        ("desktop", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) Version/7.0.1 Safari/537.73.11"),
        ("desktop", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)"),
        ("other", "Mozilla/5.0 (PlayStation 4 3.11) AppleWebKit/537.73"),
        ("other", "Mozilla/5.0 (Linux; SMART-TV; Tizen 2.4.0)"),
    ],
)
def test_device(device: str, agent: str) -> None:
    assert device_type(agent) == device
