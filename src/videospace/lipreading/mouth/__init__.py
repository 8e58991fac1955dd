"""From a film of a face to the crops of its mouth, and how good they are."""
