"""Where the operator can go, by which key and by which name."""
