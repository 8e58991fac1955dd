"""Accessibility violations of a page by the rules of WCAG 2.2 AA, found by axe-core."""

from typing import Any

from tests.support.page_looks import emulate

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, PHONE = (1280, 800), (390, 844)


def resize(page: Any, width: int, height: int, scale: float = 1) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def violations(page: Any) -> list[str]:
    """Violations in the light scheme on a desktop, and in the dark scheme on a phone.

    Colors do not depend on the width, and positions do not depend on the colors.
    """
    from selenium_axe_python import Axe

    axe = Axe(page)
    if page.execute_script("return typeof axe === 'undefined'"):
        axe.inject()  # by the driver, because the page has a strict policy
    found = []
    for scheme, size in (("light", DESKTOP), ("dark", PHONE)):
        emulate(page, prefers_color_scheme=scheme)
        resize(page, *size)
        result = axe.run(options={"runOnly": RULES, "resultTypes": ["violations"]})
        found += [
            f"{rule['id']} ({scheme}, {size[0]} px): {node['target']} {node['failureSummary']}"
            for rule in result["violations"]
            for node in rule["nodes"]
        ]
    return found
