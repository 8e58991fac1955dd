"""A voice that says nothing and writes down what it was asked to say."""

from typing import Any

TEST_VOICE = '{ name: "Test", lang: "en-US" }'

_DEVICE_VOICE = """
window.spoken = [];
window.deviceVoices = [VOICES];
window.SpeechSynthesisUtterance = class extends EventTarget {
  constructor(text) { super(); this.text = text; }
};
SpeechSynthesis.prototype.getVoices = () => window.deviceVoices;
SpeechSynthesis.prototype.speak = (utterance) => {
  window.spoken.push(utterance.text);
  if (utterance.voice.fails) {
    const event = Object.assign(new Event("error"), { error: utterance.voice.fails });
    setTimeout(() => utterance.dispatchEvent(event));
    return;
  }
  setTimeout(() => utterance.dispatchEvent(new Event("start")));
  setTimeout(() => utterance.dispatchEvent(new Event("end")));
};
"""


def device_voices(*voices: str) -> str:
    """A script that replaces the browser's speech: ``window.spoken`` holds the texts.

    Args:
        *voices: The voices of the device, as JavaScript; one whose ``fails`` names an error does
            not speak.
    """
    return _DEVICE_VOICE.replace("VOICES", ", ".join(voices))


DEVICE_VOICE = device_voices(TEST_VOICE)
"""The script for a device with one voice."""

HEARD = """
window.played = [];
HTMLAudioElement.prototype.play = function () {
  window.played.push({ source: this.currentSrc || this.src, volume: this.volume });
  setTimeout(() => this.dispatchEvent(new Event("ended")));
  return Promise.resolve();
};
"""
"""Script that replaces the playing of sounds: ``window.played`` holds their addresses."""


def install(browser: Any, *scripts: str) -> None:
    """Run scripts before every page that the browser opens from now on."""
    for script in scripts:
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
