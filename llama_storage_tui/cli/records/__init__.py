"""Records of every family: which there are, and one of them."""
