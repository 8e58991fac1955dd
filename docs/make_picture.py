"""Draw the moving picture that opens the README, from the two spaces that come with the package.

    python docs/make_picture.py

Everything in it is drawn by videospace. The ball is at a height that its space was not trained on;
the digits are one of the clips that theirs was trained on. It takes about half a minute.
"""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from videospace import Context, InversionConfig, VideoSpace, invert, tasks
from videospace.clips import ball_video, drawn_digits, moving_mnist
from videospace.reports.comparison import hatched

OUT = Path(__file__).parent / "pictures" / "opening.webp"
FPS = 12
NUM_FRAMES = 25
PANEL_PX, GAP_PX, MARGIN_PX = 112, 8, 18
TITLE_PX, LABEL_PX = 34, 24
PAPER, INK, QUIET, EDGE = "#ffffff", "#1d2733", "#5b6875", "#cfd6dd"

Panel = UInt8[np.ndarray, "time height width 3"]
Row = tuple[str, list[tuple[str, Panel]]]


def render(space: VideoSpace, latents: Tensor) -> list[Panel]:
    """Videos at the size of a panel, whatever size the space was trained at."""
    return list(space.render(latents, height=PANEL_PX))


def completed(space: VideoSpace, context: Context) -> Panel:
    """What the space makes of a context."""
    found = invert(space, [context], InversionConfig(max_steps=300))
    return render(space, found.latents)[0]


def shown(context: Context) -> Panel:
    """A context, with the pixels that the space is not shown hatched."""
    frames = zip(context.video, context.observed, strict=True)
    return np.stack([hatched(frame, observed, (PANEL_PX, PANEL_PX)) for frame, observed in frames])


def enlarged(video: Panel) -> Panel:
    """A video at the size of a panel, by Pillow."""
    size = (PANEL_PX, PANEL_PX)
    images = [Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC) for frame in video]
    return np.stack([np.array(image) for image in images])


def rows() -> list[Row]:
    """What the picture shows, from above."""
    balls = VideoSpace.from_pretrained("bouncing-ball")
    digits = VideoSpace.from_pretrained("moving-mnist")
    walk = render(balls, balls.interpolate(balls.ids[0], balls.ids[-1], steps=7))
    new = ball_video(20.3)  # in px; between two of the heights that were trained on
    future = tasks.prediction(new, num_observed=4)
    clip = next(moving_mnist(drawn_digits(), num_clips=len(digits.ids)))[5]
    sparse = tasks.sparse(clip, 0.25)
    return [
        (
            "Interpolate: between two clips lie other clips",
            list(zip(["a clip", *["new"] * 5, "a clip"], walk, strict=True)),
        ),
        (
            "Complete: the space fills in what it was not shown",
            [
                ("its first 4 frames", shown(future)),
                ("completed", completed(balls, future)),
                ("truth", enlarged(new)),
                ("25 % of its pixels", shown(sparse)),
                ("completed", completed(digits, sparse)),
                ("truth", enlarged(clip)),
            ],
        ),
    ]


def draw(content: list[Row], time: int) -> Image.Image:
    """One frame of the picture."""
    widest = max(len(panels) for _, panels in content)
    width = 2 * MARGIN_PX + widest * (PANEL_PX + GAP_PX) - GAP_PX
    row_px = TITLE_PX + PANEL_PX + LABEL_PX
    picture = Image.new("RGB", (width, MARGIN_PX + len(content) * (row_px + GAP_PX)), PAPER)
    pen = ImageDraw.Draw(picture)
    title, label = ImageFont.load_default(19), ImageFont.load_default(14)
    for number, (text, panels) in enumerate(content):
        top = MARGIN_PX + number * (row_px + GAP_PX)
        pen.text((MARGIN_PX, top), text, INK, title)
        shift_px = width - 2 * MARGIN_PX - len(panels) * (PANEL_PX + GAP_PX) + GAP_PX
        for column, (name, video) in enumerate(panels):
            left, high = MARGIN_PX + column * (PANEL_PX + GAP_PX), top + TITLE_PX
            left += shift_px if column >= len(panels) / 2 else 0  # two examples in a row
            frame = video[min(time, len(video) - 1)]
            picture.paste(Image.fromarray(frame), (left, high))
            pen.rectangle((left - 1, high - 1, left + PANEL_PX, high + PANEL_PX), outline=EDGE)
            middle = (left + PANEL_PX / 2, high + PANEL_PX + 5)
            pen.text(middle, name, QUIET, label, anchor="ma")
    return picture


def main() -> None:
    """Write the picture."""
    content = rows()
    first, *others = [draw(content, time) for time in range(NUM_FRAMES)]
    OUT.parent.mkdir(exist_ok=True)
    first.save(
        OUT,
        save_all=True,
        append_images=others,
        duration=1000 // FPS,
        loop=0,
        quality=80,
        method=6,
    )
    print(f"{OUT}: {OUT.stat().st_size / 1000:.0f} kB, {first.width}×{first.height} px")


if __name__ == "__main__":
    main()
