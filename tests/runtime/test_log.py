import io
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from videospace.runtime.errors import UserError
from videospace.runtime.log import RunLog, plot_metrics, read_metrics, seconds_left


def write_run(folder, steps, **settings):
    with RunLog(folder, progress=False, **settings) as log:
        for step in steps:
            log.record(
                step=step, points=1000 * step, seconds=0.5 * step, psnr_db=20.0 + step, loss=0.1
            )


class TestMetrics:
    def test_a_record_is_one_line_of_json(self, tmp_path):
        write_run(tmp_path / "new" / "folder", [3])
        line = (tmp_path / "new" / "folder" / "metrics.jsonl").read_text()
        assert line == (
            '{"step": 3, "points": 3000, "seconds": 1.5, "psnr_db": 23.0, "loss": 0.1}\n'
        )

    def test_every_record_is_on_disk_at_once(self, tmp_path):
        with RunLog(tmp_path, progress=False) as log:
            for step in (1, 2):
                log.record(step=step, points=step, seconds=0.1)
                assert [record["step"] for record in read_metrics(tmp_path)][-1] == step

    def test_a_process_that_is_killed_keeps_its_records(self, tmp_path):
        script = (
            "import os, pathlib, sys; from videospace.runtime.log import RunLog;"
            "log = RunLog(pathlib.Path(sys.argv[1]));"
            "log.record(step=1, points=1, seconds=0.1); os.kill(os.getpid(), 9)"
        )
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
        assert read_metrics(tmp_path) == [{"step": 1, "points": 1, "seconds": 0.1}]

    def test_what_is_not_finite_is_null(self, tmp_path):
        with RunLog(tmp_path, progress=False) as log:
            log.record(step=1, points=1, seconds=0.1, loss=float("nan"), psnr_db=float("inf"))
        assert read_metrics(tmp_path)[0]["loss"] is None
        assert read_metrics(tmp_path)[0]["psnr_db"] is None

    def test_a_new_run_drops_an_earlier_file(self, tmp_path):
        write_run(tmp_path, [1, 2, 3])
        write_run(tmp_path, [1])
        assert [record["step"] for record in read_metrics(tmp_path)] == [1]

    @pytest.mark.parametrize("resume_step", [0, 1, 4, 7, 9])
    def test_a_resumed_run_leaves_the_file_of_an_uninterrupted_one(self, tmp_path, resume_step):
        write_run(tmp_path / "whole", range(1, 10))
        write_run(tmp_path / "resumed", range(1, 8))
        start = min(resume_step, 7)
        write_run(tmp_path / "resumed", range(start + 1, 10), resume_step=resume_step)
        files = [tmp_path / name / "metrics.jsonl" for name in ("whole", "resumed")]
        assert files[0].read_text() == files[1].read_text()

    def test_resuming_mends_a_line_that_was_cut_short(self, tmp_path):
        write_run(tmp_path / "whole", range(1, 6))
        write_run(tmp_path / "cut", range(1, 4))
        path = tmp_path / "cut" / "metrics.jsonl"
        path.write_bytes(path.read_bytes()[:-9])
        write_run(tmp_path / "cut", range(3, 6), resume_step=2)
        assert path.read_text() == (tmp_path / "whole" / "metrics.jsonl").read_text()

    def test_resuming_where_no_file_is_left_starts_one(self, tmp_path):
        write_run(tmp_path, [8], resume_step=7)
        assert [record["step"] for record in read_metrics(tmp_path)] == [8]

    @given(st.integers(0, 500))
    def test_a_file_cut_anywhere_gives_its_whole_lines(self, tmp_path_factory, cut):
        folder = tmp_path_factory.mktemp("run")
        write_run(folder, range(1, 5))
        path = folder / "metrics.jsonl"
        content = path.read_bytes()[:cut]
        path.write_bytes(content)
        assert len(read_metrics(folder)) == content.count(b"\n")

    def test_a_damaged_line_in_the_middle_is_named(self, tmp_path):
        write_run(tmp_path, range(1, 4))
        path = tmp_path / "metrics.jsonl"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text(lines[0] + "{broken\n" + lines[2])
        with pytest.raises(UserError, match="line 2"):
            read_metrics(tmp_path)

    def test_a_folder_without_a_run(self, tmp_path):
        with pytest.raises(UserError, match=r"no metrics\.jsonl"):
            read_metrics(tmp_path)

    def test_a_folder_that_cannot_be_made(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match="cannot write the log"):
            RunLog(tmp_path / "file", progress=False)

    def test_a_full_disk(self, tmp_path):
        class FullDisk(io.StringIO):
            name = str(tmp_path / "metrics.jsonl")

            def flush(self):
                raise OSError(28, "No space left on device")

            close = flush

        log = RunLog(tmp_path, progress=False)
        log._file.close()
        log._file = FullDisk()
        with pytest.raises(UserError, match="No space left"), log:
            log.record(step=1, points=1, seconds=0.1)


