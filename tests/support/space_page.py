"""Actions on the page of the video spaces."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from tests.support.page_actions import wait


def wait_for_rest(browser: Any) -> None:
    """Wait until the fine strip of the newest position is shown."""
    wait(browser, "byId('player').dataset.quality === 'fine'")


SHIFT = 8
"""Number of the Shift key among those that are held down."""


def drag(browser: Any, element: str, *positions: tuple[float, float], held: int = 0) -> None:
    """Press at the first position and drag over the others, in fractions of the element."""
    box = browser.execute_script(
        "const e = document.getElementById(arguments[0]); e.scrollIntoView({block: 'center'});"
        "return e.getBoundingClientRect().toJSON()",
        element,
    )
    for number, (x, y) in enumerate(positions):
        kind = "mousePressed" if number == 0 else "mouseMoved"
        at = box["left"] + x * box["width"], box["top"] + y * box["height"]
        mouse(browser, kind, *at, held)
    mouse(browser, "mouseReleased", *at, held)


def mouse(browser: Any, kind: str, x: float, y: float, held: int = 0) -> None:
    button = {"button": "left", "buttons": 1, "clickCount": 1, "modifiers": held}
    event = {"type": kind, "x": x, "y": y, "pointerType": "mouse"}
    browser.execute_cdp_cmd("Input.dispatchMouseEvent", event | button)


def middle(browser: Any, selector: str) -> tuple[float, float]:
    """Where an element is, in px of the window."""
    box = browser.execute_script(
        "const e = document.querySelector(arguments[0]);"
        "(e.ownerSVGElement ?? e).scrollIntoView({block: 'center'});"
        "return e.getBoundingClientRect().toJSON()",
        selector,
    )
    return box["left"] + box["width"] / 2, box["top"] + box["height"] / 2


def keys(browser: Any, *pressed: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(*pressed).perform()


def pixels(browser: Any, canvas: str) -> np.ndarray:
    script = "return document.getElementById(arguments[0]).toDataURL()"
    content = browser.execute_script(script, canvas).partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")).astype(int)
