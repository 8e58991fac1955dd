"""Files to frames: videos, folders of frames, sizes and crops."""
