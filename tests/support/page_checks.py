"""Checks of pages: accessibility, contrast, width, requests, and emulated preferences."""

import json
from typing import Any

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, PHONE = (1280, 800), (390, 844)

CONTRASTS = """
const channels = (text) => text.match(/[\\d.]+/g).map(Number);
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((c) => c / 255).map(
    (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (; element; element = element.parentElement) {
    const [r, g, b, alpha = 1] = channels(getComputedStyle(element).backgroundColor);
    if (alpha === 1) return [r, g, b];
  }
  return [255, 255, 255];
};
return [...document.querySelectorAll("th, td, strong, p, span, h1, h2, figcaption, button, select")]
  .filter((element) => element.textContent.trim())
  .map((element) => {
    const ink = luminance(channels(getComputedStyle(element).color).slice(0, 3));
    const paper = luminance(ground(element));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    return [ratio, element.tagName + " " + element.textContent.slice(0, 30)];
  })
  .filter(([ratio]) => ratio < 4.5);
"""
"""Script that returns all texts whose contrast is below the limit of WCAG."""

CUT_OFF = """
return [...document.querySelectorAll("header a, header select")].filter((element) => {
  const { left, right, bottom } = element.getBoundingClientRect();
  const nav = element.closest("nav") ?? element;
  const isIn = left >= 0 && right <= innerWidth && bottom <= innerHeight;
  return element.checkVisibility() && (!isIn || nav.scrollWidth > nav.clientWidth);
}).map((element) => element.textContent);
"""


def emulate(browser: Any, **features: str) -> None:
    named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": named})


def room_and_width(browser: Any, width: int) -> tuple[int, int]:
    """The width in px that a window has for its page, and the width that the page takes."""
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        room, wide = browser.execute_script(
            "const root = document.documentElement; return [root.clientWidth, root.scrollWidth]"
        )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    return room, wide


def cut_off(page: Any) -> list[str]:
    """What stands in the header and does not fit."""
    return page.execute_script(CUT_OFF)


def asked_since(browser: Any) -> list[str]:
    """All addresses that were requested since the performance log was last read."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def resize(page: Any, width: int, height: int, scale: float = 1) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer(browser: Any, languages: str) -> None:
    """Let a browser prefer a language, as its settings would."""
    agent = browser.execute_script("return navigator.userAgent")
    wanted = {"userAgent": agent, "acceptLanguage": languages}
    browser.execute_cdp_cmd("Emulation.setUserAgentOverride", wanted)


def violations(page: Any) -> list[str]:
    """Violations in the light scheme on a desktop, and in the dark scheme on a phone.

    Colors do not depend on the width, and positions do not depend on the colors.
    """
    from selenium_axe_python.axe import Axe

    axe = Axe(page)
    if page.execute_script("return typeof axe === 'undefined'"):
        axe.inject()  # by the driver, because the page has a strict policy
    found = []
    for scheme, size in (("light", DESKTOP), ("dark", PHONE)):
        emulate(page, prefers_color_scheme=scheme)
        resize(page, *size)
        page.execute_script("scrollTo(0, 0)")  # else the header may stand over half a button
        result = axe.run(options={"runOnly": RULES, "resultTypes": ["violations"]})
        found += [
            f"{rule['id']} ({scheme}, {size[0]} px): {node['target']} {node['failureSummary']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
    return found
