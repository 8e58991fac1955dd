"""From a recording of a face to the crops of its mouth, and the quality of the recording."""
