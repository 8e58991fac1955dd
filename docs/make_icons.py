"""Draw the icons of the studio for home screens, from its ``icon.svg``. It needs Chromium.

python docs/make_icons.py
"""

import base64
import shutil
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

STATIC = Path(__file__).parents[1] / "src" / "videospace" / "studio" / "static"
GROUND = "#1f5f5b"
"""The color of the icon, up to the edges where the device cuts its shape out."""
ICONS = {"192": (192, False), "512": (512, False), "maskable-512": (512, True), "180": (180, True)}
"""By name, the side in px, and whether the device cuts the shape out (iOS: 180)."""


def main() -> None:
    """Draw all icons."""
    (STATIC / "icons").mkdir(exist_ok=True)
    drawing = base64.b64encode((STATIC / "icon.svg").read_bytes()).decode()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        transparent = {"color": {"r": 0, "g": 0, "b": 0, "a": 0}}
        browser.execute_cdp_cmd("Emulation.setDefaultBackgroundColorOverride", transparent)
        for name, (side, is_full) in ICONS.items():
            ground = GROUND if is_full else "transparent"
            browser.get(
                f'data:text/html,<body style="margin:0;background:{ground.replace("#", "%23")}">'
                f'<img src="data:image/svg%2Bxml;base64,{drawing}" width="{side}" height="{side}">'
            )
            clip = {"x": 0, "y": 0, "width": side, "height": side, "scale": 1}
            drawn = browser.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
            (STATIC / "icons" / f"{name}.png").write_bytes(base64.b64decode(drawn["data"]))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
