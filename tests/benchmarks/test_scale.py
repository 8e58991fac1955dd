import pytest
from benchmarks.scale import (
    NUM_CLIPS,
    NUM_GPUS,
    Assumptions,
    ScaleOptions,
    measure,
    noise_store,
    projection,
    projections,
)

MEASURED = {
    "operations_per_point": 4e5,
    "table_bytes_per_clip": 26_632.0,
    "latent_bytes_per_clip": 6656.0,
    "weight_bytes": 4e7,
    "order_seconds_per_clip": 1e-7,
    "draw_seconds_per_point": 3e-9,
    "components_seconds_per_clip": 1e-3,
    "index_seconds_per_clip": 4e-6,
    "save_bytes_per_second": 1e9,
}


def test_a_projection_by_hand():
    assume = Assumptions(points_per_clip=1000, gpu_operations_per_second=1e12)
    found = projection(MEASURED, 1_000_000, 8, assume)
    assert found["arithmetic_seconds"] == pytest.approx(1e9 * 4e5 / 8e12)
    assert found["steps"] == pytest.approx(1e9 / (8 * 1024 * 256))
    assert found["sent_bytes_per_step"] == pytest.approx(2 * 7 / 8 * 4e7)
    assert found["table_bytes_per_gpu"] == pytest.approx(26_632 * 125_000)
    assert found["run_seconds"] == pytest.approx(
        found["arithmetic_seconds"]
        + found["steps"] * (found["reduce_seconds_per_step"] + found["draw_seconds_per_step"])
    )
    assert found["draw_seconds_per_step"] == pytest.approx(3e-9 * 8 * 1024 * 256)
    assert found["save_seconds"] == pytest.approx(26.632)


def test_more_gpus_take_less_time_and_less_memory_each():
    table = projections(MEASURED, Assumptions())
    assert [(row["clips"], row["gpus"]) for row in table] == [
        (clips, gpus) for clips in NUM_CLIPS for gpus in NUM_GPUS
    ]
    for few, many in (table[:2], table[1:3]):
        for name in ("arithmetic_seconds", "table_bytes_per_gpu", "steps"):
            assert few[name] == pytest.approx(8 * many[name])
        assert few["state_bytes"] == many["state_bytes"]


def test_steps_and_parts_are_measured(tmp_path):
    options = ScaleOptions(
        num_clips=(3, 4),
        points_per_clip=(2,),
        latent_widths=(4,),
        steps=8,
        rounds=1,
        processes=False,
    )
    found = measure(options, tmp_path)
    assert found["seconds_of_step"].keys() == {"3 clips", "4 clips", "2 points", "4 numbers"}
    assert all(step["processor_seconds"] > 0 for step in found["seconds_of_step"].values())
    assert found["parts"]["table_bytes_per_clip"] == 13 * 128 * 4 * 4 + 8
    assert not (tmp_path / "space" / "training.safetensors").exists()


def test_a_store_of_noise_is_made_once(tmp_path):
    for _ in range(2):
        store = noise_store(tmp_path / "noise", 5)
        assert len(store) == 5
    assert store.frames([0]).std() > 50
