"""What clips show: frame features, and principal components of whole clips."""