class TestProgress:
    def bar(self, tmp_path, capsys, *records, **settings):
        """The last state of the bar that these records lead to."""
        with RunLog(tmp_path, progress=True, **settings) as log:
            for record in records:
                log.record(**record)
        return re.split(r"[\r\n]", capsys.readouterr().err.strip())[-1]

    def test_psnr_rate_and_time_left(self, tmp_path, capsys):
        last = {"step": 2, "points": 5_000_000, "seconds": 4.0, "psnr_db": 31.26}
        first = {"step": 1, "points": 1_000_000, "seconds": 2.0, "psnr_db": 20.0}
        line = self.bar(tmp_path, capsys, first, last, total_points=20_000_000)
        assert line.startswith(" 25%|")
        assert line.endswith("| 31.3 dB, 2.00 M points/s, 00:12 left")

    def test_the_fraction_given_goes_before_the_points(self, tmp_path, capsys):
        record = {"step": 1, "points": 10, "seconds": 30.0, "fraction": 0.5}
        line = self.bar(tmp_path, capsys, record, total_points=1000)
        assert line.startswith(" 50%|")
        assert line.endswith("00:30 left")

    def test_without_an_end_there_is_no_time_left(self, tmp_path, capsys):
        line = self.bar(tmp_path, capsys, {"step": 1, "points": 10, "seconds": 1.0})
        assert line.startswith("  0%|")
        assert "left" not in line

    def test_after_the_end_the_bar_stays_full(self, tmp_path, capsys):
        record = {"step": 1, "points": 12, "seconds": 1.0}
        assert self.bar(tmp_path, capsys, record, total_points=10).startswith("100%|")

    def test_a_resumed_run_takes_its_pace_from_this_sitting(self, tmp_path, capsys):
        write_run(tmp_path, range(1, 11))  # 10,000 points in 5 s
        records = [
            {"step": 20, "points": 20_000, "seconds": 10.0},
            {"step": 30, "points": 30_000, "seconds": 30.0},
        ]
        line = self.bar(tmp_path, capsys, *records, total_points=40_000, resume_step=10)
        assert line.startswith(" 75%|")
        assert line.endswith("0.00 M points/s, 00:20 left")

    def test_showing_keeps_nothing(self, tmp_path, capsys):
        with RunLog(tmp_path, total_points=100, progress=True) as log:
            log.show(points=40, seconds=1.0, psnr_db=25.0)
        assert read_metrics(tmp_path) == []
        assert " 40%|" in capsys.readouterr().err

    @pytest.mark.parametrize("progress", [None, False])
    def test_silent_away_from_a_terminal(self, tmp_path, capsys, progress):
        with RunLog(tmp_path, total_points=10, progress=progress) as log:
            log.record(step=1, points=5, seconds=1.0)
        captured = capsys.readouterr()
        assert captured.out + captured.err == ""

    def test_no_time_left_is_told_before_anything_is_done(self):
        assert seconds_left(0.5, 9.0, 0.5, 3.0) is None
        assert seconds_left(1.0, 9.0, 0.5, 3.0) == 0.0


class TestTensorBoard:
    def test_without_the_extra_the_message_names_it_and_the_run_is_untouched(
        self, tmp_path, monkeypatch
    ):
        write_run(tmp_path, [1, 2])
        monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
        with pytest.raises(UserError) as caught:
            RunLog(tmp_path, tensorboard=True, progress=False)
        assert str(caught.value) == (
            "TensorBoard needs the 'log' extra, which is not installed: "
            'pip install "videospace[log]"'
        )
        assert len(read_metrics(tmp_path)) == 2

    @pytest.mark.tensorboard
    def test_scalars_can_be_read_back_and_a_resumed_run_replaces_them(self, tmp_path):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        write_run(tmp_path, [1, 2, 3], tensorboard=True)
        write_run(tmp_path, [3, 4], tensorboard=True, resume_step=2)
        events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
        assert set(events.Tags()["scalars"]) == {"psnr_db", "loss"}
        recorded = [(event.step, event.value) for event in events.Scalars("psnr_db")]
        assert recorded == [(1, 21.0), (2, 22.0), (3, 23.0), (4, 24.0)]


class TestPlot:
    def test_the_curve_is_drawn(self, tmp_path):
        write_run(tmp_path, range(1, 30))
        plot_metrics(tmp_path, tmp_path / "curve.png")
        with Image.open(tmp_path / "curve.png") as image:
            assert image.format == "PNG"
            assert image.width > image.height > 200
            colors = np.asarray(image.convert("RGB")).reshape(-1, 3)
        assert (np.abs(colors - np.array([31, 119, 180])).sum(axis=1) < 10).sum() > 200
        assert sorted(os.listdir(tmp_path)) == ["curve.png", "metrics.jsonl"]

    def test_records_without_psnr_are_passed_over(self, tmp_path):
        (tmp_path / "metrics.jsonl").write_text(
            "".join(
                json.dumps({"step": step, "seconds": step, "psnr_db": psnr_db}) + "\n"
                for step, psnr_db in enumerate([20.0, None, 22.0])
            )
            + json.dumps({"step": 3, "seconds": 3, "heldout_psnr_db": 21.0})
            + "\n"
        )
        plot_metrics(tmp_path, tmp_path / "curve.png")
        assert (tmp_path / "curve.png").stat().st_size > 1000

    def test_a_run_without_any_psnr(self, tmp_path):
        with RunLog(tmp_path, progress=False) as log:
            log.record(step=1, points=1, seconds=0.1)
        with pytest.raises(UserError, match="psnr_db"):
            plot_metrics(tmp_path, tmp_path / "curve.png")
        assert not (tmp_path / "curve.png").exists()
