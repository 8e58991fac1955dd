"""Actions on the studio's pages."""

from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 120.0
"""How long a test waits before it fails, on a busy machine."""


def wait(browser: Any, condition: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition in JavaScript holds."""
    script = f"const byId = (id) => document.getElementById(id); return {condition}"
    notice = "return document.getElementById('notice')?.textContent"
    try:
        wait_for(browser, lambda: browser.execute_script(script), seconds)
    except AssertionError:
        shown = browser.execute_script(notice)
        console = [entry["message"] for entry in browser.get_log("browser")]
        raise AssertionError(
            f"not true after {seconds} s: {condition}; notice: {shown}; console: {console}"
        ) from None


def wait_for(
    browser: Any, condition: Callable[[], object], seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until a function returns something true."""
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.support.ui import WebDriverWait

    try:
        WebDriverWait(browser, seconds, poll_frequency=0.1).until(lambda _: condition())
    except TimeoutException:
        raise AssertionError(f"not true after {seconds} s") from None


def wait_for_frames(browser: Any, number: int = 5) -> None:
    """Wait until the browser has drawn a number of frames."""
    browser.execute_async_script(
        "const [number, done] = arguments; let left = number;"
        "const next = () => (left-- > 0 ? requestAnimationFrame(next) : done()); next()",
        number,
    )


def forget_all(browser: Any, address: str) -> None:
    """Let a browser forget what the pages at an address have stored; none of them is open then."""
    browser.get(f"{address}icon.svg")  # where no script of a page can store anything again
    browser.execute_script("localStorage.clear(); sessionStorage.clear()")


def open_anew(browser: Any, address: str) -> None:
    """Open the page at an address as for the first time."""
    forget_all(browser, address)
    browser.get(address)


def wait_for_camera(browser: Any) -> None:
    wait(browser, "byId('preview').videoWidth > 0 && !byId('record').disabled")


def press(browser: Any, selector: str) -> None:
    """Press what a selector names, also if the page fills its list anew meanwhile."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.common.by import By

    for is_last in (False, False, True):
        element = browser.find_element(By.CSS_SELECTOR, selector)
        try:
            browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            return element.click()
        except StaleElementReferenceException:
            if is_last:
                raise


def type_into(browser: Any, element_id: str, text: str) -> None:
    from selenium.webdriver.common.by import By

    browser.find_element(By.ID, element_id).send_keys(text)


def texts(browser: Any, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
    return browser.execute_script(script, selector)


def show_page(browser: Any, name: str) -> None:
    """Open a page by its link in the header."""
    press(browser, f"[data-page={name}]")
    wait(browser, f"!byId('{name}').hidden")


def ask(browser: Any, path: str) -> Any:
    """The studio's answer to a request of the page."""
    return browser.execute_async_script(
        "const [path, done] = arguments;"
        "import('/shared/api.js').then((api) => api.ask('GET', path)).then(done)",
        path.removeprefix("/api"),
    )
