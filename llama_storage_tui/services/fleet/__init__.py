"""Several run configs at once: what they share, where they contradict each other, and what drifted apart."""
