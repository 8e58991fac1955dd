#!/bin/sh
# Time to quality on a GPU machine without network, in one call of under 10 minutes:
#
#   VIDEOSPACE_DATA=data benchmarks/gpu.sh                 both sets, 3 minutes of training each
#   SECONDS_EACH=450 benchmarks/gpu.sh moving-mnist        one set for longer
#
# VIDEOSPACE_DATA holds mnist/train-images-idx3-ubyte.gz and mnist/t10k-images-idx3-ubyte.gz, from
# which the clips are drawn, and grid_s1/*.mp4, of which there may be fewer than all 1000; the last
# tenth of those there are is held out. A set whose data is missing is left out, and said so.
# Results, plots and the log lie in OUT (default: gpu-results); clips, in WORK, are used again.
set -eu
cd "$(dirname "$0")/.."
: "${VIDEOSPACE_DATA:?set it to the folder of the recordings}"
export VIDEOSPACE_DATA PYTHONPATH="src:.${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
python=${PYTHON:-python3}
seconds=${SECONDS_EACH:-180}
out=${OUT:-gpu-results}
work=${WORK:-${TMPDIR:-/tmp}/videospace-gpu}
presets=${PRESETS:-fast}
most=${MAX_SECONDS:-570}
sets=${*:-moving-mnist grid-faces}
started=$(date +%s)
mkdir -p "$out" "$work"

measure() { # NAME TARGETS OPTIONS...: what is left of the time limits the measurement
    name=$1 targets=$2
    shift 2
    left=$((most - $(date +%s) + started))
    if [ "$left" -lt "$seconds" ]; then # no time for the training; and "timeout 0" waits for ever
        echo "$name: left out, $left s are left of $most"
        failed=1
        return 0
    fi
    echo "== $name: $seconds s of training, $left s left"
    # shellcheck disable=SC2086  (presets and targets are lists)
    timeout "$left" "$python" -m benchmarks.time_to_quality "$@" --presets $presets \
        --targets $targets --budget-seconds "$seconds" --work "$work" \
        --out "$out/time_to_quality_$name.json" >"$out/$name.txt" || {
        echo "$name: not measured (status $?)"
        failed=1
        return 0
    }
    sed '$d' "$out/$name.txt" # the figures; the JSON that follows them is in its file
}

failed=0
for set in $sets; do
    case $set in
    moving-mnist)
        if [ -e "$VIDEOSPACE_DATA/mnist/train-images-idx3-ubyte.gz" ]; then
            measure moving-mnist-10000 "20 25 29.54 33" --dataset moving-mnist --num-sources 10000
        else
            echo "moving-mnist: left out, there are no digits in $VIDEOSPACE_DATA/mnist"
        fi
        ;;
    grid-faces)
        if [ -d "$VIDEOSPACE_DATA/grid_s1" ]; then
            "$python" -m videospace prepare "$VIDEOSPACE_DATA/grid_s1" --out "$work/clips/faces-100px" \
                --size 100 --crop 70,70,200,200 --holdout 0.1
            measure grid-faces-100px "25 30 33 36" --store faces-100px
        else
            echo "grid-faces: left out, there are no recordings in $VIDEOSPACE_DATA/grid_s1"
        fi
        ;;
    *)
        echo "expected moving-mnist or grid-faces, got $set" >&2
        exit 2
        ;;
    esac
done
exit "$failed"
