"""What servers stored of their conversations with models: found, read, traced, judged."""
